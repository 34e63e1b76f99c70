#include "base/compression/gzip.h"

#include <doctest/doctest.h>

namespace offtake::compression {

TEST_CASE("what is packed is whole again, and the same bytes pack to the same") {
  for (const std::string& text :
       {std::string(), std::string("a"), std::string(5'000'000, 'x'), std::string("\0\1\2", 3)}) {
    const std::string packed = gzip(text);
    CHECK(packed == gzip(text));
    const auto whole = gunzip(packed, 10'000'000);
    REQUIRE(whole.ok());
    CHECK(*whole == text);
  }
  CHECK(gzip(std::string(5'000'000, 'x')).size() < 10'000);
}

TEST_CASE("what is damaged, cut off, too long or followed by more is refused") {
  const std::string packed = gzip(std::string(1'000, 'x') + "end");
  CHECK(gunzip(packed.substr(0, packed.size() - 1), 1 << 20).error().code == "BadGzip");
  CHECK(gunzip(packed + "more", 1 << 20).error().code == "BadGzip");
  CHECK(gunzip("", 1 << 20).error().code == "BadGzip");
  CHECK(gunzip("not packed at all", 1 << 20).error().code == "BadGzip");
  std::string damaged = packed;
  damaged[packed.size() / 2] = static_cast<char>(damaged[packed.size() / 2] ^ 0x55);
  CHECK_FALSE(gunzip(damaged, 1 << 20).ok());
  CHECK(gunzip(packed, 1'002).error().code == "TooLarge");
  CHECK(gunzip(packed, 1'003).ok());
}

}  // namespace offtake::compression
