#include "base/process/signals.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace offtake::process {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

base::Result<StopSignal> StopSignal::install() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  const int fd = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) return base::internal(fmt::format("signalfd: {}", std::strerror(errno)));
  return StopSignal(fd);
}

StopSignal::StopSignal(StopSignal&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

StopSignal::~StopSignal() {
  if (fd_ >= 0) ::close(fd_);
}

int StopSignal::wait(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const bool endless = timeout.count() < 0;
    pollfd entry{fd_, POLLIN, 0};
    const int ready =
        ::poll(&entry, 1, endless ? -1 : static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) {
      signalfd_siginfo info{};
      if (::read(fd_, &info, sizeof info) != sizeof info) continue;
      // From now on the default action, which ends the process, is this thread's answer to another one.
      const sigset_t set = stop_signals();
      pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
      return static_cast<int>(info.ssi_signo);
    }
    if (!endless && left.count() <= 0) return 0;
  }
}

}  // namespace offtake::process
