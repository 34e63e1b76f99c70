#include "controlplane/view/column_widths.h"

#include <algorithm>
#include <cmath>

#include "base/crypto/crypto.h"
#include "controlplane/sql/fields.h"
#include "operators/sources/decode.h"

namespace offtake::view {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::minutes kAge = 1h, kAgain = 1min;  // of what was measured, of what could not be
constexpr std::size_t kMostKept = 5'000;
constexpr sources::Offset kSample = 200;

// Of the types alone, as they usually are.
double usual(types::TypeId id) {
  using enum types::TypeId;
  switch (id) {
    case kBoolean:
      return 1;
    case kInt4:
    case kDate:
      return 3;
    case kInt8:
    case kTime:
      return 5;
    case kFloat4:
      return 4;
    case kFloat8:
      return 8;
    case kNumeric:
      return 6;
    case kTimestamp:
    case kTimestampTz:
      return 8;
    case kInterval:
      return 12;
    case kUuid:
      return 37;
    case kText:
    case kBytea:
      return 16;
    default:
      return 64;
  }
}

double varint(std::int64_t value) {
  auto zigzag = static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
  double bytes = 1;
  for (; zigzag >= 0x80; zigzag >>= 7) ++bytes;
  return bytes;
}

double encoded(const types::Column& column, std::size_t row) {
  using enum types::Physical;
  switch (column.physical()) {
    case kInt32:
      return varint(column.values<std::int32_t>()[row]);
    case kInt64:
      return varint(column.values<std::int64_t>()[row]);
    case kString: {
      const double size = static_cast<double>(column.text(row).size());
      return size + varint(static_cast<std::int64_t>(size));
    }
    case kNumeric:
      // A digit takes 3.32 bits.
      return 2 + std::floor(static_cast<double>(types::value_text(column, row).size()) * 3.32 / 8);
    default:
      return usual(column.type().id);
  }
}

// Every column, and of a record that opens what is within it: `leaf` for what has no fields, in the order of
// the schema; `record` for those that have, behind their fields.
template <class Leaf, class Record>
void each_within(const types::Field& field, bool open, const Leaf& leaf, const Record& record) {
  const auto* fields = open ? sql::fields_of(field.type) : nullptr;
  if (fields == nullptr) return leaf(field);
  for (const types::Field& inner : *fields) {
    each_within({field.name + "." + inner.name, inner.type, inner.nullable}, true, leaf, record);
  }
  record(field, *fields);
}

template <class Leaf>
void each_leaf(const sql::DatasetSchema& schema, const Leaf& leaf) {
  const auto nothing = [](const types::Field&, const std::vector<types::Field>&) {};
  for (const types::Field& column : schema.columns)
    each_within(column, sql::opens(schema, column), leaf, nothing);
}

template <class Width>
Widths summed(const sql::DatasetSchema& schema, std::int64_t records, const Width& width) {
  Widths out;
  out.records = records;
  const auto leaf = [&](const types::Field& field) { out.columns[field.name] = width(field); };
  const auto record = [&](const types::Field& field, const std::vector<types::Field>& fields) {
    double bytes = field.nullable ? 1 : 0;
    for (const types::Field& inner : fields) bytes += out.columns[field.name + "." + inner.name];
    out.columns[field.name] = bytes;
  };
  for (const types::Field& column : schema.columns)
    each_within(column, sql::opens(schema, column), leaf, record);
  return out;
}

std::string key_of(const planning::DatasetFacts& facts) {
  // A schema that is not registered yet has no id.
  const std::string schema =
      facts.schema.id > 0 ? std::to_string(facts.schema.id) : crypto::sha256_hex(facts.schema.text);
  return fmt::format("{}/{} {}", facts.store_resource.metadata.name, facts.dataset.spec.source.topic, schema);
}

sources::DecodeSpec decode_spec(const planning::DatasetFacts& facts) {
  const auto& spec = facts.dataset.spec;
  sources::DecodeSpec out;
  out.dataset = facts.dataset.metadata.key();
  out.topic = spec.source.topic;
  out.columns = measured_columns(facts.shape);
  out.reader_schema = facts.schema.text;
  if (facts.shape.key_in_value) return out;
  out.key_from_record = true;
  out.key_columns = facts.shape.key;
  out.key_schema = facts.key_schema;
  const auto& format = spec.key->format;
  out.key_format = std::string(resources::text_of(format.value_or(resources::RecordKeyFormat::kAvro)));
  return out;
}

// The newest records of the fullest partition.
base::Result<std::vector<types::Batch>> sample(sources::EventStore& store, const std::string& topic,
                                               sources::RecordDecoder& decoder) {
  auto bounds = store.bounds(topic);
  if (!bounds) return std::move(bounds).error();
  int fullest = -1;
  sources::Offset most = 0;
  for (const auto& [partition, bound] : *bounds) {
    if (bound.last_stable - bound.earliest <= most) continue;
    fullest = partition;
    most = bound.last_stable - bound.earliest;
  }
  std::vector<types::Batch> out;
  if (fullest < 0) return out;
  const sources::PartitionBounds& bound = bounds->at(fullest);
  auto reader = store.read(topic, {{fullest, std::max(bound.earliest, bound.last_stable - kSample)}},
                           {{fullest, bound.last_stable}}, {});
  if (!reader) return std::move(reader).error();
  const auto deadline = std::chrono::steady_clock::now() + 2s;
  while (!(*reader)->finished() && std::chrono::steady_clock::now() < deadline) {
    auto records = (*reader)->poll(100ms);
    if (!records) return std::move(records).error();
    if (!records->has_value()) continue;
    auto decoded = decoder.decode(**records);
    // A record that cannot be read is somebody else's to report.
    if (decoded) out.push_back(std::move(decoded->rows));
  }
  return out;
}

}  // namespace

