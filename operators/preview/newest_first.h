// One topic, newest records first: pieces of growing size, each read from its oldest record to its newest one
// and handed over whole, because a piece that is read in part lacks the newer records. One thread.
#pragma once
#include <chrono>

#include "operators/preview/preview.h"

namespace offtake::preview {

using Time = std::chrono::steady_clock::time_point;

class NewestFirst {
 public:
  // From the last stable offsets back to the earliest record, or to the first at or after `since`.
  static base::Result<NewestFirst> open(const Input& input, const Source& source,
                                        std::optional<base::Micros> since = {});

  // The next older `records` positions, spread over the partitions, decoded; batches of a partition in offset
  // order. Fewer where they are more than Limits::bytes. False, and nothing is moved, when `deadline` came
  // first.
  base::Result<bool> read(std::size_t records, Time deadline, std::vector<engine::SourceBatch>& out);

  bool at_beginning() const;                                  // nothing is left to read
  bool is_whole() const { return whole_ && at_beginning(); }  // that is the topic's first record
  const sources::OffsetVector& from() const { return from_; }
  const sources::OffsetVector& until() const { return until_; }
  std::int64_t records() const { return records_; }
  std::optional<std::int64_t> back_to_ms() const { return back_to_ms_; }
  std::size_t partitions() const { return from_.size(); }
  const std::vector<std::string>& bad_records() const { return bad_; }

 private:
  enum class Outcome { kRead, kTooLarge, kTimeOver };
  NewestFirst(const Input& input, const Source& source) : input_(&input), source_(&source) {}
  base::Result<Outcome> read_between(const sources::OffsetVector& from, Time deadline, bool any_size,
                                     std::vector<engine::SourceBatch>& out);
  // Decodes all but the records that do not, which are noted.
  base::Status decode(const sources::RecordBatch& records, std::vector<engine::SourceBatch>& out,
                      std::vector<std::string>& bad);

  const Input* input_;
  const Source* source_;
  std::unique_ptr<sources::RecordDecoder> decoder_;
  sources::OffsetVector floor_, from_, until_;
  bool whole_ = true;
  std::int64_t records_ = 0;
  std::optional<std::int64_t> back_to_ms_;
  std::vector<std::string> bad_;
};

base::Error cancelled();

}  // namespace offtake::preview
