// A function: a command that answers HTTP on 127.0.0.1:$PORT, as Knative and Cloud Run have it. It is started
// when it is called and ended when nobody has called it for a while; it, and whatever it started, never
// outlives its worker for good.
//
// - Environment: what is given, K_SERVICE, K_REVISION, K_CONFIGURATION, PORT, HOME (the directory), PATH
// unless
//   given, and OFFTAKE_FUNCTION, by which its processes are known. Nothing of the worker's own.
// - Ready when something accepts connections on the port. Restarted when it dies: at once, then with growing
//   pauses (1 s to 30 s) until it has lived for a minute.
// - Memory: the resident bytes of its session are summed up every quarter of a second (pages that processes
//   share count in each); over the limit all of it is killed.
// - Its worker's death: the kernel kills the command itself; what that one had started is found by the next
//   open() in that directory, by the pid file and by OFFTAKE_FUNCTION, and ended.
// - Log: <directory>/function.log, standard output and error, and function.1.log to function.4.log, 10 MiB
// each.
//
// Thread-safe. Errors of use(): FunctionFailed (it died), FunctionNotListening, FunctionMemory, FunctionHangs
// (transient); FunctionNotStarted (terminal: no such program); SecretMissing (waiting); Cancelled. The first
// ones carry its last log lines, without the secrets.
#pragma once
#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/files/files.h"
#include "base/result.h"

namespace offtake::targets::function {

struct FunctionOptions {
  std::string name;  // K_SERVICE
  int revision = 1;
  std::vector<std::string> command;  // argv; looked up in PATH unless it has a '/'
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::pair<std::string, files::Path>> secrets;  // variable, and the file that holds its value
  files::Path directory;                                     // where it runs; of this function alone
  std::uint64_t memory_bytes = 512 << 20;
  std::chrono::milliseconds idle_timeout{300'000};
  std::chrono::milliseconds start_deadline{60'000};  // until it listens
  std::chrono::milliseconds stop_grace{10'000};      // from SIGTERM to SIGKILL
};

struct FunctionView {
  enum class State { kStopped, kStarting, kReady, kFailed };  // Failed: it waits for its next start
  State state = State::kStopped;
  int pid = 0, port = 0;
  int starts = 0;
  std::uint64_t resident_bytes = 0;  // as last measured
  base::Status last_end;             // why it ended, unless it was told to
};

class FunctionProcess {
 public:
  // Ends what an earlier worker left in that directory. Codes BadEnvironment, NoCommand (terminal).
  static base::Result<std::unique_ptr<FunctionProcess>> open(FunctionOptions options);
  ~FunctionProcess();  // ends it, within its grace

  // While it lives the function is not idle. REQUIRES: ends before its FunctionProcess.
  class Use {
   public:
    Use(Use&& other) noexcept : of_(std::exchange(other.of_, nullptr)), port_(other.port_) {}
    Use& operator=(Use&&) = delete;
    ~Use();
    int port() const { return port_; }

   private:
    friend class FunctionProcess;
    Use(FunctionProcess* of, int port) : of_(of), port_(port) {}
    FunctionProcess* of_;
    int port_;
  };
  // Starts it where it does not run and waits until it is ready. While it waits for its next start after a
  // failure: that failure, at once.
  base::Result<Use> use(std::stop_token stop = {});

  // For a caller who gets no answers from it: kills it, and it is started again at the next use().
  // FunctionHangs.
  void restart(const std::string& why);

  FunctionView view() const;

 private:
  class Impl;
  explicit FunctionProcess(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace offtake::targets::function
