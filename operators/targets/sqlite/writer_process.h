// The process that writes a product's file. SQLite's lock dies with its process and with nothing else: a
// writer that was frozen inside a transaction can only be ended.
#pragma once
#include <cstdint>
#include <string>

namespace offtake::targets::sqlite {

struct WriterProcess {
  std::int64_t pid = 0;
  std::string start;  // ticks since boot: with the pid, names the process for ever
};

WriterProcess this_process();
// Ends the process with SIGKILL if it is the one named, is not this one, and is stopped (SIGSTOP, a
// debugger). One that runs is left alone: it will give the lock back by itself. True when it is gone.
bool end_if_frozen(const WriterProcess& process);

}  // namespace offtake::targets::sqlite
