// A program together with everything it started. Functions are thread-safe. Only processes whose state this
// one may read are seen: those of its own account, or all where it is root's.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/process/process.h"

namespace offtake::process {

struct Member {
  Identity process;
  std::uint64_t resident_bytes = 0;
};

// Of a session that begins with `leader`, which may have ended: without what left it. Reads the state of
// every process of the machine.
std::vector<Member> members_of_session(pid_t leader);
// Those that were started with NAME=VALUE in their environment: also what left the session.
std::vector<Identity> started_with(const std::string& name, const std::string& value);

// SIGTERM to all that `find` gives, SIGKILL after `grace` to what is there then; returns when it finds none
// (or, after SIGKILL, 5 s later: code StillThere). A grace of 0: SIGKILL at once. Children of this process
// stay to be reaped.
base::Status end_all(const std::function<std::vector<Identity>()>& find, std::chrono::milliseconds grace);

}  // namespace offtake::process
