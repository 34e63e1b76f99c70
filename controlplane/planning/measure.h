// How much there is to read, before it is read.
#pragma once
#include "operators/sources/event_store.h"

namespace offtake::planning {

// About how many bytes (keys and values) `records` records of the topic have, by the newest ones of the
// partition that has most. 0 where none can be read in a second.
base::Result<std::int64_t> estimate_bytes(sources::EventStore& store, const std::string& topic,
                                          std::int64_t records);

}  // namespace offtake::planning
