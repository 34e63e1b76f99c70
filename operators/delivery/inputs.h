// The reading side: one thread a source polls, decodes and queues; one consumer takes batches in arrival
// order. Also looks, once a second, at where the sources end (for completeThrough) and, every 30 s, for new
// partitions.
#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "operators/delivery/channel.h"
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

using InputEvent = std::variant<InputBatch, EndsObserved, SourceFinished, base::Error>;

// Reads one source on the calling thread.
class SourceInput {
 public:
  static base::Result<std::unique_ptr<SourceInput>> open(const Source& source, int index,
                                                         const sources::OffsetVector& from,
                                                         const sources::OffsetVector& until,
                                                         std::size_t buffered_bytes);
  base::Result<std::optional<InputBatch>> next(std::chrono::milliseconds timeout);
  bool finished() const { return reader_->finished(); }
  // Set while the store does not answer; next() goes on trying.
  std::optional<base::Error> away() const;
  // Adds partitions that the topic has grown, from their first record.
  base::Status look_for_partitions();

 private:
  SourceInput() = default;
  const Source* source_ = nullptr;
  int index_ = 0;
  std::unique_ptr<sources::Reader> reader_;
  std::unique_ptr<sources::RecordDecoder> decoder_;
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
  // `until` empty: live, without end. REQUIRES: `pipeline` outlives this.
  static base::Result<std::unique_ptr<Inputs>> start(const Pipeline& pipeline,
                                                     const targets::SourceOffsets& from,
                                                     const targets::SourceOffsets& until);
  ~Inputs();
  // The next event; nothing when none came before `deadline`. An error ends its source's thread.
  std::optional<InputEvent> next(std::chrono::steady_clock::time_point deadline);

 private:
  explicit Inputs(const Pipeline& pipeline);
  void read(SourceInput& input, int index, bool live, std::stop_token stop);
  void observe(std::stop_token stop);
  const Pipeline& pipeline_;
  Channel<InputEvent> channel_;
  std::vector<std::unique_ptr<SourceInput>> inputs_;
  std::vector<std::jthread> threads_;
};

// What the control row keeps of the last record read.
targets::RecordStamp stamp_of(const sources::Record& record);

// Records what `batch` moved.
void advance(targets::SourceOffsets& offsets, targets::RecordStamps& stamps, const Source& source,
             const InputBatch& batch);

}  // namespace offtake::delivery
