// The reading side: one thread a source polls, decodes and queues; one consumer takes batches in arrival
// order. Also looks, once a second, at where the sources end (for completeThrough) and, every 30 s, for new
// partitions.
//
// A store that is away, or a writer schema that is not to be had, is waited for: the thread reports trouble
// and goes on by itself, after making sure that the topic is still the one it was reading. What cannot be
// decoded holds its partition back; the others flow.
#pragma once
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "operators/delivery/channel.h"
#include "operators/delivery/parking.h"
#include "operators/delivery/pipeline.h"

namespace offtake::delivery {

// Decoded records of one partition and where reading goes on after them.
struct InputBatch {
  int source = 0;
  engine::SourceBatch rows;
  int partition = 0;
  sources::Offset position = 0;
  std::optional<targets::RecordStamp> last;  // absent when the batch held no record
  std::size_t records = 0;
  std::size_t bytes = 0;
  std::size_t skipped_nulls = 0, null_event_times = 0;
  std::vector<ParkedRecord> parked;  // of its records, those that are left out from now on
};

// The sources ended at `ends` at `at`.
struct EndsObserved {
  base::Micros at = 0;
  targets::SourceOffsets ends;
};

// The thread of `source` has read up to its `until`.
struct SourceFinished {
  int source = 0;
};

// Something keeps (part of) `source` from being read; without an error: nothing does any more.
struct SourceTrouble {
  int source = 0;
  std::optional<base::Error> error;
};

// An error is final for its source.
using InputEvent = std::variant<InputBatch, EndsObserved, SourceFinished, SourceTrouble, base::Error>;

// Reads one source on the calling thread.
class SourceInput {
 public:
  // `stamps`: of the last records read before, by partition; what reopen() compares with at first.
  static base::Result<std::unique_ptr<SourceInput>> open(const Source& source, int index,
                                                         const sources::OffsetVector& from,
                                                         const sources::OffsetVector& until,
                                                         std::size_t buffered_bytes, const Parking& parking,
                                                         std::map<int, targets::RecordStamp> stamps = {});
  // poll() and decode() in one.
  base::Result<std::optional<InputBatch>> next(std::chrono::milliseconds timeout);
  base::Result<std::optional<sources::RecordBatch>> poll(std::chrono::milliseconds timeout);
  base::Result<InputBatch> decode(const sources::RecordBatch& records);
  bool finished() const { return reader_->finished(); }
  // Set while the store does not answer; next() goes on trying.
  std::optional<base::Error> away() const;
  // Adds partitions that the topic has grown, from the first record they have.
  base::Status look_for_partitions(Progress& progress);
  // After an outage: SourceReplaced (terminal) when the topic is not the one that was read before.
  base::Status check_same(std::stop_token stop) const;
  // After an error: a new reader from where this one is. Errors: as check_same.
  base::Status reopen(std::stop_token stop);
  const Source& source() const { return *source_; }

 private:
  SourceInput() = default;
  base::Result<std::unique_ptr<sources::Reader>> make_reader(const sources::OffsetVector& from) const;
  const Source* source_ = nullptr;
  int index_ = 0;
  sources::OffsetVector until_;
  sources::ReadOptions options_;
  std::map<int, targets::RecordStamp> stamps_;
  std::unique_ptr<sources::Reader> reader_;
  std::unique_ptr<sources::RecordDecoder> decoder_;
  std::optional<SourceParking> parking_;
};

// Tells the progress while the store of one reader is away. Of the reading thread.
class AwayReport {
 public:
  AwayReport(const Pipeline& pipeline, int reader) : pipeline_(pipeline), reader_(reader) {}
  ~AwayReport() { say(std::nullopt); }
  AwayReport(const AwayReport&) = delete;
  AwayReport& operator=(const AwayReport&) = delete;
  void look(const SourceInput& input) { say(input.away()); }

 private:
  void say(const std::optional<base::Error>& error);
  const Pipeline& pipeline_;
  const int reader_;
  bool away_ = false;
};

class Inputs {
 public:
  // `until` empty: live, without end. `stamps`: of the control row. REQUIRES: `pipeline` outlives this. The
  // ledger of `parking` is read before this returns.
  static base::Result<std::unique_ptr<Inputs>> start(const Pipeline& pipeline,
                                                     const targets::SourceOffsets& from,
                                                     const targets::SourceOffsets& until,
                                                     const Parking& parking,
                                                     const targets::RecordStamps& stamps = {});
  ~Inputs();
  // The next event; nothing when none came before `deadline`. An error ends its source's thread.
  std::optional<InputEvent> next(std::chrono::steady_clock::time_point deadline);

 private:
  explicit Inputs(const Pipeline& pipeline);
  // A thread whose lines are the caller's, and whose exceptions become an error event.
  void start_thread(std::function<void(std::stop_token)> body);
  void observe(std::stop_token stop);
  const Pipeline& pipeline_;
  Channel<InputEvent> channel_;
  std::vector<std::unique_ptr<SourceInput>> inputs_;
  std::vector<std::jthread> threads_;
};

// How inputs that read on from `ledger` treat records, by the product's policy.
Parking parking_of(const Pipeline& pipeline, const targets::LedgerEntries& ledger);

// What the control row keeps of the last record read.
targets::RecordStamp stamp_of(const sources::Record& record);

// Records what `batch` moved.
void advance(targets::SourceOffsets& offsets, targets::RecordStamps& stamps, const Source& source,
             const InputBatch& batch);

}  // namespace offtake::delivery
