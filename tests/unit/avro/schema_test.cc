// parse.cases and compatibility.cases, and what is said of schemas besides.
#include <doctest/doctest.h>

#include <fstream>

#include "schemas/avro/columns.h"
#include "schemas/avro/compatibility.h"
#include "schemas/avro/decoder.h"
#include "schemas/avro/framing.h"

namespace offtake::avro {
namespace {

// Calls `check(left, right)` for each "left => right" of a file.
template <class Check>
void each_case(const std::string& name, const Check& check) {
  std::ifstream file(std::string(AVRO_CASES) + "/" + name);
  REQUIRE(file.good());
  std::string line;
  int count = 0;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') continue;
    const auto arrow = line.find(" => ");
    REQUIRE_MESSAGE(arrow != std::string::npos, line);
    CAPTURE(line);
    check(line.substr(0, arrow), line.substr(arrow + 4));
    ++count;
  }
  CHECK(count > 10);
}

Schema schema_of(const std::string& text) {
  auto parsed = parse(text);
  REQUIRE_MESSAGE(parsed.ok(), text, ": ", (parsed.ok() ? std::string() : parsed.error().message));
  return *parsed;
}

TEST_CASE("schema documents and their stored text") {
  each_case("parse.cases", [](const std::string& document, const std::string& expected) {
    const auto parsed = parse(document);
    if (expected[0] == '!') {
      REQUIRE(!parsed.ok());
      CHECK(parsed.error().code == "BadAvroSchema");
      INFO(parsed.error().text());
      CHECK(parsed.error().text().find(expected.substr(2)) != std::string::npos);
      return;
    }
    REQUIRE_MESSAGE(parsed.ok(), parsed.error().text());
    const std::string stored = to_json(*parsed);
    CHECK(stored == expected);
    CHECK(to_json(schema_of(stored)) == stored);
    CHECK(to_normalized_json(schema_of(to_normalized_json(*parsed))) == to_normalized_json(*parsed));
  });
}

TEST_CASE("what a reader can and cannot read") {
  each_case("compatibility.cases", [](const std::string& pair, const std::string& expected) {
    const auto bar = pair.find(" | ");
    const auto problems = incompatibilities(schema_of(pair.substr(0, bar)), schema_of(pair.substr(bar + 3)));
    if (expected == "yes") {
      CHECK_MESSAGE(problems.empty(), problems.front().text());
    } else {
      REQUIRE(!problems.empty());
      CHECK(problems.front().text().substr(0, expected.size()) == expected);
    }
  });
}

// The fingerprints are those that Python's avro package gives.
TEST_CASE("canonical form and fingerprint") {
  const Schema schema = schema_of(
      R"({"namespace":"a.b","name":"R","doc":"d","type":"record","fields":[{"default":1,"name":"x","type":{"type":"int"}},
          {"name":"y","type":["null","R"]},{"name":"z","type":{"type":"fixed","name":"F","size":3,"aliases":["G"]}}]})");
  CHECK(
      canonical_form(schema) ==
      R"({"name":"a.b.R","type":"record","fields":[{"name":"x","type":"int"},{"name":"y","type":["null","a.b.R"]},)"
      R"({"name":"z","type":{"name":"a.b.F","type":"fixed","size":3}}]})");
  CHECK(fingerprint64("\"null\"") == 0x63DD24E7CC258F8AU);
  CHECK(fingerprint64("\"int\"") == 0x7275D51A3F395C8FU);
}

TEST_CASE("columns of a schema, and fields without one") {
  const Schema schema = schema_of(
      R"({"type":"record","name":"R","fields":[
        {"name":"a","type":["null","int"]},{"name":"u","type":["null","int","string"]},
        {"name":"t","type":{"type":"record","name":"T","fields":[{"name":"kids","type":{"type":"array","items":"T"}}]}},
        {"name":"n","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},{"name":"z","type":"null"},
        {"name":"m","type":{"type":"map","values":["null","long"]}}]})");
  const Columns columns = columns_of(schema);
  std::string listing;
  for (const types::Field& field : columns.fields) {
    listing += field.name + " " + types::to_string(field.type) + (field.nullable ? " NULL" : "") + "; ";
  }
  CHECK(listing == "a integer NULL; n numeric(9,2); m map(text, bigint); ");
  REQUIRE(columns.refused.size() == 3);
  CHECK(columns.refused[0].name == "u");
  CHECK(columns.refused[0].reason == "the union [null, int, string] of several types is not supported");
  CHECK(columns.refused[1].reason == "field \"kids\": the type T contains itself");
  CHECK(columns.refused[2].reason == "a type that is always null has no column");
}

