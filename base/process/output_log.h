// The log file that a child's output goes to: what it wrote last, and its rotation. The child holds the file
// open and appends, so a full one is copied and cut to nothing; what is written in between is lost.
#pragma once
#include "base/files/files.h"

namespace offtake::process {

std::uint64_t log_size(const files::Path& file);  // 0 where there is none
// The last lines after byte `from`, as one line; empty: none.
std::string last_lines(const files::Path& file, std::uint64_t from);
// server.log -> server.1.log … server.4.log when it is larger than 10 MiB. True: it was done.
base::Result<bool> rotate_log(const files::Path& file);

}  // namespace offtake::process
