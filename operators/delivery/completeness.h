// completeThrough: the latest time T such that everything the sources held at T is committed. Every second
// the live loop notes T and the sources' last stable offsets; once the committed offsets have reached them
// all, that T is the logical time. It never decreases, and idle partitions do not hold it. Pure; one thread.
#pragma once
#include <deque>

#include "base/clock.h"
#include "operators/targets/target.h"

namespace offtake::delivery {

class Completeness {
 public:
  explicit Completeness(base::Micros start) : complete_through_(start) {}

  // The sources held `ends` at `now`.
  void observe(base::Micros now, targets::SourceOffsets ends);
  // Everything below `offsets` is in the epoch about to be committed. Gives completeThrough.
  base::Micros reached(const targets::SourceOffsets& offsets);
  base::Micros complete_through() const { return complete_through_; }
  // Sum of (last observed end - offset): an upper bound of what is still to be read.
  std::int64_t lag_records(const targets::SourceOffsets& offsets) const;
  // How many records, in order of observation, are waiting to be reached; bounded.
  std::size_t pending() const { return pending_.size(); }

 private:
  struct Mark {
    base::Micros at;
    targets::SourceOffsets ends;
  };
  std::deque<Mark> pending_;
  targets::SourceOffsets last_ends_;
  base::Micros complete_through_;
};

// Whether `offsets` is at or past `goal` for every partition of `goal`.
bool at_or_past(const targets::SourceOffsets& offsets, const targets::SourceOffsets& goal);

}  // namespace offtake::delivery
