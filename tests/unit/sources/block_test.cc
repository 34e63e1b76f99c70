// The layout of blocks: what goes in comes out, and damage is seen wherever it is.
#include "operators/sources/embedded/block.h"

#include <doctest/doctest.h>

#include <limits>

#include "operators/sources/partitioner.h"

namespace offtake::sources::embedded {

TEST_CASE("blocks give back their records, compressed or not") {
  for (const std::size_t size : {0UL, 1UL, 200UL, 30'000UL, 200'000UL}) {
    BlockBuilder builder;
    const std::string value(size, 'v');
    for (int i = 0; i < 10; ++i) builder.add(1000 - i * 7, "key", value);
    builder.add(std::numeric_limits<std::int32_t>::max(), std::nullopt, std::nullopt);
    Offset base = 5;
    std::vector<std::unique_ptr<std::string>> payloads;
    std::vector<Record> records;
    const auto blocks = builder.finish();
    for (const auto& block : blocks) {
      payloads.push_back(std::make_unique<std::string>());
      REQUIRE(decode_block(block.bytes, base, 0, 1000, *payloads.back(), records).ok());
      base += block.count;
    }
    REQUIRE(records.size() == 11);
    for (int i = 0; i < 10; ++i) {
      const auto& record = records[static_cast<std::size_t>(i)];
      CHECK(record.offset == 5 + i);
      CHECK(record.timestamp_ms == 1000 - i * 7);
      CHECK(record.key == "key");
      CHECK(record.value == value);
    }
    CHECK(!records[10].key);
    CHECK(!records[10].value);
    if (size == 200'000) CHECK(blocks.size() == 11);
    if (size == 200) CHECK(blocks.size() == 1);
  }
}

TEST_CASE("any flipped bit of a block is found") {
  BlockBuilder builder;
  for (int i = 0; i < 5; ++i) builder.add(i, "key", "value");
  const std::string good = builder.finish().front().bytes;
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    std::string payload;
    std::vector<Record> records;
    CHECK_MESSAGE(!decode_block(bad, 0, 0, 100, payload, records).ok(), "bit ", bit);
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    std::string payload;
    std::vector<Record> records;
    CHECK(!decode_block(std::string_view(good).substr(0, size), 0, 0, 100, payload, records).ok());
  }
}

TEST_CASE("a part of a block is taken") {
  BlockBuilder builder;
  for (int i = 0; i < 10; ++i) builder.add(0, std::nullopt, std::to_string(i));
  std::string payload;
  std::vector<Record> records;
  REQUIRE(decode_block(builder.finish().front().bytes, 100, 103, 107, payload, records).ok());
  REQUIRE(records.size() == 4);
  CHECK(records.front().offset == 103);
  CHECK(records.back().offset == 106);
}

TEST_CASE("murmur2 as Kafka's clients count it") {
  CHECK(static_cast<std::int32_t>(murmur2("21")) == -973932308);
  CHECK(static_cast<std::int32_t>(murmur2("foobar")) == -790332482);
  CHECK(static_cast<std::int32_t>(murmur2("abc")) == 479470107);
}

}  // namespace offtake::sources::embedded
