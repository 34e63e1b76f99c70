// Reading with an end: from a vector to a vector, every source side by side.
#pragma once
#include <functional>

#include "operators/delivery/inputs.h"

namespace offtake::delivery {

using OnBatch = std::function<base::Status(const InputBatch&)>;

// Reads every source from `from` to `until` and hands each batch to `on_batch`. Ends with what it says, with
// what ends a source's thread, or Drained. REQUIRES: an entry in `until` for each partition of `from`.
base::Status read_between(const Pipeline& pipeline, const targets::SourceOffsets& from,
                          const targets::SourceOffsets& until, const Parking& parking, std::stop_token stop,
                          const OnBatch& on_batch);

// What is between `offsets` and `goal`: both get an entry for each source and each partition of either. A
// partition that `offsets` does not have was found later: it is read from its first record. Nothing is read
// back.
struct Span {
  targets::SourceOffsets from, until;
};
base::Result<Span> span_to(const Pipeline& pipeline, const targets::SourceOffsets& offsets,
                           const targets::SourceOffsets& goal);

// How many offsets lie between the two, an upper bound of the records.
std::int64_t records_between(const targets::SourceOffsets& from, const targets::SourceOffsets& until);

}  // namespace offtake::delivery
