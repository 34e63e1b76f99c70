// Records to columns and identities.
#include "operators/sources/decode.h"

#include <doctest/doctest.h>

#include <deque>

#include "schemas/avro/encoder.h"
#include "schemas/avro/framing.h"
#include "schemas/avro/schema.h"
#include "schemas/types/batch.h"

namespace offtake::sources {
namespace {

constexpr const char* kOrderV1 = R"({"type":"record","name":"Order","fields":[
  {"name":"id","type":"long"},{"name":"note","type":"string"}]})";
constexpr const char* kOrderV2 = R"({"type":"record","name":"Order","fields":[
  {"name":"id","type":"long"},{"name":"amount","type":"long","default":7},{"name":"note","type":"string"}]})";

std::string avro_bytes(int id, const char* schema_text, const std::string& json_text) {
  const auto schema = avro::parse(schema_text);
  REQUIRE(schema.ok());
  const auto value = json::parse(json_text);
  REQUIRE(value.ok());
  std::string out;
  avro::append_frame(static_cast<std::uint32_t>(id), out);
  const auto encoded = avro::encode_json(schema->root(), *value, out);
  REQUIRE_MESSAGE(encoded.ok(), (encoded.ok() ? "" : encoded.error().text()));
  return out;
}

// A batch that owns its bytes; offsets start at 100 and go up by 10.
struct Records {
  std::deque<std::string> bytes;
  RecordBatch batch;
  Records& add(std::optional<std::string> key, std::optional<std::string> value) {
    Record record;
    record.offset = 100 + static_cast<Offset>(batch.records.size()) * 10;
    record.timestamp_ms = record.offset * 1000;
    if (key) record.key = bytes.emplace_back(std::move(*key));
    if (value) record.value = bytes.emplace_back(std::move(*value));
    batch.partition = 3;
    batch.records.push_back(record);
    batch.position = record.offset + 1;
    return *this;
  }
};

DecodeSpec orders() {
  DecodeSpec spec;
  spec.dataset = "retail/orders";
  spec.topic = "orders";
  spec.columns = {{"amount", types::TypeId::kInt8, false}, {"id", types::TypeId::kInt8, false}};
  spec.reader_schema = kOrderV2;
  spec.schemas = {{1, kOrderV1}, {2, kOrderV2}};
  return spec;
}

std::unique_ptr<RecordDecoder> decoder_of(DecodeSpec spec) {
  auto decoder = RecordDecoder::create(std::move(spec));
  REQUIRE_MESSAGE(decoder.ok(), (decoder.ok() ? "" : decoder.error().text()));
  return std::move(decoder).value();
}

engine::SourceBatch decoded(RecordDecoder& decoder, const Records& records) {
  auto batch = decoder.decode(records.batch);
  REQUIRE_MESSAGE(batch.ok(), (batch.ok() ? "" : batch.error().text()));
  return std::move(batch).value();
}

std::string row_text(const engine::SourceBatch& batch, std::size_t row) {
  std::string out;
  for (const auto& column : batch.rows.columns)
    out += (out.empty() ? "" : "|") + types::value_text(*column, row);
  return out;
}

std::string framed(int id, const std::string& payload) {
  std::string out;
  avro::append_frame(static_cast<std::uint32_t>(id), out);
  return out + payload;
}

std::string identity_of(const std::string& format, const std::string& key,
                        const std::string& key_schema = "") {
  DecodeSpec spec = orders();
  spec.entity = true;
  spec.key_format = format;
  spec.key_schema = key_schema;
  spec.schemas[11] = R"("long")";
  spec.schemas[12] = R"({"type":"record","name":"Key","fields":[{"name":"id","type":"int"}]})";
  spec.schemas[13] = R"({"type":"record","name":"Key","doc":"again","fields":[{"name":"id","type":"int"}]})";
  Records records;
  records.add(key, std::nullopt);
  return std::string(decoded(*decoder_of(spec), records).identity->text(0));
}

}  // namespace

