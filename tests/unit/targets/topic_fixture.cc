#include "topic_fixture.h"

#include <doctest/doctest.h>

#include "operators/sources/embedded/store.h"
#include "schemas/avro/columns.h"
#include "schemas/avro/decoder.h"
#include "schemas/avro/framing.h"

namespace offtake::targets_test {
namespace {

std::shared_ptr<sources::EventStore> events() {
  static const auto made = [] {
    static const auto directory = files::TempDir::make("offtake-topics");
    REQUIRE(directory.ok());
    sources::embedded::LogOptions options;
    options.dir = (directory->path() / "events").string();
    auto log = sources::embedded::Log::open(options);
    REQUIRE_MESSAGE(log.ok(), log.error().text());
    return std::shared_ptr<sources::EventStore>(
        sources::embedded::make_store(std::shared_ptr<sources::embedded::Log>(*std::move(log))));
  }();
  return made;
}

// The registry's part: ids of schemas, as the control plane gives them before a worker starts.
std::vector<std::string>& schemas() {
  static std::vector<std::string> texts;
  return texts;
}
int id_of(const std::string& text) {
  auto& known = schemas();
  auto place = std::find(known.begin(), known.end(), text);
  if (place == known.end()) place = known.insert(known.end(), text);
  return static_cast<int>(place - known.begin()) + 1;
}
// The columns of a topic, of the session that was opened last: what is shown where there is no record.
std::map<std::string, int>& latest() {
  static std::map<std::string, int> ids;
  return ids;
}

base::Result<std::unique_ptr<Target>> open_target(const TargetConnection& connection, const TableSpec& table,
                                                  const std::string& product_uid) {
  const TargetEngine& real = *find_engine("topic");
  TargetConnection opened = connection;
  opened.events = events();
  TableSpec registered = table;
  auto texts = real.record_schemas(table);
  if (!texts) return std::move(texts).error();
  registered.schema_ids.value = id_of(texts->value);
  if (!texts->key.empty()) registered.schema_ids.key = id_of(texts->key);
  latest()[connection.topic] = registered.schema_ids.value;
  return real.open(opened, registered, product_uid);
}

}  // namespace

const TargetEngine& TopicFixture::engine() const {
  static const TargetEngine engine = [] {
    TargetEngine with_store = *find_engine("topic");
    with_store.open = open_target;
    return with_store;
  }();
  return engine;
}

std::unique_ptr<provision::Provisioner> TopicFixture::make_provisioner(const std::string& class_name) {
  provision::ProvisionerSettings settings;
  settings.engine = "topic";
  settings.event_store = "embedded";
  settings.events = events();
  settings.class_name = class_name;
  auto made = provision::make_provisioner(settings);
  REQUIRE_MESSAGE(made.ok(), made.error().text());
  return *std::move(made);
}

Shown TopicFixture::read(const TargetConnection& writer, const std::string&) {
  sources::OffsetVector from, until;
  auto bounds = events()->bounds(writer.topic);
  REQUIRE(bounds.ok());
  for (const auto& [partition, bound] : *bounds) {
    from[partition] = bound.earliest;
    until[partition] = bound.last_stable;
  }
  auto reader = events()->read(writer.topic, from, until, {});
  REQUIRE(reader.ok());
  std::map<std::string, std::string> rows;
  while (!(*reader)->finished()) {
    auto batch = (*reader)->poll(std::chrono::seconds(10));
    REQUIRE(batch.ok());
    REQUIRE(batch->has_value());
    for (const auto& record : (*batch)->records) {
      // Without a key each record is a row.
      if (!record.key) {
        REQUIRE(record.value.has_value());
        rows[fmt::format("{}:{}", (*batch)->partition, record.offset)] = std::string(*record.value);
      } else if (record.value) {
        rows[std::string(*record.key)] = std::string(*record.value);
      } else {
        rows.erase(std::string(*record.key));
      }
    }
  }
  int id = latest()[writer.topic];
  if (!rows.empty()) id = static_cast<int>(avro::split_frame(rows.begin()->second)->schema_id);
  auto schema = avro::parse(schemas().at(static_cast<std::size_t>(id - 1)));
  REQUIRE(schema.ok());
  const auto columns = avro::columns_of(*schema).fields;
  Shown out;
  for (const auto& column : columns) out.columns.push_back(column.name);
  auto decoder = avro::Decoder::compile(*schema, columns);
  REQUIRE(decoder.ok());
  for (const auto& [key, value] : rows) {
    const auto framed = avro::split_frame(value);
    REQUIRE(framed.ok());
    REQUIRE_MESSAGE(static_cast<int>(framed->schema_id) == id, "records of two schemas");
    std::vector<types::ColumnBuilder> builders;
    for (const auto& column : columns) builders.emplace_back(column.type);
    std::vector<avro::DecodeFailure> failures;
    const std::string_view payload = framed->payload;
    decoder->decode({&payload, 1}, builders, failures);
    REQUIRE(failures.empty());
    TextRow& row = out.rows.emplace_back();
    for (auto& builder : builders) row.push_back(shown(*builder.finish(), 0));
  }
  return out;
}

std::string TopicFixture::shown(const types::Column& column, std::size_t row) {
  return column.is_null(row) ? kNull : types::value_text(column, row);
}

bool TopicFixture::refuses(const types::Type& type) const {
  using types::TypeId;
  return types::is_nested(type.id) || type.id == TypeId::kInterval ||
         (type.id == TypeId::kNumeric && type.precision == 0);
}

}  // namespace offtake::targets_test
