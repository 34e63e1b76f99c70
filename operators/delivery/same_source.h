// Is a topic still the one whose records were read? The control row keeps the timestamp and CRC of the last
// record of each partition; where it still is, it must be the same.
#pragma once
#include <map>
#include <stop_token>

#include "operators/delivery/pipeline.h"

namespace offtake::delivery {

// Code SourceReplaced (terminal) where it is not; what the store reports otherwise. All partitions are read
// by one reader. Records that compaction or retention removed are not compared.
base::Status check_same_source(const Source& source, const std::map<int, targets::RecordStamp>& stamps,
                               std::stop_token stop);

}  // namespace offtake::delivery
