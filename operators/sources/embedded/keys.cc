#include "operators/sources/embedded/keys.h"

namespace offtake::sources::embedded {

void put_u64(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

void put_u32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

std::uint64_t get_u64(std::string_view bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  return value;
}

std::uint32_t get_u32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  return value;
}

std::string kind_begin(char kind, std::uint64_t topic_id) {
  std::string key(1, kind);
  put_u64(key, topic_id);
  return key;
}

std::string kind_end(char kind, std::uint64_t topic_id) {
  return kind_begin(kind, topic_id + 1);
}

std::string partition_begin(char kind, std::uint64_t topic_id, int partition) {
  std::string key = kind_begin(kind, topic_id);
  put_u32(key, static_cast<std::uint32_t>(partition));
  return key;
}

std::string partition_end(char kind, std::uint64_t topic_id, int partition) {
  return partition_begin(kind, topic_id, partition + 1);
}

std::string block_key(std::uint64_t topic_id, int partition, Offset base) {
  std::string key = partition_begin('L', topic_id, partition);
  put_u64(key, static_cast<std::uint64_t>(base));
  return key;
}

std::string start_key(std::uint64_t topic_id, int partition) {
  return partition_begin('S', topic_id, partition);
}

std::string time_key(std::uint64_t topic_id, int partition, std::int64_t timestamp_ms) {
  std::string key = partition_begin('T', topic_id, partition);
  put_u64(key, static_cast<std::uint64_t>(timestamp_ms) ^ std::uint64_t{1} << 63);
  return key;
}

std::string topic_key(std::string_view name) {
  return std::string(1, kTopicPrefix).append(name);
}

Offset base_offset_of(std::string_view key) {
  return static_cast<Offset>(get_u64(key.substr(key.size() - 8)));
}

}  // namespace offtake::sources::embedded
