#include "operators/targets/protocol/raw_json.h"

#include "base/json/value.h"

namespace offtake::targets::protocol {
namespace {

base::Error bad_response() {
  return base::transient("BadResponse", "the server's answer is not the JSON that was expected");
}

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool take(char c) {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // With its quotes; empty: there is none.
  std::string_view string() {
    const std::size_t begin = at_;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        return text_.substr(begin, ++at_ - begin);
      }
    }
    return {};
  }

  std::string_view value() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    if (at_ >= text_.size()) return {};
    if (text_[at_] == '"') return string();
    if (text_[at_] == '{' || text_[at_] == '[') return nested();
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ']' &&
           !is_space(text_[at_])) {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

 private:
  std::string_view nested() {
    const std::size_t begin = at_;
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        if (string().empty()) return {};
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++at_;
      if (depth == 0) return text_.substr(begin, at_ - begin);
    }
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

base::Status each_member(
    std::string_view object,
    const std::function<base::Status(std::string_view name, std::string_view value)>& take) {
  Scanner scanner(object);
  if (!scanner.take('{')) return bad_response();
  if (scanner.take('}')) return {};
  do {
    const std::string_view name = scanner.value();
    if (name.size() < 2 || !scanner.take(':')) return bad_response();
    const std::string_view value = scanner.value();
    if (value.empty()) return bad_response();
    if (auto taken = take(name.substr(1, name.size() - 2), value); !taken) return taken;
  } while (scanner.take(','));
  return scanner.take('}') ? base::Status() : bad_response();
}

base::Status each_element(std::string_view array,
                          const std::function<base::Status(std::string_view value)>& take) {
  Scanner scanner(array);
  if (!scanner.take('[')) return bad_response();
  if (scanner.take(']')) return {};
  do {
    const std::string_view value = scanner.value();
    if (value.empty()) return bad_response();
    if (auto taken = take(value); !taken) return taken;
  } while (scanner.take(','));
  return scanner.take(']') ? base::Status() : bad_response();
}

std::optional<std::string_view> member(std::string_view object, std::string_view name) {
  std::optional<std::string_view> out;
  const auto walked =
      each_member(object, [&](std::string_view found, std::string_view value) -> base::Status {
        if (!out && found == name) out = value;
        return {};
      });
  return walked ? out : std::nullopt;
}

base::Result<std::string> read_string(std::string_view slice) {
  if (slice.size() < 2 || slice.front() != '"') return bad_response();
  if (slice.find('\\') == std::string_view::npos) return std::string(slice.substr(1, slice.size() - 2));
  auto parsed = json::parse(slice);
  if (!parsed) return std::move(parsed).error();
  return parsed->as_string();
}

std::string string_member(std::string_view object, std::string_view name) {
  const auto slice = member(object, name);
  if (!slice) return "";
  auto text = read_string(*slice);
  return text ? *std::move(text) : "";
}

}  // namespace offtake::targets::protocol
