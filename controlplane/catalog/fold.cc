#include "controlplane/catalog/fold.h"

#include <algorithm>

namespace offtake::catalog {
namespace {

constexpr std::size_t kMostWords = 12, kLongestWord = 64;

constexpr unsigned char kLatin = 0xC3;  // U+00C0 to U+00FF; capitals are 32 below their small letters

}  // namespace

std::string fold(std::string_view text) {
  std::string out(text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto byte = static_cast<unsigned char>(out[i]);
    if (byte >= 'A' && byte <= 'Z') {
      out[i] = static_cast<char>(byte + 32);
    } else if (byte == kLatin && i + 1 < out.size()) {
      const auto next = static_cast<unsigned char>(out[i + 1]);
      if (next >= 0x80 && next <= 0x9E && next != 0x97) out[i + 1] = static_cast<char>(next + 32);
      ++i;
    }
  }
  return out;
}

bool is_word_byte(char byte) {
  const auto code = static_cast<unsigned char>(byte);
  return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || (code >= '0' && code <= '9') ||
         code >= 0x80;
}

std::vector<std::string> words_of(std::string_view query) {
  std::vector<std::string> out;
  const std::string folded = fold(query);
  const auto is_space = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == ',' || c == '"'; };
  for (std::size_t at = 0; at < folded.size() && out.size() < kMostWords;) {
    if (is_space(folded[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < folded.size() && !is_space(folded[end])) ++end;
    std::string word = folded.substr(at, std::min(end - at, kLongestWord));
    if (std::find(out.begin(), out.end(), word) == out.end()) out.push_back(std::move(word));
    at = end;
  }
  return out;
}

std::string_view stem(std::string_view word) {
  if (word.size() < 4 || !word.ends_with('s') || word.ends_with("ss")) return word;
  return word.substr(0, word.size() - 1);
}

int utf16_length(std::string_view text) {
  int out = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) == 0x80) continue;
    out += byte >= 0xF0 ? 2 : 1;
  }
  return out;
}

}  // namespace offtake::catalog