TEST_CASE("what cannot be resolved is refused with field and types") {
  const auto refusal = [](const std::string& writer, const std::string& reader) {
    const Schema to = schema_of(reader);
    const auto decoder = Decoder::compile(schema_of(writer), columns_of(to).fields, to);
    REQUIRE(!decoder.ok());
    CHECK(decoder.error().code == "SchemaNotResolvable");
    return decoder.error().message;
  };
  const auto record = [](const std::string& field) {
    return R"({"type":"record","name":"R","fields":[)" + field + "]}";
  };
  CHECK(refusal(record(R"({"name":"a","type":"string"})"), record(R"({"name":"a","type":"int"})")) ==
        "field \"a\": data written as string cannot be read as int");
  CHECK(refusal(record(""), record(R"({"name":"a","type":"int"})")) ==
        "field \"a\": the data has no such field, and the reader's schema gives it no default");
  CHECK(refusal(record(R"({"name":"a","type":["null","string"]})"),
                record(R"({"name":"a","type":["null","int"]})")) ==
        "field \"a\": data written as [null, string] cannot be read as [null, int]");
  CHECK(refusal(
            record(R"({"name":"a","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":3}})"),
            record(
                R"({"name":"a","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}})")) ==
        "field \"a\": data written as bytes (decimal(9,3)) cannot be read as bytes (decimal(9,2))");
}

TEST_CASE("small schemas that stand for huge ones") {
  // Each record has the next one twice: 2^60 leaves.
  std::string bomb = R"({"type":"record","name":"R0","fields":[{"name":"x","type":"int"}]})";
  for (int i = 1; i < 60; ++i) {
    bomb = fmt::format(
        R"({{"type":"record","name":"R{0}","fields":[{{"name":"a","type":{1}}},{{"name":"b","type":"R{2}"}}]}})",
        i, bomb, i - 1);
  }
  const Schema schema = schema_of(bomb);
  CHECK(columns_of(schema).refused.size() == 2);
  CHECK(incompatibilities(schema, schema).empty());
  const Schema outer = schema_of(R"({"type":"record","name":"O","fields":[{"name":"r","type":)" + bomb +
                                 R"(},{"name":"z","type":"int"}]})");
  const std::vector<types::Field> wanted{{"z", types::TypeId::kInt4, false}};
  CHECK(Decoder::compile(outer, wanted).ok());
  CHECK(!parse(std::string(5 << 20, ' ')).ok());
  CHECK(!parse(std::string(100000, '[')).ok());
  // A chain of thousands of types, each named by the next.
  std::string chain = R"([{"type":"record","name":"C0","fields":[]})";
  for (int i = 1; i < 5000; ++i) {
    chain +=
        fmt::format(R"(,{{"type":"record","name":"C{}","fields":[{{"name":"p","type":"C{}"}}]}})", i, i - 1);
  }
  const Schema long_chain = schema_of(chain + "]");
  CHECK(incompatibilities(long_chain, long_chain).empty());
  CHECK(to_json(long_chain).size() > 100000);
}

TEST_CASE("framing") {
  std::string message;
  append_frame(0x01020304, message);
  message += "payload";
  const auto framed = split_frame(message);
  REQUIRE(framed.ok());
  CHECK(framed->schema_id == 0x01020304);
  CHECK(framed->payload == "payload");
  CHECK(!split_frame("abc").ok());
  CHECK(split_frame("{\"json\":1}").error().message ==
        "the message starts with the byte 0x7b, not with 0 and a schema id");
}

}  // namespace
}  // namespace offtake::avro
