// A block: consecutive records of one partition as one value of the log. Layout, integers little endian:
//
//   u32 crc32c of all that follows | u8 format (1) | u8 compression (0 none, 1 LZ4) | u16 0 |
//   u32 count | u32 payload bytes uncompressed | i64 first timestamp | i64 greatest timestamp | payload
//   payload, a record: zigzag varint (timestamp - first), varint (key bytes + 1; 0 = no key),
//   varint (value bytes + 1; 0 = no value), key, value
//
// The base offset is in the log's key, so that blocks are built before their place is known. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "operators/sources/event_store.h"

namespace offtake::sources::embedded {

inline constexpr std::size_t kBlockPayloadBytes = 64 << 10;

struct EncodedBlock {
  std::string bytes;
  std::uint32_t count = 0;
  std::int64_t max_timestamp_ms = 0;
};

// Fills blocks one after another; a record larger than a block has one of its own.
class BlockBuilder {
 public:
  void add(std::int64_t timestamp_ms, std::optional<std::string_view> key,
           std::optional<std::string_view> value);
  std::vector<EncodedBlock> finish();

 private:
  void close();
  std::vector<EncodedBlock> done_;
  std::string payload_;
  std::uint32_t count_ = 0;
  std::int64_t first_timestamp_ms_ = 0, max_timestamp_ms_ = 0;
};

struct BlockHeader {
  std::uint32_t count = 0;
  std::uint32_t payload_bytes = 0;
  std::int64_t first_timestamp_ms = 0, max_timestamp_ms = 0;
  bool compressed = false;
};

// Reads the header without checking the rest. Code BlockDamaged; the caller adds where the block lies.
base::Result<BlockHeader> parse_header(std::string_view block);

// Checks the block and appends its records to `records`, from the one with offset `from` up to but without
// `until`; the records' views point into `block`, or into `payload` where it was compressed.
// Code BlockDamaged.
base::Status decode_block(std::string_view block, Offset base, Offset from, Offset until,
                          std::string& payload, std::vector<Record>& records);

}  // namespace offtake::sources::embedded
