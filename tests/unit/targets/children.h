// Processes of the tests: the child writer, killed and stopped at crash points.
#pragma once
#include <sys/types.h>

#include <string>

#include "workload.h"

namespace offtake::targets_test {

class Writer {
 public:
  // Starts it; `crash_at` goes to OFFTAKE_CRASH_AT.
  explicit Writer(const WriterSettings& settings, const std::string& crash_at = "");
  ~Writer();  // kills it if it still runs
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Waits for its end: the exit code, or 128 + the signal.
  int wait();
  void wait_until_stopped();
  void resume();
  std::string log() const;  // its stderr so far

 private:
  pid_t pid_ = -1;
  std::string log_path_;
  bool ended_ = false;
};

}  // namespace offtake::targets_test
