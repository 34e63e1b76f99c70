#include "operators/targets/push/row_keys.h"

#include "base/crypto/crypto.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::push {
namespace {

std::uint64_t word_from(std::string_view bytes) {
  std::uint64_t out = 0;
  for (const char byte : bytes) out = out << 8 | static_cast<unsigned char>(byte);
  return out;
}

void append_word(std::uint64_t word, std::string& out) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(word >> shift & 0xff);
}

template <class Each>
void for_each_upsert_column(const plan::Identity& identity, const engine::Changes& changes,
                            const Each& each) {
  if (!protocol::has_key(identity)) {
    for (const auto& column : changes.upsert_identity) each(*column);
    return;
  }
  for (const int column : identity.key) each(*changes.upserts.columns[static_cast<std::size_t>(column)]);
}

KeyDigest digest_of(std::string_view canonical) {
  KeyDigest out = digest_from(std::string_view(crypto::sha256(canonical)).substr(0, kDigestBytes));
  if (out == KeyDigest{}) out.low = 1;
  return out;
}

void append_text(const types::Column& column, std::size_t row, std::string& out) {
  if (!out.empty()) out += '|';
  out += types::value_text(column, row);
}

}  // namespace

void append_bytes(const KeyDigest& digest, std::string& out) {
  append_word(digest.high, out);
  append_word(digest.low, out);
}

KeyDigest digest_from(std::string_view bytes) {
  return {word_from(bytes.substr(0, 8)), word_from(bytes.substr(8, 8))};
}

std::string hex_of(const KeyDigest& digest) {
  return fmt::format("{:016x}{:016x}", digest.high, digest.low);
}

KeyDigest RowKeys::of_upsert(const engine::Changes& changes, std::size_t row) const {
  std::string canonical;
  for_each_upsert_column(identity_, changes,
                         [&](const auto& column) { types::append_canonical(column, row, canonical); });
  return digest_of(canonical);
}

KeyDigest RowKeys::of_delete(const engine::Changes& changes, std::size_t row) const {
  std::string canonical;
  for (const auto& column : changes.deletes.columns) types::append_canonical(*column, row, canonical);
  return digest_of(canonical);
}

std::string RowKeys::text_of_upsert(const engine::Changes& changes, std::size_t row) const {
  std::string out;
  for_each_upsert_column(identity_, changes, [&](const auto& column) { append_text(column, row, out); });
  return out;
}

std::string RowKeys::text_of_delete(const engine::Changes& changes, std::size_t row) const {
  std::string out;
  for (const auto& column : changes.deletes.columns) append_text(*column, row, out);
  return out;
}

}  // namespace offtake::targets::push
