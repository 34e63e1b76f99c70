// Digests, authenticated encryption and text encodings of bytes. Strings hold bytes. Thread-safe.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace offtake::crypto {

std::string sha256(std::string_view bytes);                             // 32 bytes
std::string sha256_hex(std::string_view bytes);                         // 64 lower-case digits
std::string hmac_sha256(std::string_view key, std::string_view bytes);  // 32 bytes

// Digest of something that comes in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(std::string_view bytes);
  std::string finish();  // 32 bytes; REQUIRES: called once, last

 private:
  void* context_;
};

std::string random_bytes(std::size_t count);

// AES-256-GCM. `key` has 32 bytes (code BadKey). The sealed text is nonce (12 bytes, random), ciphertext and
// tag (16). `context` is authenticated and not stored: the name of what is sealed, so that a sealed value
// cannot be moved to another place. open fails with code NotAuthentic on any change of any of them.
base::Result<std::string> seal(std::string_view key, std::string_view plain, std::string_view context = {});
base::Result<std::string> open(std::string_view key, std::string_view sealed, std::string_view context = {});

// RFC 4648 with padding; decode refuses anything else (code BadBase64). The URL-safe form has no padding
// and is read with or without.
std::string base64(std::string_view bytes);
base::Result<std::string> base64_decode(std::string_view text);
std::string base64_url(std::string_view bytes);
base::Result<std::string> base64_url_decode(std::string_view text);
std::string hex(std::string_view bytes);
base::Result<std::string> hex_decode(std::string_view text);  // code BadHex

// Castagnoli's CRC, as Kafka and RocksDB count it; `seed` is the crc of what came before. Uses the
// processor's instruction where there is one.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);
namespace detail {
// The way without the instruction, for tests that must see both agree.
std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t seed = 0);
}  // namespace detail

// Time depends on the lengths only: for tokens and digests.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace offtake::crypto
