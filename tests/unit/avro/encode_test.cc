#include <doctest/doctest.h>

#include <random>

#include "schemas/avro/columns.h"
#include "schemas/avro/decoder.h"
#include "schemas/avro/encoder.h"

namespace offtake::avro {
namespace {

Schema schema_of(const std::string& text) {
  auto parsed = parse(text);
  REQUIRE_MESSAGE(parsed.ok(), (parsed.ok() ? std::string() : parsed.error().message));
  return *parsed;
}

// The row that a JSON value becomes when it is written and read again.
std::string through(const Schema& schema, const std::string& text) {
  const auto value = json::parse(text);
  REQUIRE(value.ok());
  std::string bytes;
  if (auto done = encode_json(schema.root(), *value, bytes); !done) return "! " + done.error().text();
  const auto fields = columns_of(schema).fields;
  auto decoder = Decoder::compile(schema, fields);
  REQUIRE(decoder.ok());
  std::vector<types::ColumnBuilder> columns;
  for (const types::Field& field : fields) columns.emplace_back(field.type);
  std::vector<DecodeFailure> failures;
  const std::vector<std::string_view> records{bytes};
  decoder->decode(records, columns, failures);
  if (!failures.empty()) return "! " + failures.front().error.message;
  std::string row;
  for (auto& column : columns) row += types::value_text(*column.finish(), 0) + " | ";
  return row;
}

TEST_CASE("plain JSON to records") {
  const Schema schema = schema_of(R"({"type":"record","name":"R","fields":[
    {"name":"id","type":"long"},{"name":"note","type":["null","string"]},
    {"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":8,"scale":2},"default":"\u0001"},
    {"name":"at","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},
    {"name":"day","type":["null",{"type":"int","logicalType":"date"}],"default":null},
    {"name":"state","type":{"type":"enum","name":"S","symbols":["NEW","OLD"]},"default":"NEW"},
    {"name":"raw","type":["null","bytes"],"default":null}]})");
  CHECK(through(schema, R"({"id":1})") == "1 | NULL | 0.01 | NULL | NULL | NEW | NULL | ");
  CHECK(
      through(
          schema,
          R"({"id":1,"note":"x","price":12.5,"at":"2026-11-23T09:02:11.5Z","day":"2026-11-23","raw":"\\x00ff"})") ==
      "1 | x | 12.50 | 2026-11-23 09:02:11.5+00 | 2026-11-23 | NEW | \\x00ff | ");
  CHECK(
      through(schema, R"({"id":1,"note":{"string":"x"},"price":"-0.01","at":{"long":1000},"state":"OLD"})") ==
      "1 | x | -0.01 | 1970-01-01 00:00:01+00 | NULL | OLD | NULL | ");
  CHECK(through(schema, R"({"note":"x"})") ==
        "! field \"id\": a value is missing, and the schema has no default");
  CHECK(through(schema, R"({"id":"x"})") == "! field \"id\": \"x\" is no long");
  CHECK(through(schema, R"({"id":1,"price":1.005})") ==
        "! field \"price\": 1.005 does not fit bytes (decimal(8,2)) exactly");
  CHECK(through(schema, R"({"id":1,"state":"GONE"})") ==
        "! field \"state\": \"GONE\" is no symbol of enum S");
  CHECK(through(schema, R"({"id":1,"nte":"x"})") ==
        "! the value: \"nte\" is no field of record R; it has id, note, price, at, day, state, raw");
  CHECK(through(schema, R"({"id":1,"at":"yesterday"})").substr(0, 14) == "! field \"at\": ");
}

TEST_CASE("defaults that never end are refused") {
  const Schema schema = schema_of(
      R"({"type":"record","name":"R","fields":[{"name":"a","type":"R","default":{}},{"name":"b","type":"R","default":{}}]})");
  std::string bytes;
  CHECK(!encode_default(schema.root(), json::Value::object(), bytes).ok());
  CHECK(bytes.empty());
}

