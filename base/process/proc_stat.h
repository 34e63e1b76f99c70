// What the kernel tells of a process. Internal to base/process.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace offtake::process {

struct ProcStat {
  char state = '?';
  std::uint64_t cpu_ticks = 0;  // user and system
  std::uint64_t threads = 0;
  std::uint64_t start = 0;
  std::uint64_t resident_pages = 0;
  pid_t session = 0;
  // Of a process with threads the first may be a zombie while others still end, with files and ports open.
  bool ended() const { return (state == 'Z' || state == 'X') && threads <= 1; }
};

std::optional<ProcStat> read_stat(pid_t pid);  // nullopt: there is no such process
const std::string& boot_id();                  // empty where the kernel has none

}  // namespace offtake::process
