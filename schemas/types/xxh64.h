// XXH64, a published 64-bit hash, written from its description: rounds of multiply-rotate over 8-byte lanes,
// then an avalanche. Little endian. Its values are stored (hash.cc), so it never changes.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace offtake::types::xxh64 {

static_assert(std::endian::native == std::endian::little);

constexpr std::uint64_t kPrime1 = 0x9E3779B185EBCA87;
constexpr std::uint64_t kPrime2 = 0xC2B2AE3D27D4EB4F;
constexpr std::uint64_t kPrime3 = 0x165667B19E3779F9;
constexpr std::uint64_t kPrime4 = 0x85EBCA77C2B2AE63;
constexpr std::uint64_t kPrime5 = 0x27D4EB2F165667C5;

constexpr std::uint64_t round(std::uint64_t accumulator, std::uint64_t lane) {
  return std::rotl(accumulator + lane * kPrime2, 31) * kPrime1;
}
constexpr std::uint64_t merge(std::uint64_t hash, std::uint64_t accumulator) {
  return (hash ^ round(0, accumulator)) * kPrime1 + kPrime4;
}
constexpr std::uint64_t avalanche(std::uint64_t hash) {
  hash = (hash ^ hash >> 33) * kPrime2;
  hash = (hash ^ hash >> 29) * kPrime3;
  return hash ^ hash >> 32;
}
constexpr std::uint64_t step(std::uint64_t hash, std::uint64_t lane) {
  return std::rotl(hash ^ round(0, lane), 27) * kPrime1 + kPrime4;
}

// Of no bytes, of the 8 and of the 16 bytes of words: the same as hash() over them.
constexpr std::uint64_t nothing(std::uint64_t seed) {
  return avalanche(seed + kPrime5);
}
constexpr std::uint64_t word(std::uint64_t value, std::uint64_t seed) {
  return avalanche(step(seed + kPrime5 + 8, value));
}
constexpr std::uint64_t words(std::uint64_t first, std::uint64_t second, std::uint64_t seed) {
  return avalanche(step(step(seed + kPrime5 + 16, first), second));
}

template <class T>
T read(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline std::uint64_t hash(std::string_view bytes, std::uint64_t seed) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  std::uint64_t hash;
  if (bytes.size() >= 32) {
    std::uint64_t a = seed + kPrime1 + kPrime2;
    std::uint64_t b = seed + kPrime2;
    std::uint64_t c = seed;
    std::uint64_t d = seed - kPrime1;
    do {
      a = round(a, read<std::uint64_t>(at));
      b = round(b, read<std::uint64_t>(at + 8));
      c = round(c, read<std::uint64_t>(at + 16));
      d = round(d, read<std::uint64_t>(at + 24));
      at += 32;
    } while (end - at >= 32);
    hash = std::rotl(a, 1) + std::rotl(b, 7) + std::rotl(c, 12) + std::rotl(d, 18);
    hash = merge(merge(merge(merge(hash, a), b), c), d);
  } else {
    hash = seed + kPrime5;
  }
  hash += bytes.size();
  for (; end - at >= 8; at += 8) hash = step(hash, read<std::uint64_t>(at));
  if (end - at >= 4) {
    hash = std::rotl(hash ^ read<std::uint32_t>(at) * kPrime1, 23) * kPrime2 + kPrime3;
    at += 4;
  }
  for (; at != end; ++at) hash = std::rotl(hash ^ static_cast<std::uint8_t>(*at) * kPrime5, 11) * kPrime1;
  return avalanche(hash);
}

}  // namespace offtake::types::xxh64
