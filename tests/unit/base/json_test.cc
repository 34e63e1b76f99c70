#include <doctest/doctest.h>

#include "base/json/value.h"

using namespace offtake;
using json::Value;

TEST_CASE("what is parsed is printed again") {
  for (const char* text : {"null", "true", "0", "-1", "9223372036854775807", "-9223372036854775808", "0.1",
                           "1.0", "1e+300", "-0.0", "1e-07", "\"\"", R"("a\"b\\c\n\u0001é")", "[]", "{}",
                           R"([1,[2,{"b":null,"a":[]}]])", R"({"z":1,"a":{"y":2.5}})"}) {
    CAPTURE(text);
    const auto value = json::parse(text);
    REQUIRE(value.ok());
    CHECK(json::dump(*value) == text);
  }
  CHECK(json::dump_canonical(*json::parse(R"({"z":{"b":1,"a":2},"a":1.50})")) ==
        R"({"a":1.5,"z":{"a":2,"b":1}})");
  CHECK(json::dump(*json::parse(R"({"a":[1,{}],"b":{}})"), 2) ==
        "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {}\n}");
  CHECK(json::dump(Value("a\xFF z")) == "\"a\xEF\xBF\xBD z\"");
  CHECK(json::parse("18446744073709551615")->is_double());
}

TEST_CASE("what is refused, and where") {
  struct Case {
    const char* text;
    const char* where;
    const char* message;
  };
  for (const auto& [text, where, message] : std::initializer_list<Case>{
           {"", "line 1:1", "unexpected end"},
           {"{\"a\":1,\n \"é\":2, \"\\\"a\":2, \"a\":3}", "line 2:18", "\"a\" appears twice"},
           {"[1,]", "line 1:4", "unexpected ']'"},
           {"{} x", "line 1:4", "invalid literal"},
           {"[1] [2]", "line 1:5", "unexpected '['"},
           {"nul", "line 1:4", "invalid literal"},
           {"\"\xFF\"", "line 1:2", "UTF-8"},
           {"{'a':1}", "line 1:2", "parsing object key"},
           {"1e999", "line 1:5", "number overflow"},
       }) {
    CAPTURE(text);
    const auto value = json::parse(text);
    REQUIRE_FALSE(value.ok());
    CHECK(value.error().code == "BadJson");
    CHECK(value.error().location.text() == where);
    CHECK_MESSAGE(value.error().message.find(message) != std::string::npos, value.error().message);
  }
  CHECK_FALSE(json::parse(std::string_view("1\0 2", 4)).ok());
}

TEST_CASE("depth") {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  CHECK(json::parse(nested(128)).ok());
  CHECK(json::parse(nested(129)).error().message.find("deeper than 128") != std::string::npos);
  CHECK_FALSE(json::parse(nested(100000)).ok());
}

TEST_CASE("members") {
  Value value;
  value.get_or_add("metadata").set("name", "orders");
  value.set("n", 2);
  value.set("n", 3);
  CHECK(value.at({"metadata", "name"}).as_string() == "orders");
  CHECK(value["metadata"]["missing"]["deeper"].is_null());
  CHECK(value.int_or("n") == 3);
  CHECK(value.string_or("n", "x") == "x");
  CHECK(value.erase("n"));
  CHECK_FALSE(value.erase("n"));
  CHECK(std::string(value.kind()) == "object");
  Value list;
  list.push_back(1);
  CHECK(list.as_array().size() == 1);
}

TEST_CASE("equality") {
  CHECK(*json::parse(R"({"a":1,"b":[1,2]})") == *json::parse(R"({"b":[1,2],"a":1.0})"));
  CHECK_FALSE(*json::parse(R"({"a":1})") == *json::parse(R"({"a":1,"b":null})"));
  CHECK_FALSE(*json::parse("[1,2]") == *json::parse("[2,1]"));
  CHECK_FALSE(Value(std::int64_t{9007199254740993}) == Value(9007199254740992.0));
  CHECK_FALSE(Value("1") == Value(1));
}