TEST_CASE("records of several schema versions become the wanted columns; null values of events are skipped") {
  Records records;
  records.add("k", avro_bytes(1, kOrderV1, R"({"id":1,"note":"a"})"))
      .add("k", avro_bytes(2, kOrderV2, R"({"id":2,"amount":20,"note":"b"})"))
      .add("k", std::nullopt)
      .add(std::nullopt, avro_bytes(2, kOrderV2, R"({"id":3,"amount":30,"note":"c"})"))
      .add("k", avro_bytes(1, kOrderV1, R"({"id":4,"note":"d"})"));
  const auto batch = decoded(*decoder_of(orders()), records);
  REQUIRE(batch.rows.rows == 4);
  CHECK(batch.partition == 3);
  CHECK(row_text(batch, 0) == "7|1");
  CHECK(row_text(batch, 1) == "20|2");
  CHECK(row_text(batch, 2) == "30|3");
  CHECK(row_text(batch, 3) == "7|4");
  CHECK(batch.offsets == std::vector<std::int64_t>{100, 110, 130, 140});
  CHECK(batch.timestamps_ms[3] == 140'000);
  CHECK(batch.identity == nullptr);
  CHECK(batch.tombstone.empty());
}

TEST_CASE("records dated before the history window are left out wherever they lie; entities have none") {
  auto spec = orders();
  spec.min_timestamp_ms = 115'000;
  Records records;
  records.add("k", avro_bytes(1, kOrderV1, R"({"id":1,"note":"a"})"))
      .add("k", avro_bytes(1, kOrderV1, R"({"id":2,"note":"b"})"))
      .add("k", avro_bytes(1, kOrderV1, R"({"id":3,"note":"c"})"))
      .add("k", std::nullopt)
      .add("k", avro_bytes(1, kOrderV1, R"({"id":4,"note":"d"})"));
  // The third one was sent late: an old record after a newer one.
  std::swap(records.batch.records[1].timestamp_ms, records.batch.records[2].timestamp_ms);
  auto batch = decoded(*decoder_of(spec), records);
  REQUIRE(batch.rows.rows == 2);
  CHECK(row_text(batch, 0) == "7|2");
  CHECK(row_text(batch, 1) == "7|4");
  CHECK(batch.offsets == std::vector<std::int64_t>{110, 140});
  CHECK(batch.before_window == 2);
  CHECK(batch.skipped_nulls == 1);
}

TEST_CASE("a NULL event time is counted") {
  auto spec = orders();
  spec.columns.push_back({"at", types::TypeId::kTimestampTz, true});
  spec.event_time = 2;
  spec.reader_schema =
      R"({"type":"record","name":"Order","fields":[{"name":"id","type":"long"},)"
      R"({"name":"amount","type":"long","default":7},)"
      R"({"name":"at","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null}]})";
  Records records;
  records.add("k", avro_bytes(1, kOrderV1, R"({"id":1,"note":"a"})"))
      .add("k", avro_bytes(1, kOrderV1, R"({"id":2,"note":"b"})"));
  const auto batch = decoded(*decoder_of(spec), records);
  CHECK(batch.rows.rows == 2);
  CHECK(batch.null_event_times == 2);
}

TEST_CASE("a record that does not decode does not show a classified key") {
  auto spec = orders();
  const auto refusal = [&] {
    Records records;
    records.add("ann@example.com", "no frame");
    const auto refused = decoder_of(spec)->decode(records.batch);
    REQUIRE_FALSE(refused.ok());
    return refused.error().message;
  };
  CHECK(refusal().find("key 'ann@example.com'") != std::string::npos);
  spec.hide_key = true;
  CHECK(refusal().find("key •••") != std::string::npos);
  CHECK(refusal().find("ann") == std::string::npos);
}

TEST_CASE("no wanted column: rows are counted") {
  auto spec = orders();
  spec.columns.clear();
  Records records;
  records.add("k", avro_bytes(1, kOrderV1, R"({"id":1,"note":"a"})"))
      .add("k", avro_bytes(1, kOrderV1, R"({"id":2,"note":"b"})"));
  CHECK(decoded(*decoder_of(spec), records).rows.rows == 2);
}

TEST_CASE("damage in a column that nobody reads goes by; in one that is read it stops at its place") {
  std::string damaged = avro_bytes(2, kOrderV2, R"({"id":2,"amount":20,"note":"b"})");
  damaged.back() = '\xff';
  Records records;
  records.add("k", avro_bytes(2, kOrderV2, R"({"id":1,"amount":10,"note":"a"})")).add("7", damaged);
  CHECK(decoded(*decoder_of(orders()), records).rows.rows == 2);
  auto spec = orders();
  spec.columns.push_back({"note", types::TypeId::kText, false});
  auto failed = decoder_of(spec)->decode(records.batch);
  REQUIRE(!failed.ok());
  CHECK(failed.error().code == "RecordNotDecoded");
  CHECK(failed.error().retry == base::Retry::kRow);
  CHECK(failed.error().message.find("dataset retail/orders: the record at offset 110 of topic 'orders', "
                                    "partition 3, key '7' does not decode: ") == 0);
  CHECK_MESSAGE(failed.error().message.find("note") != std::string::npos, failed.error().message);
}

