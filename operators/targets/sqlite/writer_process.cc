#include "operators/targets/sqlite/writer_process.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <optional>
#include <sstream>

namespace offtake::targets::sqlite {
namespace {

struct ProcessFacts {
  char state = '?';
  std::string start;
};

// From /proc/<pid>/stat; the name in parentheses may hold anything, so fields are counted after its end.
std::optional<ProcessFacts> facts_of(std::int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const auto end_of_name = line.rfind(')');
  if (end_of_name == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(end_of_name + 1));
  ProcessFacts facts;
  fields >> facts.state;
  constexpr int kFieldsBeforeStart = 18;  // fields 4 to 21
  std::string field;
  for (int i = 0; i < kFieldsBeforeStart; ++i) fields >> field;
  fields >> facts.start;
  return facts;
}

}  // namespace

WriterProcess this_process() {
  const auto facts = facts_of(getpid());
  return {getpid(), facts ? facts->start : ""};
}

bool end_if_frozen(const WriterProcess& process) {
  if (process.pid <= 1 || process.pid == getpid()) return false;
  // The descriptor names the process itself, so that the pid cannot become another's between look and kill.
  const int descriptor = static_cast<int>(syscall(SYS_pidfd_open, static_cast<pid_t>(process.pid), 0));
  if (descriptor < 0) return true;
  bool gone = false;
  const auto facts = facts_of(process.pid);
  if (!facts || facts->start != process.start) {
    gone = true;
  } else if (facts->state == 'T' || facts->state == 't') {
    syscall(SYS_pidfd_send_signal, descriptor, SIGKILL, nullptr, 0);
    pollfd exit{descriptor, POLLIN, 0};
    gone = poll(&exit, 1, 5000) == 1;
  }
  close(descriptor);
  return gone;
}

}  // namespace offtake::targets::sqlite
