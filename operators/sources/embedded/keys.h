// The keys of the log's RocksDB, in byte order of what they name. One letter tells the kinds apart:
//
//   F                                              -> format of the whole log, "1"
//   I                                              -> the next topic id
//   L <topic id> <partition> <base offset>         -> a block (block.h)
//   S <topic id> <partition>                       -> log start and end, where retention moved the start
//   T <topic id> <partition> <greatest timestamp>  -> base offset of the block that first reached it
//   M <topic name>                                 -> the topic (topic.h)
//
// Integers are big endian; timestamps have their sign bit flipped, so that bytes sort as numbers do.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "operators/sources/event_store.h"

namespace offtake::sources::embedded {

inline constexpr std::string_view kFormatKey = "F";
inline constexpr std::string_view kNextTopicIdKey = "I";
inline constexpr char kTopicPrefix = 'M';

std::string block_key(std::uint64_t topic_id, int partition, Offset base);
std::string start_key(std::uint64_t topic_id, int partition);
std::string time_key(std::uint64_t topic_id, int partition, std::int64_t timestamp_ms);
std::string topic_key(std::string_view name);

// The first key that is after all of `topic_id` in the given kind ('L', 'S', 'T'); with partition: of that.
std::string kind_begin(char kind, std::uint64_t topic_id);
std::string kind_end(char kind, std::uint64_t topic_id);
std::string partition_begin(char kind, std::uint64_t topic_id, int partition);
std::string partition_end(char kind, std::uint64_t topic_id, int partition);

// REQUIRES: a block key.
Offset base_offset_of(std::string_view key);

void put_u64(std::string& out, std::uint64_t value);  // big endian
void put_u32(std::string& out, std::uint32_t value);
std::uint64_t get_u64(std::string_view bytes);  // REQUIRES: 8 bytes
std::uint32_t get_u32(std::string_view bytes);

}  // namespace offtake::sources::embedded
