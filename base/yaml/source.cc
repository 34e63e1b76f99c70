#include "base/yaml/source.h"

namespace offtake::yaml {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int count_characters(std::string_view text) {
  return static_cast<int>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

Source::Source(std::string_view text) : text_(text), line_starts_{0} {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') line_starts_.push_back(i + 1);
  }
}

Position Source::position(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const std::size_t start = *(next - 1);
  return {static_cast<int>(next - line_starts_.begin()),
          count_characters(text_.substr(start, offset - start)) + 1};
}

std::string_view Source::line(std::size_t index) const {
  if (index >= line_starts_.size()) return {};
  const std::size_t start = line_starts_[index];
  const std::size_t end = index + 1 < line_starts_.size() ? line_starts_[index + 1] - 1 : text_.size();
  std::string_view out = text_.substr(start, end - start);
  if (out.ends_with('\r')) out.remove_suffix(1);
  return out;
}

// The parser's mark is that of the anchor or the tag where there is one.
std::size_t Source::skip_properties(std::size_t offset) const {
  while (offset < text_.size()) {
    const char c = text_[offset];
    if (is_space(c)) {
      ++offset;
    } else if (c == '&' || c == '!') {
      while (offset < text_.size() && !is_space(text_[offset])) ++offset;
    } else {
      break;
    }
  }
  return offset;
}

Node Source::plain_null(std::size_t offset) const {
  Node node;
  node.position = position(offset);
  const std::size_t start = skip_properties(offset);
  for (const std::string_view word : {"null", "Null", "NULL", "~"}) {
    if (!text_.substr(start).starts_with(word)) continue;
    // A key that follows an empty value is no text of this one: "a:\nnullable: 1".
    const std::size_t end = start + word.size();
    if (end < text_.size() && !is_space(text_[end]) &&
        std::string_view(",]}:").find(text_[end]) == std::string_view::npos) {
      continue;
    }
    node.text = word;
    node.text_position = position(start);
    node.text_exact = true;
    break;
  }
  return node;
}

Node Source::scalar(std::size_t offset, const std::string& value) const {
  Node node;
  node.text = value;
  node.position = position(offset);
  node.text_position = node.position;
  const std::size_t start = skip_properties(offset);
  if (start >= text_.size()) return node;
  const char first = text_[start];
  if (first == '|' || first == '>') {
    node.style = first == '|' ? Style::kLiteral : Style::kFolded;
    if (node.style == Style::kLiteral) locate_block_text(start, node);
    return node;
  }
  const bool quoted = first == '"' || first == '\'';
  node.style = quoted ? Style::kQuoted : Style::kPlain;
  const std::size_t text_start = start + (quoted ? 1 : 0);
  // The text stands there as it is unless it has escapes or is folded over lines.
  if (value.find('\n') == std::string::npos && text_.substr(text_start).starts_with(value)) {
    const std::size_t end = text_start + value.size();
    node.text_exact = !quoted || (end < text_.size() && text_[end] == first);
    if (node.text_exact) node.text_position = position(text_start);
  }
  return node;
}

void Source::locate_block_text(std::size_t header, Node& node) const {
  // Line n of the text is the n-th line after the header. The indentation is what a line of the file has
  // more than the same line of the text.
  const auto header_line = static_cast<std::size_t>(position(header).line);  // index of the line after it
  std::size_t index = 0;
  for (std::size_t start = 0; start <= node.text.size(); ++index) {
    const std::size_t end = std::min(node.text.find('\n', start), node.text.size());
    const std::string_view in_text = std::string_view(node.text).substr(start, end - start);
    const std::string_view in_file = line(header_line + index);
    if (!in_text.empty()) {
      if (!in_file.ends_with(in_text)) return;
      node.text_position = {static_cast<int>(header_line) + 1,
                            static_cast<int>(in_file.size() - in_text.size()) + 1};
      node.text_exact = true;
      return;
    }
    start = end + 1;
  }
}

}  // namespace offtake::yaml
