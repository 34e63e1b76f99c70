#include "controlplane/view/column_widths.h"

#include <cmath>

#include "base/crypto/crypto.h"
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
  out.columns = facts.shape.columns;
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
  for (const auto& [name, bytes] : columns) out += bytes;
  return out;
}

Widths widths_of(const std::vector<types::Field>& columns) {
  Widths out;
  for (const types::Field& field : columns) {
    out.columns[field.name] = usual(field.type.id) + (field.nullable ? 1 : 0);
  }
  return out;
}

Widths widths_of(const std::vector<types::Field>& columns, const types::Batch& rows) {
  if (rows.rows == 0) return widths_of(columns);
  Widths out;
  out.records = static_cast<std::int64_t>(rows.rows);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const types::Column& column = *rows.columns[i];
    // Where a value may be absent a byte says which.
    double bytes = columns[i].nullable ? static_cast<double>(rows.rows) : 0;
    for (std::size_t row = 0; row < rows.rows; ++row) {
      if (!column.is_null(row)) bytes += encoded(column, row);
    }
    out.columns[columns[i].name] = bytes / static_cast<double>(rows.rows);
  }
  return out;
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
  return known != measured_.end() ? known->second.widths : widths_of(facts.shape.columns);
}

void ColumnWidths::measure(const std::string& key, const planning::DatasetFacts& facts) {
  Widths found = widths_of(facts.shape.columns);
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
    if (!rows->empty()) found = widths_of(facts.shape.columns, types::Batch::concatenate(*rows));
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
