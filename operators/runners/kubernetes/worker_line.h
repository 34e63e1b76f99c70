// The way to one worker: its pod's address and the token in its Secret. Remembers what it last said of
// itself, for as long as it is the same process. Thread-safe.
#pragma once
#include <memory>
#include <mutex>

#include "base/http/client.h"
#include "operators/kubernetes/client.h"
#include "operators/runners/kubernetes/worker_pod.h"
#include "operators/runners/runner.h"

namespace offtake::runners {

class WorkerLine {
 public:
  // `api` outlives it. Where the worker's Secret is, which holds the token.
  WorkerLine(kubernetes::Client& api, WorkerKey key) : api_(api), key_(std::move(key)) {}

  // A second at most. What it said before where it does not answer; nothing if that was another process.
  std::optional<worker::WorkerStatus> ask(const PodFacts& pod, const std::string& namespace_name,
                                          const std::string& secret);
  // Half a minute at most. Code WorkerNotRunning.
  base::Result<http::ClientResponse> call(const PodFacts& pod, const std::string& namespace_name,
                                          const std::string& secret, const http::ClientRequest& request);

 private:
  base::Result<http::ClientOptions> options_for(const PodFacts& pod, const std::string& namespace_name,
                                                const std::string& secret);
  void forget_another(const PodFacts& pod);

  kubernetes::Client& api_;
  const WorkerKey key_;
  std::mutex mutex_;  // guards what follows; held while it is asked
  std::string process_;
  std::string token_;
  std::unique_ptr<http::Client> client_;
  std::optional<worker::WorkerStatus> last_;
};

}  // namespace offtake::runners
