#include "controlplane/catalog/text_match.h"

#include <algorithm>

#include "controlplane/catalog/fold.h"

namespace offtake::catalog {
namespace {

constexpr std::size_t kLongest = 160, kBefore = 50;
constexpr int kMostLooks = 256;  // at places of one word in one text
constexpr std::size_t kShortWord = 2;

bool begins_word(std::string_view text, std::size_t at) {
  return at == 0 || !is_word_byte(text[at - 1]) || !is_word_byte(text[at]);
}
bool ends_word(std::string_view text, std::size_t at) {
  return at == text.size() || !is_word_byte(text[at]);
}
// Also behind the s of a plural.
bool ends_word_or_plural(std::string_view text, std::size_t at) {
  return ends_word(text, at) || (text[at] == 's' && ends_word(text, at + 1));
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80;
}

}  // namespace

int fit(std::string_view folded, std::string_view word) {
  const std::string_view wanted = stem(word);
  int best = 0, looks = 0;
  for (std::size_t at = folded.find(wanted); at != std::string_view::npos && looks < kMostLooks;
       at = folded.find(wanted, at + 1), ++looks) {
    const std::size_t end = at + wanted.size();
    int found = word.size() > kShortWord ? 1 : 0;
    if (begins_word(folded, at)) found = ends_word_or_plural(folded, end) ? 3 : 2;
    if (found == 3 && at == 0 && (end == folded.size() || end + 1 == folded.size())) return 4;
    best = std::max(best, found);
  }
  return best;
}

std::vector<std::pair<std::size_t, std::size_t>> places(std::string_view folded,
                                                        const std::vector<std::string>& words) {
  std::vector<std::pair<std::size_t, std::size_t>> found;
  for (const std::string& word : words) {
    const std::string_view wanted = stem(word);
    int looks = 0;
    for (std::size_t at = folded.find(wanted); at != std::string_view::npos && looks < kMostLooks;
         at = folded.find(wanted, at + 1), ++looks) {
      if (word.size() <= kShortWord && !begins_word(folded, at)) continue;
      const bool whole = folded.substr(at).starts_with(word);
      found.emplace_back(at, at + (whole ? word.size() : wanted.size()));
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::pair<std::size_t, std::size_t>> out;
  for (const auto& place : found) {
    if (!out.empty() && place.first <= out.back().second) {
      out.back().second = std::max(out.back().second, place.second);
    } else {
      out.push_back(place);
    }
  }
  return out;
}

Snippet snippet(std::string_view text, const std::vector<std::pair<std::size_t, std::size_t>>& places) {
  std::size_t begin = 0, end = text.size();
  if (text.size() > kLongest) {
    const std::size_t first = places.empty() ? 0 : places.front().first;
    begin = first > kBefore ? first - kBefore : 0;
    // At a word's beginning, where one is near.
    if (begin > 0) {
      const std::size_t space = text.find(' ', begin);
      if (space < first) begin = space + 1;
    }
    end = std::min(text.size(), begin + kLongest);
    if (end < text.size()) {
      const std::size_t space = text.rfind(' ', end);
      if (space != std::string_view::npos && space > begin + kLongest / 2) end = space;
    }
    while (begin < text.size() && is_continuation(text[begin])) ++begin;
    while (end < text.size() && is_continuation(text[end])) ++end;
  }
  Snippet out;
  if (begin > 0) out.text = "…";
  const int shift = utf16_length(out.text);
  const std::string_view shown = text.substr(begin, end - begin);
  for (const char c : shown) out.text += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  if (end < text.size()) out.text += "…";
  for (auto [from, to] : places) {
    from = std::max(from, begin);
    to = std::min(to, end);
    if (from >= to) continue;
    out.ranges.emplace_back(shift + utf16_length(text.substr(begin, from - begin)),
                            shift + utf16_length(text.substr(begin, to - begin)));
  }
  return out;
}

}  // namespace offtake::catalog
