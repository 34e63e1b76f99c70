#include "controlplane/cli/demo/scratch.h"

#include "operators/targets/protocol/iso_text.h"
#include "operators/targets/protocol/table_layout.h"
#include "operators/targets/sqlite/values.h"
#include "schemas/avro/columns.h"
#include "schemas/avro/decoder.h"
#include "schemas/avro/framing.h"

namespace offtake::cli::demo {
namespace {

using namespace std::chrono_literals;
namespace db = offtake::sqlite;
using targets::protocol::quote_name;

// Decodes one record at a time, all of its fields.
class Reading {
 public:
  explicit Reading(const SourceFacts& source) : source_(source) {}

  base::Status open() {
    for (const auto& [id, text] : source_.schemas) {
      auto schema = avro::parse(text);
      if (!schema) return std::move(schema).error();
      // All versions are read as the newest: the one with the greatest id.
      schemas_.emplace(id, *std::move(schema));
    }
    if (schemas_.empty()) return base::terminal("SchemaMissing", source_.dataset + " has no schema");
    fields_ = avro::columns_of(schemas_.rbegin()->second).fields;
    return {};
  }

  const std::vector<types::Field>& fields() const { return fields_; }

  base::Result<std::vector<types::ColumnPtr>> decode(std::string_view value) {
    auto framed = avro::split_frame(value);
    if (!framed) return std::move(framed).error();
    auto decoder = decoder_of(static_cast<int>(framed->schema_id));
    if (!decoder) return std::move(decoder).error();
    std::vector<types::ColumnBuilder> builders;
    for (const auto& field : fields_) builders.emplace_back(field.type);
    std::vector<avro::DecodeFailure> failures;
    const std::string_view payload = framed->payload;
    (*decoder)->decode(std::span(&payload, 1), builders, failures);
    if (!failures.empty()) return std::move(failures.front().error);
    std::vector<types::ColumnPtr> out;
    for (auto& builder : builders) out.push_back(builder.finish());
    return out;
  }

 private:
  base::Result<avro::Decoder*> decoder_of(int id) {
    const auto known = decoders_.find(id);
    if (known != decoders_.end()) return &known->second;
    const auto schema = schemas_.find(id);
    if (schema == schemas_.end()) {
      return base::terminal("SchemaMissing",
                            fmt::format("{}: nobody knows the schema {}", source_.dataset, id));
    }
    auto compiled = avro::Decoder::compile(schema->second, fields_, schemas_.rbegin()->second);
    if (!compiled) return std::move(compiled).error();
    return &decoders_.emplace(id, *std::move(compiled)).first->second;
  }

  const SourceFacts& source_;
  std::map<int, avro::Schema> schemas_;
  std::vector<types::Field> fields_;
  std::map<int, avro::Decoder> decoders_;
};

class Loading {
 public:
  Loading(db::Database& database, const SourceFacts& source, base::Micros start)
      : database_(database), source_(source), start_(start), reading_(source) {}

  base::Status prepare() {
    if (auto opened = reading_.open(); !opened) return opened;
    std::string columns, values;
    for (const auto& field : reading_.fields()) {
      columns +=
          fmt::format("{} {}, ", quote_name(field.name), targets::sqlite::declared_type(field.type.id));
      values += "?, ";
    }
    columns.resize(columns.size() - 2);
    values.resize(values.size() - 2);
    if (source_.entity) {
      std::string key;
      for (const auto& column : source_.key_columns) key += (key.empty() ? "" : ", ") + quote_name(column);
      columns += fmt::format(", PRIMARY KEY ({})", key);
    }
    const std::string table = quote_name(source_.name);
    if (auto made = database_.execute(fmt::format("CREATE TABLE {} ({})", table, columns)); !made)
      return made;
    auto insert = database_.prepare(
        fmt::format("INSERT OR {} INTO {} VALUES ({})", source_.entity ? "REPLACE" : "ABORT", table, values));
    if (!insert) return std::move(insert).error();
    insert_.emplace(*std::move(insert));
    return {};
  }

  base::Status load(const sources::RecordBatch& batch) {
    for (const sources::Record& record : batch.records) {
      ++out_.records;
      if (auto loaded = load(record); !loaded) {
        base::Error error = loaded.error();
        return std::move(error).in(
            fmt::format("{}, partition {}, offset {}", source_.topic, batch.partition, record.offset));
      }
    }
    return {};
  }

  base::Result<CheckedSource> finish() {
    const std::string table = quote_name(source_.name);
    if (source_.windowed && !source_.event_time_column.empty()) {
      // Instants stand as text of one width, which sorts as they do.
      const std::string start = targets::protocol::timestamp_text(start_, true);
      auto cut = database_.run(
          fmt::format("DELETE FROM {} WHERE {} < ?1", table, quote_name(source_.event_time_column)),
          std::string_view(start));
      if (!cut) return std::move(cut).error();
    }
    auto counted = database_.prepare("SELECT count(*) FROM " + table);
    if (!counted) return std::move(counted).error();
    if (auto row = counted->step(); !row) return std::move(row).error();
    out_.name = source_.name;
    out_.rows = counted->int64(0);
    return out_;
  }

 private:
  base::Status load(const sources::Record& record) {
    if (!record.value) return source_.entity ? erase(record) : base::Status();
    if (source_.windowed && source_.event_time_column.empty() && record.timestamp_ms * 1000 < start_)
      return {};
    auto row = reading_.decode(*record.value);
    if (!row) return std::move(row).error();
    insert_->reset();
    int parameter = 0;
    for (const auto& column : *row) targets::sqlite::bind_value(*insert_, ++parameter, *column, 0);
    return insert_->run();
  }

  // A tombstone: its key is the text of the one key column.
  base::Status erase(const sources::Record& record) {
    if (source_.key_columns.size() != 1 || !record.key) {
      return base::terminal("KeyNotRead", "a deletion whose key cannot be told");
    }
    return database_.run(fmt::format("DELETE FROM {} WHERE CAST({} AS TEXT) = ?1", quote_name(source_.name),
                                     quote_name(source_.key_columns.front())),
                         *record.key);
  }

  db::Database& database_;
  const SourceFacts& source_;
  base::Micros start_;
  Reading reading_;
  std::optional<db::Statement> insert_;
  CheckedSource out_;
};

}  // namespace

base::Result<CheckedSource> load_scratch(db::Database& database, const SourceFacts& source,
                                         const sources::OffsetVector& until, base::Micros start_time,
                                         sources::EventStore& log) {
  Loading loading(database, source, start_time);
  if (auto prepared = loading.prepare(); !prepared) return prepared.error();
  auto transaction = db::Transaction::begin(database);
  if (!transaction) return std::move(transaction).error();
  sources::OffsetVector from;
  for (const auto& [partition, offset] : until) from[partition] = 0;
  auto reader = log.read(source.topic, from, until, {});
  if (!reader) return std::move(reader).error();
  while (!(*reader)->finished()) {
    auto batch = (*reader)->poll(1s);
    if (!batch) return std::move(batch).error();
    if (!batch->has_value()) continue;
    if (auto loaded = loading.load(**batch); !loaded) return loaded.error();
  }
  if (auto committed = transaction->commit(); !committed) return committed.error();
  return loading.finish();
}

}  // namespace offtake::cli::demo
