// The reverse of binary_writer: COPY … TO STDOUT (FORMAT BINARY) into columns, for the proof.
#pragma once
#include <cstring>
#include <string_view>
#include <vector>

#include "operators/targets/target.h"

namespace offtake::targets::postgres {

// Big-endian bytes from the front. Reading beyond the end gives zeros and makes good() false.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}
  std::uint16_t take16() { return __builtin_bswap16(take<std::uint16_t>()); }
  std::uint32_t take32() { return __builtin_bswap32(take<std::uint32_t>()); }
  std::uint64_t take64() { return __builtin_bswap64(take<std::uint64_t>()); }
  std::string_view take_bytes(std::size_t count) {
    if (count > bytes_.size()) {
      good_ = false;
      count = bytes_.size();
    }
    const auto out = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return out;
  }
  bool good() const { return good_; }
  bool done() const { return bytes_.empty(); }

 private:
  template <class T>
  T take() {
    T value{};
    const auto bytes = take_bytes(sizeof value);
    if (bytes.size() == sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  std::string_view bytes_;
  bool good_ = true;
};

// Reads length and bytes of one value and appends it to `builder`.
base::Status read_field(ByteReader& in, types::ColumnBuilder& builder);

// Takes the messages of one COPY, counts and hashes their rows.
class CopyHasher {
 public:
  explicit CopyHasher(const std::vector<types::Field>& columns);
  base::Status take(std::string_view message);
  types::Checksum finish();

 private:
  void count_in();
  std::vector<types::ColumnBuilder> builders_;
  std::size_t rows_ = 0;
  bool header_seen_ = false;
  types::Checksum total_;
};

}  // namespace offtake::targets::postgres
