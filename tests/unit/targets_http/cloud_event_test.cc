#include "operators/targets/http/cloud_event.h"

#include <doctest/doctest.h>

#include "operators/targets/http/url.h"
#include "operators/targets/http/verdict.h"

using namespace offtake;
using namespace offtake::targets::http;
using std::chrono::milliseconds;

namespace {
CloudEvent example() {
  CloudEvent event;
  event.id = "uid:0a:7";
  event.source = "/namespaces/retail/dataproducts/confirmations";
  event.type = "dev.offtake.row.created";
  event.subject = "Euro € 😀 50%";
  event.time = "2026-11-23T09:02:11Z";
  event.extensions = {{"offtakerevision", "3"}};
  event.data = R"({"row":{"id":9007199254740993,"amount":1.50}})";
  return event;
}

void check_equal(const CloudEvent& a, const CloudEvent& b) {
  CHECK(a.id == b.id);
  CHECK(a.source == b.source);
  CHECK(a.type == b.type);
  CHECK(a.subject == b.subject);
  CHECK(a.time == b.time);
  CHECK(a.extensions == b.extensions);
  CHECK(a.data_content_type == b.data_content_type);
  CHECK(a.data == b.data);
}
}  // namespace

TEST_CASE("binary mode: attributes are headers, escaped as the binding says") {
  const auto encoded = encode(example(), EventMode::kBinary);
  CHECK(encoded.headers.get("ce-specversion") == "1.0");
  CHECK(encoded.headers.get("ce-subject") == "Euro%20%E2%82%AC%20%F0%9F%98%80%2050%25");
  CHECK(encoded.headers.get("content-type") == "application/json");
  CHECK(encoded.body == example().data);
  const auto decoded = decode(encoded.headers, encoded.body);
  REQUIRE(decoded.ok());
  REQUIRE(decoded->has_value());
  check_equal(**decoded, example());
}

TEST_CASE("structured mode: one object, whose data keeps every digit") {
  const auto encoded = encode(example(), EventMode::kStructured);
  CHECK(encoded.headers.get("content-type") == "application/cloudevents+json; charset=UTF-8");
  const auto decoded = decode(encoded.headers, encoded.body);
  REQUIRE(decoded.ok());
  REQUIRE(decoded->has_value());
  check_equal(**decoded, example());
}

TEST_CASE("a key with a line break does not become a header of its own") {
  auto event = example();
  event.subject = "a\r\nX-Evil: 1";
  const auto encoded = encode(event, EventMode::kBinary);
  CHECK(encoded.headers.get("ce-subject") == "a%0D%0AX-Evil:%201");
}

TEST_CASE("structured data: as it stands, as text, and in base64") {
  const web::Headers type = {{"Content-Type", "application/cloudevents+json"}};
  const auto data_of = [&](std::string_view rest) {
    const auto event =
        decode(type, fmt::format(R"({{"specversion":"1.0","id":"1","source":"/s","type":"t",{}}})", rest));
    REQUIRE_MESSAGE(event.ok(), event.error().text());
    return (*event)->data;
  };
  CHECK(data_of(R"("data" : {"a":[1.10, "}\"]"], "data":2} )") == R"({"a":[1.10, "}\"]"], "data":2})");
  CHECK(data_of(R"("x":{"data":1},"data":12345678901234567890.10)") == "12345678901234567890.10");
  CHECK(data_of(R"("data":"text")") == "\"text\"");
  CHECK(data_of(R"("datacontenttype":"text/plain","data":"text")") == "text");
  CHECK(data_of(R"("datacontenttype":"text/plain","data_base64":"AP8Q")") == std::string("\0\xff\x10", 3));
  CHECK(data_of(R"("d\u0061ta":7)") == "7");
}

TEST_CASE("an answer without an event is none, one that is begun and wrong is refused") {
  CHECK_FALSE((*decode({{"Content-Type", "text/plain"}}, "OK")).has_value());
  const auto refused = [](const web::Headers& headers, const std::string& body) {
    const auto event = decode(headers, body);
    REQUIRE_FALSE(event.ok());
    CHECK(event.error().code == "BadEvent");
    CHECK(event.error().retry == base::Retry::kRow);
  };
  refused({{"ce-specversion", "0.3"}, {"ce-id", "1"}, {"ce-source", "/s"}, {"ce-type", "t"}}, "");
  refused({{"ce-specversion", "1.0"}, {"ce-source", "/s"}, {"ce-type", "t"}}, "");
  const web::Headers structured = {{"Content-Type", "application/cloudevents+json"}};
  refused(structured, "garbage");
  refused(structured, "[]");
  refused(structured, R"({"specversion":"1.0","id":1,"source":"/s","type":"t"})");
  refused(structured, R"({"specversion":"1.0","id":"1","source":"/s","type":"t","data_base64":"?"})");
  refused({{"Content-Type", "application/cloudevents-batch+json"}}, "[]");
}

TEST_CASE("urls: what is refused, and where a Location leads") {
  CHECK(parse_url("https://Host:443/a?b")->origin == "https://host");
  CHECK(parse_url("http://h:8080")->target == "/");
  for (const char* bad :
       {"h/p", "ftp://h/", "http://", "http://h/a b", "http://:80/", "file:///etc/passwd"}) {
    CAPTURE(bad);
    CHECK(parse_url(bad).error().code == "BadUrl");
  }
  const auto secret = parse_url("https://me:geheim@h/");
  CHECK(secret.error().text().find("geheim") == std::string::npos);
  const Url from = *parse_url("http://h:8080/a/b?c");
  const auto where = [&](std::string_view location) {
    const auto url = resolve(from, location);
    return url ? url->origin + url->target : "";
  };
  CHECK(where("/x?y") == "http://h:8080/x?y");
  CHECK(where("x") == "http://h:8080/a/x");
  CHECK(where("?z") == "http://h:8080/a/b?z");
  CHECK(where("//other/x") == "http://other/x");
  CHECK(where("https://h:8080/x") == "https://h:8080/x");
  CHECK(where("x?u=http://y") == "http://h:8080/a/x?u=http://y");
  CHECK(where("") == "");
  CHECK(where("mailto:a@b") == "");
  CHECK(where("./x:y") == "http://h:8080/a/./x:y");
  CHECK(where("http://u:p@h/") == "");
}

TEST_CASE("Retry-After in seconds and as a date") {
  const base::Micros now = *base::parse_instant("1994-11-06T08:49:00Z");
  CHECK(*parse_retry_after("120", now) == milliseconds(120'000));
  CHECK(*parse_retry_after("99999999999999999999", now) == std::chrono::hours(1));
  CHECK(*parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now) == milliseconds(37'000));
  CHECK(*parse_retry_after("Sun, 06 Nov 1994 08:40:00 GMT", now) == milliseconds(0));
  for (const char* bad : {"", "-1", "soon", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_retry_after(bad, now).has_value());
  }
}
