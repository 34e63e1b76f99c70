#include "base/http/head_parser.h"

#include <doctest/doctest.h>

using namespace offtake;

namespace {
int status_of(std::string_view text) {
  http::Head head;
  const auto error = http::parse_head(text, head);
  return error.has_value() ? error->status : 200;
}
std::string with_fields(std::string_view fields) {
  return fmt::format("POST /a HTTP/1.1\r\nHost: x\r\n{}\r\n", fields);
}
}  // namespace

TEST_CASE("a head is read") {
  http::Head head;
  REQUIRE_FALSE(
      http::parse_head("PATCH /a%20b/c?x=1&y= HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\nX-A:  b c \t\r\n"
                       "Expect: 100-continue\r\n\r\n",
                       head)
          .has_value());
  CHECK(head.request.method == "PATCH");
  CHECK(head.request.path == "/a b/c");
  CHECK(head.request.target == "/a%20b/c?x=1&y=");
  CHECK(head.request.query_value("x") == "1");
  CHECK(head.request.has_query("y"));
  CHECK(head.request.headers.get("x-a") == "b c");
  CHECK(head.content_length == 12);
  CHECK(head.keep_alive);
  CHECK(head.expects_continue);
  http::Head proxied;
  CHECK_FALSE(http::parse_head("GET http://h:80/p?q HTTP/1.1\r\nHost: h\r\n\r\n", proxied).has_value());
  CHECK(proxied.request.path == "/p");
}

TEST_CASE("what could be read in two ways is refused") {
  CHECK(status_of(with_fields("")) == 200);
  CHECK(status_of(with_fields("Transfer-Encoding: chunked\r\n")) == 200);
  CHECK(status_of(with_fields("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")) == 400);
  CHECK(status_of(with_fields("Content-Length: 1\r\nContent-Length: 2\r\n")) == 400);
  CHECK(status_of(with_fields("Content-Length: +1\r\n")) == 400);
  CHECK(status_of(with_fields("Content-Length: 1, 1\r\n")) == 400);
  CHECK(status_of(with_fields("Content-Length: 99999999999999999999\r\n")) == 400);
  CHECK(status_of(with_fields("Transfer-Encoding: gzip, chunked\r\n")) == 501);
  CHECK(status_of(with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")) == 400);
  CHECK(status_of(with_fields("Bad Name: 1\r\n")) == 400);
  CHECK(status_of(with_fields("Name : 1\r\n")) == 400);
  CHECK(status_of(with_fields(" folded\r\n")) == 400);
  CHECK(status_of(with_fields("A: b\nC: d\r\n")) == 400);
  CHECK(status_of(with_fields(std::string_view("A: \0\r\n", 6))) == 400);
  CHECK(status_of(with_fields("Host: y\r\n")) == 400);
  CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.0\r\n\r\n") == 200);
  CHECK(status_of("GET / HTTP/2.0\r\nHost: x\r\n\r\n") == 505);
  CHECK(status_of("GET /\r\n\r\n") == 400);
  CHECK(status_of("GET  HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
  CHECK(status_of("G@T / HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
  CHECK(status_of("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
  CHECK(status_of("GET a HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
  CHECK(status_of("GET /../etc HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
  CHECK(status_of("GET /a/%2e%2E/b HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
  CHECK(status_of("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
  CHECK(status_of("GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n") == 400);
  std::string many;
  for (int i = 0; i < 300; ++i) many += "A: b\r\n";
  CHECK(status_of(with_fields(many)) == 431);
}

TEST_CASE("chunk sizes") {
  CHECK(*http::parse_chunk_size("1F") == 31);
  CHECK(*http::parse_chunk_size("a;name=value") == 10);
  for (const char* bad : {"", "-1", "0x1", "g", "1 2", "fffffffffffffffff"}) {
    CHECK_FALSE(http::parse_chunk_size(bad).has_value());
  }
}
