// Records to columns: Confluent framing, the writer's schema by its id, just the wanted columns; record keys
// to identities. One decoder serves one reading thread; it keeps a compiled program per writer schema.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "operators/engine/dataflow.h"
#include "operators/sources/event_store.h"
#include "schemas/types/type.h"

namespace offtake::sources {

struct DecodeSpec {
  std::string dataset, topic;  // for messages
  bool entity = false;
  std::vector<types::Field> columns;     // wanted, in order (plan::SourceUse::columns)
  std::string reader_schema;             // Avro text: the version in the plan
  std::map<int, std::string> schemas;    // writer schemas known beforehand
  std::string key_format;                // "", Avro, String, Int32, Int64, UUID; "" = raw bytes
  std::string key_schema;                // Avro text of the key, when key_format is Avro and it is known
  std::vector<std::string> key_columns;  // the declared key
  // Event datasets: records with an earlier timestamp are left out (plan::SourceUse::min_timestamp_ms).
  std::optional<std::int64_t> min_timestamp_ms;
  std::optional<int> event_time;  // the column among `columns` whose NULLs are counted
  bool hide_key = false;          // record keys are classified: messages do not show them
  bool key_from_record = false;   // wanted columns that the value lacks are taken from the record key
  // A writer schema that is not known yet. Waiting or transient errors are passed on: the record is not bad,
  // its schema is not to be had.
  std::function<base::Result<std::string>(int id)> fetch_schema;
};

// Of a record: what tells its key apart from others, and the key as messages show it.
struct RecordKey {
  std::string digest, text;
};
// The record of which decode() said RecordNotDecoded. `why` holds no value.
struct BadRecord {
  Offset offset = 0;
  std::string why;
};

class RecordDecoder {
 public:
  // Errors: the reader schema does not parse, a wanted column is not in it.
  static base::Result<std::unique_ptr<RecordDecoder>> create(DecodeSpec spec);
  virtual ~RecordDecoder() = default;
  // All records of the batch, without those that have no value on an event dataset (skipped). Entity:
  // tombstones become rows of NULLs with tombstone = 1. RecordNotDecoded (row) names topic, partition,
  // offset, key and field.
  virtual base::Result<engine::SourceBatch> decode(const RecordBatch& records) = 0;
  // Of the last decode().
  virtual const std::optional<BadRecord>& bad_record() const = 0;
  // By the decoded key where it is an entity's identity and can be read, else by its bytes; nothing for a
  // record without key.
  virtual std::optional<RecordKey> key_of(const Record& record) = 0;
};

}  // namespace offtake::sources
