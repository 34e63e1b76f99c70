#include "operators/sources/embedded/block.h"

#include <lz4.h>

#include <algorithm>
#include <cstring>

#include "base/crypto/crypto.h"

namespace offtake::sources::embedded {
namespace {

constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kCrcFrom = 4;  // everything after the checksum itself
constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kNone = 0, kLz4 = 1;
constexpr std::size_t kWorthCompressing = 256;

template <class T>
void put(char* place, T value) {
  std::memcpy(place, &value, sizeof value);
}
template <class T>
T get(const char* place) {
  T value;
  std::memcpy(&value, place, sizeof value);
  return value;
}

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

bool get_varint(std::string_view& in, std::uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (in.empty()) return false;
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

std::uint64_t zigzag(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

void put_bytes_size(std::string& out, const std::optional<std::string_view>& bytes) {
  put_varint(out, bytes ? bytes->size() + 1 : 0);
}

base::Error damaged(std::string what) {
  return base::terminal("BlockDamaged", std::move(what));
}

// Reads a size as written by put_bytes_size; false when it does not fit into what is left.
bool get_sized(std::string_view& in, std::uint64_t size_plus_one, std::optional<std::string_view>& out) {
  if (size_plus_one == 0) {
    out.reset();
    return true;
  }
  if (size_plus_one - 1 > in.size()) return false;
  out = in.substr(0, size_plus_one - 1);
  in.remove_prefix(size_plus_one - 1);
  return true;
}

}  // namespace

void BlockBuilder::add(std::int64_t timestamp_ms, std::optional<std::string_view> key,
                       std::optional<std::string_view> value) {
  const std::size_t size = (key ? key->size() : 0) + (value ? value->size() : 0) + 16;
  if (count_ > 0 && payload_.size() + size > kBlockPayloadBytes) close();
  if (count_ == 0) {
    first_timestamp_ms_ = max_timestamp_ms_ = timestamp_ms;
    payload_.reserve(std::max(size, kBlockPayloadBytes / 4));
  }
  max_timestamp_ms_ = std::max(max_timestamp_ms_, timestamp_ms);
  put_varint(payload_, zigzag(timestamp_ms - first_timestamp_ms_));
  put_bytes_size(payload_, key);
  put_bytes_size(payload_, value);
  if (key) payload_.append(*key);
  if (value) payload_.append(*value);
  ++count_;
}

void BlockBuilder::close() {
  EncodedBlock block;
  block.count = count_;
  block.max_timestamp_ms = max_timestamp_ms_;
  std::uint8_t compression = kNone;
  if (payload_.size() >= kWorthCompressing) {
    const int bound = LZ4_compressBound(static_cast<int>(payload_.size()));
    block.bytes.resize(kHeaderBytes + static_cast<std::size_t>(bound));
    const int size = LZ4_compress_default(payload_.data(), block.bytes.data() + kHeaderBytes,
                                          static_cast<int>(payload_.size()), bound);
    if (size > 0 && static_cast<std::size_t>(size) < payload_.size() / 8 * 7) {
      compression = kLz4;
      block.bytes.resize(kHeaderBytes + static_cast<std::size_t>(size));
    }
  }
  if (compression == kNone) {
    block.bytes.assign(kHeaderBytes, '\0');
    block.bytes.append(payload_);
  }
  char* header = block.bytes.data();
  header[4] = static_cast<char>(kFormat);
  header[5] = static_cast<char>(compression);
  header[6] = header[7] = 0;
  put(header + 8, count_);
  put(header + 12, static_cast<std::uint32_t>(payload_.size()));
  put(header + 16, first_timestamp_ms_);
  put(header + 24, max_timestamp_ms_);
  put(header, crypto::crc32c(std::string_view(block.bytes).substr(kCrcFrom)));
  block.bytes.shrink_to_fit();
  done_.push_back(std::move(block));
  payload_.clear();
  count_ = 0;
}

std::vector<EncodedBlock> BlockBuilder::finish() {
  if (count_ > 0) close();
  return std::exchange(done_, {});
}

base::Result<BlockHeader> parse_header(std::string_view block) {
  if (block.size() < kHeaderBytes) return damaged("it is shorter than a block's header");
  const auto format = static_cast<std::uint8_t>(block[4]), compression = static_cast<std::uint8_t>(block[5]);
  if (format != kFormat || compression > kLz4) {
    return damaged(fmt::format("its format is {} with compression {}, which this version does not know",
                               format, compression));
  }
  BlockHeader header;
  header.compressed = compression == kLz4;
  header.count = get<std::uint32_t>(block.data() + 8);
  header.payload_bytes = get<std::uint32_t>(block.data() + 12);
  header.first_timestamp_ms = get<std::int64_t>(block.data() + 16);
  header.max_timestamp_ms = get<std::int64_t>(block.data() + 24);
  return header;
}

base::Status decode_block(std::string_view block, Offset base, Offset from, Offset until,
                          std::string& payload, std::vector<Record>& records) {
  auto header = parse_header(block);
  if (!header) return header.error();
  if (crypto::crc32c(block.substr(kCrcFrom)) != get<std::uint32_t>(block.data())) {
    return damaged("its checksum does not match");
  }
  std::string_view in = block.substr(kHeaderBytes);
  if (header->compressed) {
    payload.resize(header->payload_bytes);
    const int size = LZ4_decompress_safe(in.data(), payload.data(), static_cast<int>(in.size()),
                                         static_cast<int>(payload.size()));
    if (size < 0 || static_cast<std::size_t>(size) != payload.size())
      return damaged("it does not decompress");
    in = payload;
  } else if (in.size() != header->payload_bytes) {
    return damaged("its size does not match");
  }
  for (std::uint32_t i = 0; i < header->count; ++i) {
    std::uint64_t delta = 0, key_size = 0, value_size = 0;
    Record record;
    if (!get_varint(in, delta) || !get_varint(in, key_size) || !get_varint(in, value_size) ||
        !get_sized(in, key_size, record.key) || !get_sized(in, value_size, record.value)) {
      return damaged(fmt::format("its record {} is cut off", i));
    }
    record.offset = base + i;
    if (record.offset >= until) return {};
    if (record.offset < from) continue;
    record.timestamp_ms = header->first_timestamp_ms + unzigzag(delta);
    records.push_back(record);
  }
  return {};
}

}  // namespace offtake::sources::embedded
