// Which partition a record with a key belongs to: murmur2 as in Kafka's own clients, so that records of one
// key meet in one partition whoever wrote them. Pure.
#pragma once
#include <cstdint>
#include <string_view>

namespace offtake::sources {

std::uint32_t murmur2(std::string_view key);
// REQUIRES: partitions > 0.
int partition_of(std::string_view key, int partitions);

}  // namespace offtake::sources
