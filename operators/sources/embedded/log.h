// The embedded event log: topics of partitions of records in one RocksDB under the data directory.
//
// Promises: what append() returned is in a synced write-ahead log; a reader sees exactly what was
// acknowledged, each append whole; one writer process at a time (RocksDB's lock). Thread-safe.
// EventStore over it: store.h.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "operators/sources/embedded/committer.h"
#include "operators/sources/embedded/database.h"
#include "operators/sources/embedded/topic.h"
#include "operators/sources/event_store.h"

namespace offtake::sources::embedded {

struct LogOptions {
  std::string dir;
  std::size_t memtable_bytes = 8 << 20;
  std::size_t cache_bytes = 4 << 20;
  // Appends are refused below this much free space, so that what is there can still be kept in order;
  // default: a twentieth of the disk, between 16 and 256 MiB.
  std::optional<std::uint64_t> reserved_bytes;
  const base::Clock* clock = nullptr;  // default: the machine's; outlives the log
};

// A record to append; the views live during the call.
struct NewRecordView {
  std::optional<std::string_view> key, value;
  int partition = -1;              // below 0: by the key's hash, or without key one for the whole append
  std::int64_t timestamp_ms = -1;  // below 0: now
};

// Records of one append in one partition: consecutive, in the order they were given.
struct AppendedRange {
  int partition = 0;
  Offset first = 0;
  std::uint32_t count = 0;
};

struct Appended {
  std::vector<AppendedRange> ranges;  // by partition
  std::vector<int> partitions;        // of each record as given
};

// Records made ready for their partitions; nothing is written yet.
struct Dealt {
  TopicAppend append;
  std::vector<int> partitions;  // of each record as given
};

// Who may commit under a transactional id: the producer that was opened last. Held over a commit, so that
// nothing of an earlier producer comes after a later one is there.
struct TransactionalId {
  std::mutex mutex;
  std::uint64_t opened = 0;  // how often
};

class Log {
 public:
  static base::Result<std::unique_ptr<Log>> open(const LogOptions& options);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  base::Status create_topic(const TopicSpec& spec);                        // TopicExists, BadTopic
  base::Status delete_topic(const std::string& name);                      // gone already = success
  std::vector<std::string> topics() const;                                 // sorted
  base::Result<std::shared_ptr<Topic>> find(std::string_view name) const;  // TopicMissing

  // Codes TopicMissing, PartitionMissing, RecordTooLarge, RecordInFuture, DiskFull, LogUnavailable.
  base::Result<Appended> append(std::string_view topic, std::span<const NewRecordView> records);

  // The same in two steps, for transactions: `commit` writes all of it or nothing.
  base::Result<Dealt> deal(std::string_view topic, std::span<const NewRecordView> records);
  base::Status commit(std::span<TopicAppend> topics) { return committer_.append(topics); }
  std::shared_ptr<TransactionalId> transactional_id(const std::string& id);

  // Records of one partition from `from` on, up to but without `until`, whole blocks until one of the limits
  // is met. REQUIRES: from < until <= end. Codes LogDamaged, OffsetOutOfRange.
  base::Result<RecordBatch> read(const Topic& topic, int partition, Offset from, Offset until,
                                 std::size_t max_records, std::size_t max_bytes) const;

  // The first offset at or after the instant; the end of the partition where there is none.
  base::Result<Offset> offset_for_time(const Topic& topic, int partition, std::int64_t timestamp_ms) const;

  // See EventStore::rewrite_compacted. In memory while it runs: what is current of one partition.
  base::Status rewrite_compacted(std::string_view topic);

  // Drops what is older than each topic's retention: whole blocks from the front. Called every minute.
  base::Status apply_retention();

 private:
  Log(const LogOptions& options, std::unique_ptr<Database> database);
  base::Status load();
  base::Status load_partition(Topic& topic, int partition);
  // Takes out what a write left behind that had been answered with an error.
  base::Status remove_unacknowledged();
  base::Status remove_unacknowledged(Topic& topic, int partition);
  base::Result<std::optional<Offset>> first_block_at(const Topic& topic, int partition,
                                                     std::int64_t timestamp_ms) const;
  base::Status rewrite_compacted(Topic& topic, int partition);
  base::Status drop_before(Topic& topic, int partition, std::int64_t cutoff_ms);
  void keep_retention();

  const std::string dir_;
  const base::Clock& clock_;
  const std::unique_ptr<Database> database_;
  mutable std::shared_mutex topics_mutex_;
  std::map<std::string, std::shared_ptr<Topic>, std::less<>> topics_;
  std::atomic<std::uint32_t> next_keyless_ = 0;
  std::mutex ids_mutex_;
  std::map<std::string, std::shared_ptr<TransactionalId>> ids_;  // one a product's revision
  Committer committer_;
  std::mutex stop_mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread retention_;
};

}  // namespace offtake::sources::embedded
