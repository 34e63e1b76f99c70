// The conformance suite over the embedded log.
#include <filesystem>

#include "conformance.h"
#include "operators/sources/embedded/store.h"
#include "scratch.h"

namespace offtake::sources::conformance {

EventStore& store() {
  static const Scratch scratch;
  static const auto store = [] {
    embedded::LogOptions options;
    options.dir = scratch.path("events");
    return embedded::make_store(std::shared_ptr<embedded::Log>(must(embedded::Log::open(options))));
  }();
  return *store;
}

bool keeps_compacted_whole() {
  return true;
}

}  // namespace offtake::sources::conformance
