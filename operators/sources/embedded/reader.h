// A Reader over the embedded log: takes the partitions in turn and sleeps on the topic's condition variable
// when it has read all there is. Holds no iterator and no snapshot between polls.
#pragma once
#include <memory>

#include "operators/sources/embedded/log.h"

namespace offtake::sources::embedded {

// Codes PartitionMissing, OffsetOutOfRange.
base::Result<std::unique_ptr<Reader>> make_reader(std::shared_ptr<Log> log, std::shared_ptr<Topic> topic,
                                                  const OffsetVector& from, const OffsetVector& until,
                                                  const ReadOptions& options);

}  // namespace offtake::sources::embedded
