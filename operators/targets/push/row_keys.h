// What tells rows apart for whoever is sent them: a digest of the key that never changes, and its text. Pure.
#pragma once
#include <string>
#include <string_view>

#include "operators/targets/target.h"

namespace offtake::targets::push {

// The first 16 bytes of SHA-256 over the key in canonical form; never all zero.
struct KeyDigest {
  std::uint64_t high = 0, low = 0;
  friend bool operator==(const KeyDigest&, const KeyDigest&) = default;
};
inline constexpr std::size_t kDigestBytes = 16;
void append_bytes(const KeyDigest& digest, std::string& out);
KeyDigest digest_from(std::string_view bytes);  // REQUIRES: kDigestBytes of them
std::string hex_of(const KeyDigest& digest);    // 32 digits

// Where the columns of the key are in changes of one table.
class RowKeys {
 public:
  explicit RowKeys(const plan::Identity& identity) : identity_(identity) {}

  KeyDigest of_upsert(const engine::Changes& changes, std::size_t row) const;
  KeyDigest of_delete(const engine::Changes& changes, std::size_t row) const;
  // The values with a bar between them, as PostgreSQL prints them.
  std::string text_of_upsert(const engine::Changes& changes, std::size_t row) const;
  std::string text_of_delete(const engine::Changes& changes, std::size_t row) const;

 private:
  const plan::Identity identity_;
};

}  // namespace offtake::targets::push
