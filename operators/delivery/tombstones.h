// How long a compacted topic may go unread before its deletions may be gone.
#pragma once
#include <map>
#include <string>

#include "operators/delivery/pipeline.h"

namespace offtake::delivery {

// Of a reader at work: an hour less than the topic keeps deletions, for the cleaner may run that much before
// we look; half of what it keeps where that is two hours or less.
base::Micros tombstone_patience(std::int64_t delete_retention_ms);

// That, by dataset, of the sources whose topics lose records to compaction.
base::Result<std::map<std::string, base::Micros>> tombstone_patience(const Pipeline& pipeline);

}  // namespace offtake::delivery
