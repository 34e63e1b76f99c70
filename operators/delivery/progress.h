// What a running revision reports about itself: written by the delivery, read by the worker's status page.
// Thread-safe. Numbers that only grow never run backwards within one attempt.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "operators/targets/target.h"

namespace offtake::delivery {

enum class State { kStarting, kFilling, kIndexing, kVerifying, kCatchingUp, kLive, kStalled, kEnded };
std::string_view to_string(State state);
base::Result<State> state_from(std::string_view text);

struct Stall {
  std::string reason;  // RecordNotDecoded, RowError, KeyNotUnique, MemoryExceeded, DiskFull …
  std::string message;
  base::Micros since = 0;
  // It stands until the place was passed (an epoch committed, a fill completed): what is tried meanwhile will
  // most likely end there again.
  bool lasting = false;
};

struct ProgressSnapshot {
  State state = State::kStarting;
  std::optional<Stall> stall;
  std::int64_t records_read = 0, records_total = 0;  // of the fill: up to the cut
  std::int64_t bytes_read = 0;
  std::int64_t rows_loaded = 0;
  base::Micros fill_started = 0, fill_completed = 0;
  std::int64_t epoch = 0, epochs_committed = 0, records_live = 0;
  base::Micros complete_through = 0;
  base::Micros last_commit = 0;
  std::int64_t lag_records = 0;
  types::Checksum content;
  bool published = false;  // this revision is the one readers see
  std::int64_t verified_rows = -1;
  std::uint64_t verified_checksum = 0;
  base::Micros verified_at = 0;
  targets::SourceOffsets offsets, cut;
  std::int64_t state_bytes = 0;
  std::int64_t skipped_nulls = 0;
  std::int64_t null_event_times = 0;  // rows outside of every history window
  // Of the ledger: parked for themselves, waiting behind one of their key, left out for good; rows in error
  // and keys that are claimed twice.
  std::int64_t parked = 0, parked_waiting = 0, retrying = 0, discarded = 0, error_rows = 0;
  // The last checkpoint that can be restored, and how many this worker wrote or could not write.
  base::Micros checkpoint_at = 0;
  std::int64_t checkpoint_epoch = 0, checkpoint_bytes = 0;
  std::int64_t checkpoints_written = 0, checkpoints_failed = 0;
  // Entity datasets of which a key was read from more than one partition; those of which none was.
  std::set<std::string> keys_span_partitions, keys_in_one_partition;
  std::vector<std::string> warnings;  // HistoryTruncated and the like, once each
  // Who has kept the swap from its locks for more than a minute: "pid 4711 of reader: SELECT …".
  std::string swap_blocked_by;
};

class Progress {
 public:
  void update(const std::function<void(ProgressSnapshot&)>& change) {
    std::lock_guard lock(mutex_);
    change(snapshot_);
  }
  // What is away shows as the stall while there is no other.
  ProgressSnapshot read() const;
  // A lasting stall stays; others end when something moves on.
  void set_state(State state) {
    update([&](ProgressSnapshot& s) {
      unstalled_ = state;
      if (s.stall && s.stall->lasting) return;
      s.state = state;
      s.stall.reset();
    });
  }
  // What keeps it from going on; the same reason keeps its first instant.
  void stall(const base::Error& error, base::Micros now);
  void clear_stall();
  // Into the log as well.
  void warn_once(const std::string& warning);
  // The store that `reader` (a number of the caller's) reads from does not answer; absent: it does. Kept
  // apart from the stall, which is an attempt's: reading goes on trying.
  void source_away(int reader, const std::optional<base::Error>& error, base::Micros now);

 private:
  mutable std::mutex mutex_;
  ProgressSnapshot snapshot_;
  std::map<int, Stall> away_;
  State unstalled_ = State::kStarting;  // what the state is without a stall
};

}  // namespace offtake::delivery