TEST_CASE("bytes without a frame, cut off or of an unknown schema") {
  const auto decoder = decoder_of(orders());
  for (const std::string& value : {std::string("{\"id\":1}"), std::string(), std::string("\0\0", 2)}) {
    Records records;
    records.add(std::nullopt, value);
    auto failed = decoder->decode(records.batch);
    REQUIRE(!failed.ok());
    CHECK(failed.error().code == "RecordNotDecoded");
    CHECK(failed.error().message.find("without key") != std::string::npos);
  }
  Records cut;
  cut.add("k", framed(2, ""));
  CHECK(decoder->decode(cut.batch).error().code == "RecordNotDecoded");
  Records unknown;
  unknown.add("k", framed(99, "x"));
  auto failed = decoder->decode(unknown.batch);
  REQUIRE(!failed.ok());
  CHECK(failed.error().code == "SchemaMissing");
}

TEST_CASE("a schema that is not known is fetched once; a registry that is away is not the record's fault") {
  auto spec = orders();
  spec.schemas.clear();
  int asked = 0;
  bool away = true;
  spec.fetch_schema = [&](int id) -> base::Result<std::string> {
    ++asked;
    if (away) return base::waiting("Unreachable", "the registry does not answer");
    CHECK(id == 2);
    return std::string(kOrderV2);
  };
  const auto decoder = decoder_of(spec);
  Records records;
  records.add("k", avro_bytes(2, kOrderV2, R"({"id":1,"amount":10,"note":"a"})"));
  auto failed = decoder->decode(records.batch);
  REQUIRE(!failed.ok());
  CHECK(failed.error().code == "Unreachable");
  CHECK(failed.error().retry == base::Retry::kWaiting);
  away = false;
  CHECK(decoded(*decoder, records).rows.rows == 1);
  CHECK(decoded(*decoder, records).rows.rows == 1);
  CHECK(asked == 2);
}

TEST_CASE("what the plan wants and no schema has is said before reading") {
  auto spec = orders();
  spec.columns.push_back({"colour", types::TypeId::kText, true});
  auto made = RecordDecoder::create(spec);
  REQUIRE(!made.ok());
  CHECK(made.error().message.find("colour") != std::string::npos);
}

TEST_CASE("entities: identities from keys, tombstones as rows of NULLs") {
  auto spec = orders();
  spec.entity = true;
  spec.key_format = "String";
  Records records;
  records.add("a", avro_bytes(2, kOrderV2, R"({"id":1,"amount":10,"note":""})"))
      .add("b", std::nullopt)
      .add("a", avro_bytes(2, kOrderV2, R"({"id":2,"amount":20,"note":""})"));
  const auto batch = decoded(*decoder_of(spec), records);
  REQUIRE(batch.rows.rows == 3);
  CHECK(batch.tombstone == std::vector<std::uint8_t>{0, 1, 0});
  CHECK(row_text(batch, 1) == "NULL|NULL");
  CHECK(row_text(batch, 2) == "20|2");
  CHECK(batch.identity->text(0) == batch.identity->text(2));
  CHECK(batch.identity->text(0) != batch.identity->text(1));

  Records keyless;
  keyless.add(std::nullopt, avro_bytes(2, kOrderV2, R"({"id":1,"amount":10,"note":""})"));
  auto failed = decoder_of(spec)->decode(keyless.batch);
  REQUIRE(!failed.ok());
  CHECK(failed.error().code == "RecordNotDecoded");
  CHECK(failed.error().message.find("an entity's record must have a key") != std::string::npos);
}

