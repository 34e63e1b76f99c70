#include "operators/sources/decode.h"

#include <algorithm>

#include "base/crypto/crypto.h"
#include "operators/sources/record_key.h"
#include "operators/sources/writer_schemas.h"
#include "schemas/avro/columns.h"
#include "schemas/avro/decoder.h"
#include "schemas/avro/framing.h"

namespace offtake::sources {
namespace {

constexpr std::size_t kDigestDigits = 32;

// A wanted column: of the value's builders, or of the key's columns.
struct Place {
  bool from_key = false;
  std::size_t index = 0;
};

class AvroRecordDecoder : public RecordDecoder {
 public:
  AvroRecordDecoder(DecodeSpec spec, avro::Schema reader)
      : spec_(std::move(spec)), reader_(std::move(reader)), schemas_(spec_.schemas, spec_.fetch_schema) {}

  base::Status prepare() {
    if (spec_.entity || spec_.key_from_record) {
      auto keys = RecordKeyReader::create(spec_, schemas_);
      if (!keys) return std::move(keys).error();
      keys_ = std::move(keys).value();
    }
    for (const auto& column : spec_.columns) {
      auto place = find(column);
      if (!place) return std::move(place).error();
      places_.push_back(*place);
    }
    // Says now what the plan wants and the schema does not have.
    auto compiled = avro::Decoder::compile(reader_, value_columns_, reader_);
    if (!compiled) return std::move(compiled).error().in(fmt::format("dataset {}", spec_.dataset));
    return {};
  }

  const std::optional<BadRecord>& bad_record() const override { return bad_; }

  std::optional<RecordKey> key_of(const Record& record) override {
    if (!record.key) return std::nullopt;
    RecordKey out;
    out.text = shown_key(record);
    std::string bytes = "raw:" + std::string(*record.key);
    if (spec_.entity) {
      const std::optional<std::string_view> key = record.key;
      std::optional<KeyFailure> failure;
      // One that cannot be read now is told apart by its bytes.
      if (auto columns = keys_->read({&key, 1}, failure); columns && !failure) {
        bytes = "key:";
        for (const auto& column : *columns) types::append_canonical(*column, 0, bytes);
      }
    }
    out.digest = crypto::sha256_hex(bytes).substr(0, kDigestDigits);
    return out;
  }

  base::Result<engine::SourceBatch> decode(const RecordBatch& records) override {
    bad_.reset();
    engine::SourceBatch out;
    out.partition = records.partition;
    std::vector<const Record*> kept;
    kept.reserve(records.records.size());
    for (const Record& record : records.records) {
      if (!spec_.entity && !record.value) {
        ++out.skipped_nulls;
        continue;
      }
      if (!spec_.entity && spec_.min_timestamp_ms && record.timestamp_ms < *spec_.min_timestamp_ms) {
        ++out.before_window;
        continue;
      }
      if (spec_.entity && !record.key) {
        return not_decoded(records.partition, record, "an entity's record must have a key");
      }
      kept.push_back(&record);
    }
    out.offsets.reserve(kept.size());
    out.timestamps_ms.reserve(kept.size());
    for (const Record* record : kept) {
      out.offsets.push_back(record->offset);
      out.timestamps_ms.push_back(record->timestamp_ms);
      if (spec_.entity) out.tombstone.push_back(record->value ? 0 : 1);
    }
    std::vector<types::ColumnBuilder> builders;
    builders.reserve(value_columns_.size());
    for (const auto& column : value_columns_) {
      builders.emplace_back(column.type);
      builders.back().reserve(kept.size());
    }
    if (auto decoded = decode_values(records.partition, kept, builders); !decoded)
      return std::move(decoded).error();
    auto keys = decode_keys(records.partition, kept);
    if (!keys) return std::move(keys).error();
    if (spec_.entity) {
      out.identity = identities(*keys, kept.size());
      for (const auto& field : keys_->fields()) out.identity_types.push_back(field.type);
    }

    std::vector<types::ColumnPtr> values;
    values.reserve(builders.size());
    for (auto& builder : builders) values.push_back(builder.finish());
    for (const Place& place : places_) {
      out.rows.columns.push_back(place.from_key ? without_tombstones((*keys)[place.index], out.tombstone)
                                                : values[place.index]);
    }
    out.rows.rows = kept.size();
    if (spec_.event_time) {
      const types::Column& times = *out.rows.columns[static_cast<std::size_t>(*spec_.event_time)];
      for (std::size_t row = 0; times.may_have_nulls() && row < kept.size(); ++row) {
        out.null_event_times += times.is_null(row) ? 1 : 0;
      }
    }
    return out;
  }

 private:
  base::Result<Place> find(const types::Field& column) {
    const std::string top = column.name.substr(0, column.name.find('.'));
    const bool in_value =
        reader_.root().kind != avro::Kind::kRecord || reader_.root().find_field(top) != nullptr;
    const bool is_key =
        std::find(spec_.key_columns.begin(), spec_.key_columns.end(), column.name) != spec_.key_columns.end();
    if (in_value || !spec_.key_from_record || !is_key) {
      value_columns_.push_back(column);
      return Place{false, value_columns_.size() - 1};
    }
    const auto& fields = keys_->fields();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const bool the_key_itself = fields.size() == 1 && fields[i].name.empty();
      if (fields[i].name != column.name && !the_key_itself) continue;
      if (fields[i].type == column.type) return Place{true, i};
      return base::terminal(
          "SchemaNotResolvable",
          fmt::format("dataset {}: key column '{}' is {} in the plan and {} in the record key", spec_.dataset,
                      column.name, types::to_string(column.type), types::to_string(fields[i].type)));
    }
    return base::terminal("SchemaNotResolvable",
                          fmt::format("dataset {}: key column '{}' is neither in the value's "
                                      "schema nor in the record key",
                                      spec_.dataset, column.name));
  }

