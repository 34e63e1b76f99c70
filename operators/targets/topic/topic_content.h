// What a keyed topic holds: the latest record of each key, read to the high watermark into a stage.
#pragma once
#include "operators/sources/event_store.h"
#include "operators/targets/topic/stage.h"

namespace offtake::targets::topic {

// REQUIRES: nobody writes to it. Transient where a transaction stays open there.
base::Status read_content(sources::EventStore& store, const std::string& topic, Stage& stage);

}  // namespace offtake::targets::topic
