// Reading a worker's log while it is written and rotated: worker.log, and worker.1.log (the one before it) to
// worker.4.log; below function/ those of the command that it runs.
#pragma once
#include <cstdint>
#include <string>

#include "base/files/files.h"
#include "base/result.h"

namespace offtake::worker {

// Whose log: the worker's own, or that of the command its product's changes are sent to.
enum class LogOf { kWorker, kFunction };

// A place in a worker's log, which is rotated: which file and the byte in it. The default: where the present
// file begins.
struct LogPlace {
  std::uint64_t file = 0;  // its inode
  std::uint64_t offset = 0;
};

// What the log below the state directory has from `place` on, at most `limit` bytes; `place` moves behind it.
// Goes on in the next file where the log was rotated. Empty where the log ends.
base::Result<std::string> read_log(const files::Path& state_directory, LogPlace& place, std::size_t limit,
                                   LogOf of = LogOf::kWorker);

}  // namespace offtake::worker
