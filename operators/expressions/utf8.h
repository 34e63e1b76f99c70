// Characters in UTF-8 text that is known to be valid (decoders and PostgreSQL both check it).
#pragma once
#include <algorithm>
#include <cstddef>
#include <string_view>

namespace offtake::expressions {

inline std::size_t character_bytes(char first) {
  const auto byte = static_cast<unsigned char>(first);
  if (byte < 0x80) return 1;
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
}

inline bool starts_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
}

inline std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (char byte : text) count += starts_character(byte);
  return count;
}

// Takes the first character off `text`.
inline std::string_view take_character(std::string_view& text) {
  const std::size_t bytes = std::min(character_bytes(text.front()), text.size());
  const std::string_view character = text.substr(0, bytes);
  text.remove_prefix(bytes);
  return character;
}

}  // namespace offtake::expressions
