// The embedded log as an EventStore. Several stores may share a log; the log outlives them by the pointer.
#pragma once
#include <memory>

#include "operators/sources/embedded/log.h"
#include "operators/sources/event_store.h"

namespace offtake::sources::embedded {

std::unique_ptr<EventStore> make_store(std::shared_ptr<Log> log);

}  // namespace offtake::sources::embedded