// Rows of all types, written and read again, are the same.
TEST_CASE("random rows come back") {
  const Schema schema = schema_of(R"({"type":"record","name":"R","fields":[
    {"name":"b","type":["null","boolean"]},{"name":"i","type":"int"},{"name":"l","type":["long","null"]},
    {"name":"f","type":["null","float"]},{"name":"d","type":"double"},{"name":"s","type":["null","string"]},
    {"name":"y","type":"bytes"},{"name":"n","type":["null",{"type":"bytes","logicalType":"decimal","precision":30,"scale":4}]},
    {"name":"x","type":{"type":"fixed","name":"X","size":9,"logicalType":"decimal","precision":20,"scale":0}},
    {"name":"t","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
    {"name":"u","type":{"type":"string","logicalType":"uuid"}},
    {"name":"j","type":["null",{"type":"record","name":"In","fields":[{"name":"k","type":{"type":"array","items":"int"}},
                                                                     {"name":"raw","type":"bytes"}]}]},
    {"name":"extra","type":"string","default":"given"}]})");
  auto fields = columns_of(schema).fields;
  const auto with_extra = fields;
  fields.pop_back();
  std::mt19937_64 random(5);
  std::vector<types::ColumnBuilder> columns;
  for (const types::Field& field : fields) columns.emplace_back(field.type);
  constexpr std::size_t kRows = 500;
  for (std::size_t row = 0; row < kRows; ++row) {
    const std::uint64_t bits = random() >> (random() % 64);
    const auto number = static_cast<std::int64_t>(random() % 2 == 0 ? bits : -bits);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].nullable && random() % 5 == 0) {
        columns[i].append_null();
        continue;
      }
      const std::string text(random() % 30, static_cast<char>('a' + random() % 26));
      base::Status done;
      switch (fields[i].type.id) {
        case types::TypeId::kBoolean:
          columns[i].append<std::uint8_t>(number & 1);
          break;
        case types::TypeId::kInt4:
          columns[i].append(static_cast<std::int32_t>(number));
          break;
        case types::TypeId::kInt8:
        case types::TypeId::kTimestampTz:
          columns[i].append(number);
          break;
        case types::TypeId::kFloat4:
          columns[i].append(static_cast<float>(number));
          break;
        case types::TypeId::kFloat8:
          columns[i].append(static_cast<double>(number) / 7);
          break;
        case types::TypeId::kNumeric:
          done = types::append_parsed(columns[i],
                                      fmt::format("{}.{}", number, fields[i].type.scale > 0 ? "0625" : ""));
          break;
        case types::TypeId::kUuid:
          done = types::append_parsed(
              columns[i], fmt::format("{:08x}-0000-0000-0000-{:012x}", bits & 0xFFFFFFFFU, bits >> 16));
          break;
        case types::TypeId::kRecord:
          columns[i].append_text(fmt::format("{{\"k\": [{}, 2], \"raw\": \"\\\\x00{:02x}\"}}",
                                             static_cast<std::int32_t>(number), bits & 0xFFU));
          break;
        default:
          columns[i].append_text(text);
      }
      REQUIRE(done.ok());
    }
  }
  types::Batch batch;
  for (auto& column : columns) batch.columns.push_back(column.finish());
  batch.rows = kRows;
  const auto encoder = RowEncoder::compile(schema, fields);
  REQUIRE_MESSAGE(encoder.ok(), encoder.error().message);
  std::vector<std::string> bytes(kRows);
  for (std::size_t row = 0; row < kRows; ++row) {
    const auto done = encoder->encode(batch, row, bytes[row]);
    REQUIRE_MESSAGE(done.ok(), done.error().message);
  }
  auto decoder = Decoder::compile(schema, with_extra);
  REQUIRE(decoder.ok());
  std::vector<types::ColumnBuilder> back;
  for (const types::Field& field : with_extra) back.emplace_back(field.type);
  std::vector<DecodeFailure> failures;
  decoder->decode(std::vector<std::string_view>(bytes.begin(), bytes.end()), back, failures);
  for (const DecodeFailure& failure : failures) FAIL_CHECK(failure.error.message);
  for (std::size_t i = 0; i < with_extra.size(); ++i) {
    CAPTURE(with_extra[i].name);
    const types::ColumnPtr column = back[i].finish();
    REQUIRE(column->size() == kRows);
    for (std::size_t row = 0; row < kRows; ++row) {
      const std::string expected = i < fields.size() ? types::value_text(*batch.columns[i], row) : "given";
      CHECK(types::value_text(*column, row) == expected);
    }
  }
}

}  // namespace
}  // namespace offtake::avro
