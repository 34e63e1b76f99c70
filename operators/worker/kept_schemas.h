// Writer schemas that were fetched after the job was made, kept with the worker's state: a start while the
// registry is away needs it no more. Thread-safe (files are written whole).
#pragma once
#include <functional>
#include <string>

#include "operators/worker/job.h"

namespace offtake::worker {

// The text of `id`: from <state directory>/schemas, or else from `fetch`, whose answer is kept. A registry's
// ids mean what they mean there: another registry of the store is asked anew.
base::Result<std::string> kept_schema(const std::string& state_directory, const StoreSpec& store, int id,
                                      const std::function<base::Result<std::string>()>& fetch);

}  // namespace offtake::worker
