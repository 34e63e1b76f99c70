// SIGTERM and SIGINT as something to wait for. Make one at the start of main, before any other thread: the
// signals are blocked from then on in all threads, and read from a descriptor.
#pragma once
#include <chrono>
#include <stop_token>

#include "base/result.h"

namespace offtake::process {

class StopSignal {
 public:
  // Also ignores SIGPIPE. A second SIGINT or SIGTERM after the first ends the process at once, for the user
  // who does not want to wait.
  static base::Result<StopSignal> install();
  StopSignal(StopSignal&& other) noexcept;
  StopSignal& operator=(StopSignal&&) = delete;
  ~StopSignal();

  // The signal, or 0 when the time is over. Negative: without end. From one thread at a time.
  int wait(std::chrono::milliseconds timeout = std::chrono::milliseconds(-1));
  int descriptor() const { return fd_; }  // readable when a signal is there; for poll

 private:
  explicit StopSignal(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace offtake::process