TEST_CASE("identities are of the decoded key") {
  const std::string uuid = "6f1ed002-ab5c-4f3a-9d5e-0123456789ab";
  std::string upper = uuid;
  for (auto& c : upper) c = static_cast<char>(std::toupper(c));
  CHECK(identity_of("UUID", uuid) == identity_of("UUID", upper));
  CHECK(identity_of("Int32", std::string("\0\0\0\7", 4)) !=
        identity_of("Int32", std::string("\0\0\0\x8", 4)));
  CHECK(identity_of("Int64", std::string("\xff\xff\xff\xff\xff\xff\xff\xff", 8)) !=
        identity_of("Int64", std::string("\0\0\0\0\0\0\0\1", 8)));
  CHECK(identity_of("", "\xff\xfe") != identity_of("", "\xff"));
  // A key schema registered again changes the frame, not the identity.
  const std::string schema = R"({"type":"record","name":"Key","fields":[{"name":"id","type":"int"}]})";
  CHECK(identity_of("Avro", framed(12, "\x0e"), schema) == identity_of("Avro", framed(13, "\x0e"), schema));
  CHECK(identity_of("Avro", framed(12, "\x0e"), schema) != identity_of("Avro", framed(12, "\x10"), schema));
  CHECK(identity_of("Avro", framed(11, "\x0e")) != identity_of("Avro", framed(11, "\x10")));
}

TEST_CASE("keys that are not what their format says") {
  for (const auto& [format, key] : std::vector<std::pair<std::string, std::string>>{{"Int32", "123"},
                                                                                    {"Int64", "1234"},
                                                                                    {"UUID", "not-a-uuid"},
                                                                                    {"String", "\xff"},
                                                                                    {"Avro", "plain"}}) {
    auto spec = orders();
    spec.entity = true;
    spec.key_format = format;
    Records records;
    records.add("\0\0\0\0\0", std::nullopt);
    records.batch.records[0].key = key;
    auto failed = decoder_of(spec)->decode(records.batch);
    REQUIRE(!failed.ok());
    CHECK_MESSAGE(failed.error().code == "RecordNotDecoded", format);
    CHECK_MESSAGE(failed.error().message.find("does not decode: key: ") != std::string::npos,
                  failed.error().message);
  }
  auto spec = orders();
  spec.entity = true;
  spec.key_format = "Protobuf";
  CHECK(RecordDecoder::create(spec).error().code == "BadKeyFormat");
}

TEST_CASE("key columns that the value lacks come from the record key") {
  auto spec = orders();
  spec.entity = true;
  spec.key_format = "Int64";
  spec.key_columns = {"customer_id"};
  spec.key_from_record = true;
  spec.columns = {{"customer_id", types::TypeId::kInt8, true}, {"amount", types::TypeId::kInt8, false}};
  Records records;
  records
      .add(std::string("\0\0\0\0\0\0\0\x2a", 8), avro_bytes(2, kOrderV2, R"({"id":1,"amount":10,"note":""})"))
      .add(std::string("\0\0\0\0\0\0\0\x2b", 8), std::nullopt);
  const auto batch = decoded(*decoder_of(spec), records);
  CHECK(row_text(batch, 0) == "42|10");
  CHECK(row_text(batch, 1) == "NULL|NULL");

  spec.key_format = "Avro";
  spec.key_schema =
      R"({"type":"record","name":"Key","fields":[{"name":"region","type":"string"},{"name":"customer_id","type":"long"}]})";
  spec.schemas[5] = spec.key_schema;
  Records keyed;
  keyed.add(framed(5, std::string("\x04") + "eu" + "\x54"),
            avro_bytes(2, kOrderV2, R"({"id":1,"amount":10,"note":""})"));
  CHECK(row_text(decoded(*decoder_of(spec), keyed), 0) == "42|10");

  spec.key_format = "String";
  auto mismatch = RecordDecoder::create(spec);
  REQUIRE(!mismatch.ok());
  CHECK(mismatch.error().message ==
        "dataset retail/orders: key column 'customer_id' is bigint in the plan and text in the record key");

  // An event may come without a key.
  spec.entity = false;
  spec.key_format = "Int64";
  Records event;
  event.add(std::nullopt, avro_bytes(2, kOrderV2, R"({"id":1,"amount":10,"note":""})"));
  CHECK(row_text(decoded(*decoder_of(spec), event), 0) == "NULL|10");
  Records nothing;
  nothing.add(std::nullopt, std::nullopt);
  CHECK(decoded(*decoder_of(spec), nothing).rows.rows == 0);
}

}  // namespace offtake::sources
