#include "tests/unit/engine/feeder.h"

#include <doctest/doctest.h>

namespace offtake::engine::testing {

types::Batch batch_of(const std::vector<types::Field>& fields, const std::vector<const Record*>& records) {
  types::Batch out;
  out.rows = records.size();
  for (std::size_t column = 0; column < fields.size(); ++column) {
    types::ColumnBuilder builder(fields[column].type);
    for (const Record* record : records) {
      if (record->tombstone || !record->values[column].has_value()) {
        builder.append_null();
      } else {
        REQUIRE(types::append_parsed(builder, *record->values[column]).ok());
      }
    }
    out.columns.push_back(builder.finish());
  }
  return out;
}

std::optional<std::string> Feeder::value(const types::Type& type, int column) {
  const auto pick = [&](std::initializer_list<const char*> values) -> std::string {
    return *(values.begin() + random_() % values.size());
  };
  if (random_() % 6 == 0) return std::nullopt;
  switch (type.id) {
    case types::TypeId::kInt4:
    case types::TypeId::kInt8:
      return std::to_string(static_cast<int>(random_() % (column == 0 ? 12 : 5)) - 1);
    case types::TypeId::kNumeric:
      return pick({"1", "1.0", "1.00", "2.5", "2.50", "-3", "0", "0.00",
                   "12345678901234567890123456789012345678901"});
    case types::TypeId::kFloat8:
      return pick({"0", "-0", "1.5", "-2.25", "1024", "NaN"});
    case types::TypeId::kInterval:
      return pick({"1 mon", "30 days", "1 day", "24:00:00"});
    case types::TypeId::kJsonb:
      return pick({"1", "1.0", "{\"a\": 1}", "{\"a\": 1.0}", "[]"});
    default:
      return pick({"a", "b", "", "a text longer than twelve bytes", "a text longer than twelve bytez"});
  }
}

Record Feeder::make(int source) {
  const plan::SourceUse& use = plan_.sources[static_cast<std::size_t>(source)];
  Source& state = sources_[static_cast<std::size_t>(source)];
  Record record;
  record.partition = static_cast<int>(random_() % 3);
  record.offset = state.next_offset[record.partition]++;
  record.timestamp_ms = static_cast<std::int64_t>(random_() % 50);
  const auto number = random_() % 15;
  record.identity = "k" + std::to_string(number);
  record.tombstone = use.kind == plan::SourceUse::Kind::kEntity && random_() % 4 == 0;
  for (std::size_t i = 0; i < use.columns.size(); ++i) {
    record.values.push_back(value(use.columns[i].type, static_cast<int>(i)));
  }
  if (use.kind != plan::SourceUse::Kind::kEntity) return record;
  // The first column of an entity is its key. Some record keys are its bytes, some are not; and now and then
  // one shows another's.
  record.values[0] = std::to_string(random_() % 8 == 0 ? random_() % 15 : number);
  if (number % 3 != 0) {
    types::ColumnBuilder key(use.columns[0].type);
    REQUIRE(types::append_parsed(key, std::to_string(number)).ok());
    record.identity.clear();
    types::append_canonical(*key.finish(), 0, record.identity);
  }
  return record;
}

void Feeder::push(Dataflow& dataflow, int source, const std::vector<Record>& records) {
  const plan::SourceUse& use = plan_.sources[static_cast<std::size_t>(source)];
  Source& state = sources_[static_cast<std::size_t>(source)];
  std::map<int, std::vector<const Record*>> by_partition;
  for (const Record& record : records) by_partition[record.partition].push_back(&record);
  for (const auto& [partition, rows] : by_partition) {
    SourceBatch batch;
    batch.partition = partition;
    batch.rows = batch_of(use.columns, rows);
    types::ColumnBuilder identity{types::Type(types::TypeId::kBytea)};
    for (const Record* record : rows) {
      batch.offsets.push_back(record->offset);
      batch.timestamps_ms.push_back(record->timestamp_ms);
      if (use.kind == plan::SourceUse::Kind::kEntity) {
        identity.append_text(record->identity);
        batch.tombstone.push_back(record->tombstone ? 1 : 0);
      }
    }
    if (use.kind == plan::SourceUse::Kind::kEntity) batch.identity = identity.finish();
    REQUIRE(dataflow.push(source, batch).ok());
  }
  for (const Record& record : records) {
    if (use.kind == plan::SourceUse::Kind::kEvent) {
      state.events.push_back(record);
    } else {
      Record& kept = state.latest[record.identity].try_emplace(record.partition, record).first->second;
      if (record.offset >= kept.offset) kept = record;
    }
  }
}

void Feeder::push_random(Dataflow& dataflow, std::size_t count) {
  while (count > 0) {
    const int source = static_cast<int>(random_() % sources_.size());
    std::vector<Record> records;
    for (std::size_t n = 1 + random_() % 8; n > 0 && count > 0; --n, --count) records.push_back(make(source));
    push(dataflow, source, records);
  }
}

std::map<std::string, std::vector<const Record*>> Feeder::rows_by_key(std::size_t source) const {
  std::map<std::string, std::vector<const Record*>> out;
  for (const auto& [identity, partitions] : sources_[source].latest) {
    const Record* winner = nullptr;
    for (const auto& [partition, record] : partitions) {
      if (winner == nullptr || record.timestamp_ms >= winner->timestamp_ms) winner = &record;
    }
    if (!winner->tombstone) out[*winner->values[0]].push_back(winner);
  }
  return out;
}

std::vector<types::Batch> Feeder::relations() const {
  std::vector<types::Batch> out;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    std::vector<const Record*> rows;
    for (const Record& record : sources_[i].events) rows.push_back(&record);
    for (const auto& [key, records] : rows_by_key(i)) {
      if (records.size() == 1) rows.push_back(records.front());
    }
    out.push_back(batch_of(plan_.sources[i].columns, rows));
  }
  return out;
}

std::size_t Feeder::violated_keys() const {
  std::size_t out = 0;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    for (const auto& [key, records] : rows_by_key(i)) out += records.size() > 1 ? 1 : 0;
  }
  return out;
}

}  // namespace offtake::engine::testing