  std::string shown_key(const Record& record) const { return spec_.hide_key ? "•••" : key_text(*record.key); }

  base::Error not_decoded(int partition, const Record& record, std::string_view why) {
    bad_ = BadRecord{record.offset, std::string(why)};
    return base::row_error(
        "RecordNotDecoded",
        fmt::format("dataset {}: the record at offset {} of topic '{}', partition {}, {} does not "
                    "decode: {}",
                    spec_.dataset, record.offset, spec_.topic, partition,
                    record.key ? "key " + shown_key(record) : "without key", why));
  }

  // An error that is not the record's: where it came up.
  base::Error at(base::Error error, int partition, const Record& record) const {
    return std::move(error).in(fmt::format("dataset {}: topic '{}', partition {}, offset {}", spec_.dataset,
                                           spec_.topic, partition, record.offset));
  }

  base::Result<avro::Decoder*> decoder_for(int id) {
    if (const auto known = decoders_.find(id); known != decoders_.end()) return &known->second;
    auto writer = schemas_.get(id);
    if (!writer) return std::move(writer).error();
    auto compiled = avro::Decoder::compile(*writer, value_columns_, reader_);
    if (!compiled) return std::move(compiled).error().in(fmt::format("schema {}", id));
    return &decoders_.emplace(id, std::move(compiled).value()).first->second;
  }

  // Runs of records with one schema are decoded in one call.
  base::Status decode_values(int partition, const std::vector<const Record*>& kept,
                             std::vector<types::ColumnBuilder>& builders) {
    std::vector<std::string_view> run;
    std::vector<avro::DecodeFailure> failures;
    for (std::size_t i = 0; i < kept.size();) {
      if (!kept[i]->value) {
        for (auto& builder : builders) builder.append_null();
        ++i;
        continue;
      }
      auto framed = avro::split_frame(*kept[i]->value);
      if (!framed) return not_decoded(partition, *kept[i], framed.error().message);
      auto decoder = decoder_for(static_cast<int>(framed->schema_id));
      if (!decoder) return at(std::move(decoder).error(), partition, *kept[i]);
      const std::size_t first = i;
      run.clear();
      for (; i < kept.size() && kept[i]->value && avro::is_framed(*kept[i]->value); ++i) {
        const auto next = avro::split_frame_unchecked(*kept[i]->value);
        if (next.schema_id != framed->schema_id) break;
        run.push_back(next.payload);
      }
      (*decoder)->decode(run, builders, failures);
      if (!failures.empty()) {
        return not_decoded(partition, *kept[first + failures.front().record], failures.front().error.message);
      }
    }
    return {};
  }

  base::Result<std::vector<types::ColumnPtr>> decode_keys(int partition,
                                                          const std::vector<const Record*>& kept) {
    std::vector<types::ColumnPtr> nothing;
    if (!keys_) return nothing;
    if (kept.empty()) {
      for (const auto& field : keys_->fields()) nothing.push_back(types::Column::nulls(field.type, 0));
      return nothing;
    }
    std::vector<std::optional<std::string_view>> keys;
    keys.reserve(kept.size());
    for (const Record* record : kept) keys.push_back(record->key);
    std::optional<KeyFailure> failure;
    auto columns = keys_->read(keys, failure);
    if (!columns) return at(std::move(columns).error(), partition, *kept.front());
    if (failure) return not_decoded(partition, *kept[failure->record], "key: " + failure->error.message);
    return columns;
  }

  // A tombstone's row is all NULL, also where a column comes from the key.
  static types::ColumnPtr without_tombstones(const types::ColumnPtr& column,
                                             const std::vector<std::uint8_t>& tombstone) {
    if (std::find(tombstone.begin(), tombstone.end(), 1) == tombstone.end()) return column;
    types::ColumnBuilder builder(column->type());
    for (std::size_t row = 0; row < column->size(); ++row) {
      if (tombstone[row] != 0) {
        builder.append_null();
      } else {
        builder.append_from(*column, row);
      }
    }
    return builder.finish();
  }

  const DecodeSpec spec_;
  const avro::Schema reader_;
  WriterSchemas schemas_;
  std::unique_ptr<RecordKeyReader> keys_;  // where keys are read at all
  std::vector<types::Field> value_columns_;
  std::vector<Place> places_;  // of the wanted columns
  std::map<int, avro::Decoder> decoders_;
  std::optional<BadRecord> bad_;
};

}  // namespace

base::Result<std::unique_ptr<RecordDecoder>> RecordDecoder::create(DecodeSpec spec) {
  auto reader = avro::parse(spec.reader_schema);
  if (!reader) return std::move(reader).error().in(fmt::format("dataset {}: reader schema", spec.dataset));
  auto decoder = std::make_unique<AvroRecordDecoder>(std::move(spec), std::move(reader).value());
  if (auto prepared = decoder->prepare(); !prepared) return std::move(prepared).error();
  return std::unique_ptr<RecordDecoder>(std::move(decoder));
}

}  // namespace offtake::sources
