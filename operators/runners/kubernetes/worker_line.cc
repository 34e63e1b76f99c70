#include "operators/runners/kubernetes/worker_line.h"

#include "base/log.h"
#include "operators/runners/kubernetes/worker_objects.h"

namespace offtake::runners {
namespace {

constexpr std::chrono::seconds kAskTimeout{1};
constexpr std::chrono::seconds kCallTimeout{30};

}  // namespace

// REQUIRES: mutex_.
void WorkerLine::forget_another(const PodFacts& pod) {
  std::string process = fmt::format("{} {} {}", pod.ip, pod.uid, pod.restarts);
  if (process == process_) return;
  process_ = std::move(process);
  client_.reset();
  last_.reset();
}

// REQUIRES: mutex_.
base::Result<http::ClientOptions> WorkerLine::options_for(const PodFacts& pod,
                                                          const std::string& namespace_name,
                                                          const std::string& secret) {
  if (pod.ip.empty()) return not_running(key_.revision);
  if (token_.empty()) {
    auto there = api_.get(kubernetes::kSecrets, namespace_name, secret);
    if (!there) return std::move(there).error();
    token_ = secret_files(*there)[std::string(kTokenFile)];
  }
  http::ClientOptions options;
  const bool v6 = pod.ip.find(':') != std::string::npos;
  options.base_url = fmt::format("http://{}:{}", v6 ? fmt::format("[{}]", pod.ip) : pod.ip, kWorkerPort);
  options.bearer_token = token_;
  options.direct = true;
  options.connect_timeout = kAskTimeout;
  options.timeout = kAskTimeout;
  return options;
}

std::optional<worker::WorkerStatus> WorkerLine::ask(const PodFacts& pod, const std::string& namespace_name,
                                                    const std::string& secret) {
  std::lock_guard lock(mutex_);
  forget_another(pod);
  if (!client_) {
    auto options = options_for(pod, namespace_name, secret);
    if (!options) return last_;
    client_ = std::make_unique<http::Client>(*std::move(options));
  }
  auto answer = client_->get("/status");
  if (answer && answer->status == 401) {
    token_.clear();
    client_.reset();
  }
  if (!answer || answer->status != 200) return last_;
  auto status = worker::parse_status(answer->body);
  if (!status) {
    base::log_warn("a worker's status is not understood", {{"error", status.error().text()}});
    return last_;
  }
  // An address that another pod has by now.
  if (status->product_uid != key_.product_uid || status->revision != key_.revision) return last_;
  last_ = *std::move(status);
  return last_;
}

base::Result<http::ClientResponse> WorkerLine::call(const PodFacts& pod, const std::string& namespace_name,
                                                    const std::string& secret,
                                                    const http::ClientRequest& request) {
  base::Result<http::ClientOptions> options = [&] {
    std::lock_guard lock(mutex_);
    return options_for(pod, namespace_name, secret);
  }();
  if (!options) return std::move(options).error();
  options->timeout = kCallTimeout;
  auto answer = http::Client(*std::move(options)).send(request);
  if (!answer || answer->status >= 500) return not_running(key_.revision);
  return answer;
}

}  // namespace offtake::runners