double Widths::whole() const {
  double out = 0;
  for (const auto& [name, bytes] : columns) out += name.find('.') == std::string::npos ? bytes : 0;
  return out;
}

double Widths::of(const std::vector<std::string>& paths) const {
  double out = 0;
  for (const std::string& path : paths) {
    const bool counted = std::any_of(paths.begin(), paths.end(), [&](const std::string& other) {
      return other != path && sql::is_within(path, other);
    });
    const auto known = columns.find(path);
    if (!counted && known != columns.end()) out += known->second;
  }
  return out;
}

std::vector<types::Field> measured_columns(const sql::DatasetSchema& schema) {
  std::vector<types::Field> out;
  each_leaf(schema, [&](const types::Field& leaf) { out.push_back(leaf); });
  return out;
}

Widths widths_of(const sql::DatasetSchema& schema) {
  return summed(schema, 0,
                [](const types::Field& leaf) { return usual(leaf.type.id) + (leaf.nullable ? 1 : 0); });
}

Widths widths_of(const sql::DatasetSchema& schema, const types::Batch& rows) {
  if (rows.rows == 0) return widths_of(schema);
  std::size_t next = 0;
  return summed(schema, static_cast<std::int64_t>(rows.rows), [&](const types::Field& leaf) {
    const types::Column& column = *rows.columns[next++];
    // Where a value may be absent a byte says which.
    double bytes = leaf.nullable ? static_cast<double>(rows.rows) : 0;
    for (std::size_t row = 0; row < rows.rows; ++row) {
      if (!column.is_null(row)) bytes += encoded(column, row);
    }
    return bytes / static_cast<double>(rows.rows);
  });
}

Widths ColumnWidths::of(const planning::DatasetFacts& facts) {
  const std::string key = key_of(facts);
  {
    std::lock_guard lock(mutex_);
    const auto known = measured_.find(key);
    if (known != measured_.end()) {
      const auto age = clock_.steady() - known->second.at;
      if (age < (known->second.widths.records > 0 ? kAge : kAgain)) return known->second.widths;
    }
  }
  threads_.run(facts.store_resource.metadata.name, key, catalog::StoreThreads::Order::kSoon,
               [this, key, facts] { measure(key, facts); });
  std::lock_guard lock(mutex_);
  const auto known = measured_.find(key);
  return known != measured_.end() ? known->second.widths : widths_of(facts.shape);
}

void ColumnWidths::measure(const std::string& key, const planning::DatasetFacts& facts) {
  Widths found = widths_of(facts.shape);
  const auto tried = [&]() -> base::Status {
    auto store = platform_.event_store(facts.store_resource);
    if (!store) return std::move(store).error();
    auto registry = platform_.registry_of(facts.store_resource);
    if (!registry) return std::move(registry).error();
    sources::DecodeSpec spec = decode_spec(facts);
    spec.fetch_schema = [client = *std::move(registry)](int id) { return client->text_by_id(id); };
    auto decoder = sources::RecordDecoder::create(std::move(spec));
    if (!decoder) return std::move(decoder).error();
    auto rows = sample(**store, facts.dataset.spec.source.topic, **decoder);
    if (!rows) return std::move(rows).error();
    if (!rows->empty()) found = widths_of(facts.shape, types::Batch::concatenate(*rows));
    return {};
  }();
  // Where it failed the types still tell; the store's own condition says why it does not answer.
  std::lock_guard lock(mutex_);
  if (measured_.size() > kMostKept) measured_.clear();
  Measured& kept = measured_[key];
  if (tried || kept.widths.records == 0) kept.widths = std::move(found);
  kept.at = clock_.steady();
}

}  // namespace offtake::view
