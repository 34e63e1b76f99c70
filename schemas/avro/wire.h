// Reading Avro's binary form without trusting it. Internal to this folder.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace offtake::avro {

// What can be wrong with a record's bytes.
enum class Fault : std::uint8_t {
  kNone,
  kTruncated,
  kVarint,
  kNegativeLength,
  kBoolean,
  kUtf8,
  kNul,
  kBranch,
  kSymbol,
  kRange,
  kUuid,
  kDepth,
  kCount,
  kBranchNotRead,
};

struct Cursor {
  const std::uint8_t* at = nullptr;
  const std::uint8_t* end = nullptr;

  explicit Cursor(std::string_view bytes)
      : at(reinterpret_cast<const std::uint8_t*>(bytes.data())), end(at + bytes.size()) {}
  std::size_t left() const { return static_cast<std::size_t>(end - at); }
};

inline std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

// A varint that is longer than a byte, or near the end.
inline Fault read_long_slowly(Cursor& cursor, std::int64_t& value) {
  std::uint64_t bits = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (cursor.at == cursor.end) return Fault::kTruncated;
    const std::uint64_t byte = *cursor.at++;
    if (shift == 63 && byte > 1) return Fault::kVarint;  // more than 64 bits
    bits |= (byte & 0x7F) << shift;
    if (byte < 0x80) {
      value = unzigzag(bits);
      return Fault::kNone;
    }
  }
  return Fault::kVarint;
}

inline Fault read_long(Cursor& cursor, std::int64_t& value) {
  if (cursor.at < cursor.end && *cursor.at < 0x80) [[likely]] {
    value = unzigzag(*cursor.at++);
    return Fault::kNone;
  }
  if (cursor.left() >= 8) {
    // Up to 8 bytes at once: find the last one, then close the gaps that the continuation bits leave.
    std::uint64_t word;
    std::memcpy(&word, cursor.at, sizeof word);
    const std::uint64_t ends = ~word & 0x8080808080808080U;
    if (ends != 0) {
      const int bits_used = std::countr_zero(ends) + 1;
      word &= ~std::uint64_t{0} >> (64 - bits_used);
      word = (word & 0x007F007F007F007FU) | (word & 0x7F007F007F007F00U) >> 1;
      word = (word & 0x00003FFF00003FFFU) | (word & 0x3FFF00003FFF0000U) >> 2;
      word = (word & 0x000000000FFFFFFFU) | (word & 0x0FFFFFFF00000000U) >> 4;
      cursor.at += bits_used / 8;
      value = unzigzag(word);
      return Fault::kNone;
    }
  }
  return read_long_slowly(cursor, value);
}

inline Fault skip_long(Cursor& cursor) {
  if (cursor.at < cursor.end && *cursor.at < 0x80) [[likely]] {
    ++cursor.at;
    return Fault::kNone;
  }
  if (cursor.left() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, cursor.at, sizeof word);
    const std::uint64_t ends = ~word & 0x8080808080808080U;
    if (ends != 0) {
      cursor.at += (std::countr_zero(ends) + 1) / 8;
      return Fault::kNone;
    }
  }
  for (int i = 0; i < 10; ++i) {
    if (cursor.at == cursor.end) return Fault::kTruncated;
    if (*cursor.at++ < 0x80) return Fault::kNone;
  }
  return Fault::kVarint;
}

inline Fault skip_bytes(Cursor& cursor, std::uint64_t count) {
  if (cursor.left() < count) return Fault::kTruncated;
  cursor.at += count;
  return Fault::kNone;
}

// The length in front of bytes, strings and map keys, checked against what is left.
inline Fault read_sized(Cursor& cursor, std::string_view& value) {
  std::int64_t length = 0;
  if (const Fault fault = read_long(cursor, length); fault != Fault::kNone) return fault;
  if (length < 0) return Fault::kNegativeLength;
  if (cursor.left() < static_cast<std::uint64_t>(length)) return Fault::kTruncated;
  value = {reinterpret_cast<const char*>(cursor.at), static_cast<std::size_t>(length)};
  cursor.at += length;
  return Fault::kNone;
}

bool is_utf8_slowly(std::string_view text);

inline bool is_utf8(std::string_view text) {
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t high = 0;
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    high |= word;
  }
  for (; left > 0; ++at, --left) high |= static_cast<std::uint64_t>(static_cast<unsigned char>(*at));
  return (high & 0x8080808080808080U) == 0 || is_utf8_slowly(text);
}

}  // namespace offtake::avro
