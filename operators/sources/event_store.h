// An event store: topics, partitions, offsets. Two implementations: kafka/ and embedded/.
//
// Offsets are positions in a partition; an offset vector is "one past the last record", one a partition.
// Nothing here uses consumer groups: positions live in the target, with the rows.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace offtake::sources {

using Offset = std::int64_t;
using OffsetVector = std::map<int, Offset>;  // partition -> next offset to read

enum class CleanupPolicy { kDelete, kCompact, kCompactAndDelete };

struct TopicDescription {
  std::string topic;
  std::string topic_id;  // changes when a topic is deleted and made again; empty where the store has none
  int partitions = 0;
  CleanupPolicy cleanup = CleanupPolicy::kDelete;
  std::int64_t retention_ms = -1;     // -1 for ever
  std::int64_t retention_bytes = -1;  // -1 without limit
  std::int64_t delete_retention_ms = 86'400'000;
  // A compacted topic whose store does not compact in this version: every record is kept, and recovery may
  // count on it as on `delete` without retention.
  bool kept_whole = false;
};

struct TopicSpec {
  std::string topic;
  int partitions = 1;
  int replicas = 1;
  CleanupPolicy cleanup = CleanupPolicy::kDelete;
  std::int64_t retention_ms = -1;
};

struct PartitionBounds {
  Offset earliest = 0;     // log start
  Offset last_stable = 0;  // one past the last record that a read_committed reader may see now
  Offset high_watermark = 0;
};

// One record; the views live as long as the RecordBatch they came in.
struct Record {
  Offset offset = 0;
  std::int64_t timestamp_ms = 0;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  // absent: a tombstone
};

// Records of one partition in offset order. `position` is where reading goes on after them: it also moves
// over aborted and control records, and a batch may hold no record and still move it.
struct RecordBatch {
  int partition = 0;
  std::vector<Record> records;
  Offset position = 0;
  std::shared_ptr<const void> owner;  // keeps the bytes alive
  std::size_t bytes = 0;
};

struct ReadOptions {
  std::size_t max_batch_records = 8192;
  std::size_t max_buffered_bytes = 8 << 20;  // read ahead, over all partitions
};

// Reads a set of partitions of one topic; one thread calls it.
class Reader {
 public:
  virtual ~Reader() = default;
  // Waits up to `timeout` for some records; an empty optional when there was nothing. A partition with an
  // `until` offset ends there: no record at or past it is ever returned. Errors: transient ones are retried
  // inside and surface after a minute; OffsetOutOfRange is terminal (retention removed what was asked for).
  virtual base::Result<std::optional<RecordBatch>> poll(std::chrono::milliseconds timeout) = 0;
  // Where the next record of each partition will come from.
  virtual OffsetVector positions() const = 0;
  // Whether every partition that has an `until` reached it; never for a reader without any `until`.
  virtual bool finished() const = 0;
  // Set while the store has not answered for some seconds; poll goes on trying and gives up after a minute.
  virtual std::optional<base::Error> away() const { return std::nullopt; }
  // Adds a partition found later, from `from`.
  virtual base::Status add_partition(int partition, Offset from) = 0;
};

// One record to write. Partition by the key's hash (murmur2, as Kafka's clients) unless given.
struct NewRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::optional<int> partition;
  std::optional<std::int64_t> timestamp_ms;  // default: now
};

struct WrittenRecord {
  int partition = 0;
  Offset offset = 0;
};

// How long a transaction may stay open: the store then aborts it by itself, so that a writer that stands
// still holds nobody's readers for longer.
inline constexpr std::chrono::seconds kTransactionTimeout{60};

// Writes records of several topics that are seen together or not at all (read_committed), under a
// transactional id: whoever opens a producer with it ends what an earlier one had open and lets it commit no
// more. What a new producer reads of the topics, to their high watermark, is therefore final: nothing of an
// earlier one comes behind it.
//
// One thread at a time. Errors: fenced (another one was opened, or the store gave this one up);
// RecordTooLarge, TopicMissing, PartitionMissing and such as of append; TransactionAborted (transient:
// nothing was written, the same may be tried again); OutcomeUnknown (transient: the commit got no answer).
// After fenced and OutcomeUnknown, and whenever !usable(), only a new producer helps, and what it reads tells
// what became of the transaction.
class TransactionalProducer {
 public:
  virtual ~TransactionalProducer() = default;  // aborts what is open
  // Within a transaction, which the first call begins. On an error it is aborted.
  virtual base::Status append(const std::string& topic, std::span<const NewRecord> records) = 0;
  // Durable and seen by readers when it returns. Without a transaction nothing happens.
  virtual base::Status commit() = 0;
  // Nothing of it is ever seen. Without a transaction nothing happens.
  virtual void abort() = 0;
  virtual bool usable() const = 0;
};

// Thread-safe. Readers and batches keep what they need; a store may go before them.
class EventStore {
 public:
  virtual ~EventStore() = default;

  virtual base::Status ping() = 0;  // reachable and authenticated; the error says which is not
  // Code TopicMissing (waiting) when there is none.
  virtual base::Result<TopicDescription> describe(const std::string& topic) = 0;
  virtual base::Status create_topic(const TopicSpec& spec) = 0;     // TopicExists when there is one
  virtual base::Status delete_topic(const std::string& topic) = 0;  // gone already = success
  virtual base::Result<std::vector<std::string>> list_topics() = 0;
  virtual base::Result<std::map<int, PartitionBounds>> bounds(const std::string& topic) = 0;
  // For each partition the first offset whose timestamp is at or after `instant`; the last stable offset
  // where there is none ("the cut", never "whatever the end is later").
  virtual base::Result<OffsetVector> offsets_for_time(const std::string& topic, base::Micros instant) = 0;
  // Timestamp of the first kept record of each partition; absent for an empty one.
  virtual base::Result<std::map<int, std::int64_t>> earliest_timestamps(const std::string& topic) = 0;
  // From a vector to a vector (`until` empty: without end). Only committed records are returned.
  virtual base::Result<std::unique_ptr<Reader>> read(const std::string& topic, const OffsetVector& from,
                                                     const OffsetVector& until,
                                                     const ReadOptions& options) = 0;
  // All or nothing and durable when it returns (embedded: a synced group commit; Kafka: a transaction is
  // not opened, acks=all).
  virtual base::Result<std::vector<WrittenRecord>> append(const std::string& topic,
                                                          std::span<const NewRecord> records) = 0;
  // Where the store does not compact by itself (TopicDescription::kept_whole): the latest record of each key
  // is written once more at the end, and the log begins there; tombstones are gone. Elsewhere nothing
  // happens. For topics whose readers know that.
  virtual base::Status rewrite_compacted(const std::string&) { return {}; }
  // Fences every producer that was opened with the same id before.
  virtual base::Result<std::unique_ptr<TransactionalProducer>> open_producer(
      const std::string& transactional_id) = 0;
};

// How to reach a store; secrets are resolved into it by the caller (files, never argv or env).
struct KafkaConnection {
  std::vector<std::string> bootstrap_servers;
  bool tls = false;
  std::string ca_pem;          // empty: the system's
  std::string sasl_mechanism;  // PLAIN, SCRAM-SHA-256, SCRAM-SHA-512; empty: none
  std::string username, password;
  std::map<std::string, std::string> properties;
};

}  // namespace offtake::sources
