#include "base/crypto/crypto.h"

#include <doctest/doctest.h>

using namespace offtake;

TEST_CASE("digests: the examples of the standards") {
  CHECK(crypto::sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(crypto::hex(crypto::hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  crypto::Sha256 pieces;
  pieces.update("a");
  pieces.update("bc");
  CHECK(pieces.finish() == crypto::sha256("abc"));
}

TEST_CASE("sealed values") {
  const std::string key = crypto::random_bytes(32);
  const auto sealed = crypto::seal(key, "pass word", "shop/orders");
  REQUIRE(sealed.ok());
  CHECK(sealed->size() == 9 + 28);
  CHECK(*crypto::open(key, *sealed, "shop/orders") == "pass word");
  CHECK(*crypto::open(key, *crypto::seal(key, "")) == "");
  CHECK(crypto::open(key, *sealed, "shop/other").error().code == "NotAuthentic");
  CHECK(crypto::open(crypto::random_bytes(32), *sealed, "shop/orders").error().code == "NotAuthentic");
  for (std::size_t i = 0; i < sealed->size(); ++i) {
    std::string changed = *sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(crypto::open(key, changed, "shop/orders").ok());
  }
  CHECK(crypto::open(key, "short").error().code == "NotAuthentic");
  CHECK(crypto::seal("k", "x").error().code == "BadKey");
}

TEST_CASE("base64 and hexadecimal") {
  for (const auto& [plain, text] : std::initializer_list<std::pair<std::string, std::string>>{
           {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"\xFB\xEF\xFF", "++//"}}) {
    CHECK(crypto::base64(plain) == text);
    CHECK(*crypto::base64_decode(text) == plain);
  }
  CHECK(crypto::base64_url("\xFB\xEF\xFF\x01") == "--__AQ");
  CHECK(*crypto::base64_url_decode("--__AQ") == "\xFB\xEF\xFF\x01");
  CHECK(*crypto::base64_url_decode("--__AQ==") == "\xFB\xEF\xFF\x01");
  for (const char* bad : {"Zg", "Zg=", "Zh==", "Z===", "Z", "Zm9v\n", "Z-8="}) {
    CHECK(crypto::base64_decode(bad).error().code == "BadBase64");
  }
  CHECK(*crypto::hex_decode("00fFa0") == std::string("\0\xFF\xA0", 3));
  CHECK_FALSE(crypto::hex_decode("0").ok());
  CHECK_FALSE(crypto::hex_decode("0g").ok());
}

TEST_CASE("crc32c: known values, both ways, in pieces") {
  CHECK(crypto::crc32c("123456789") == 0xE3069283U);
  CHECK(crypto::crc32c(std::string(32, '\0')) == 0x8A9136AAU);
  CHECK(crypto::crc32c("") == 0);
  const std::string bytes = crypto::random_bytes(1000);
  for (std::size_t size = 0; size < 64; ++size) {
    const auto part = std::string_view(bytes).substr(size, 3 * size);
    CHECK(crypto::crc32c(part) == crypto::detail::crc32c_by_table(part));
    CHECK(crypto::crc32c(std::string_view(bytes).substr(size), crypto::crc32c(bytes.substr(0, size))) ==
          crypto::crc32c(bytes));
  }
}

TEST_CASE("comparison") {
  CHECK(crypto::equal_constant_time("abc", "abc"));
  CHECK_FALSE(crypto::equal_constant_time("abc", "abd"));
  CHECK_FALSE(crypto::equal_constant_time("abc", "ab"));
}
