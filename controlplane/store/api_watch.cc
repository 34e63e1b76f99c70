#include "controlplane/store/api_watch.h"

#include <condition_variable>
#include <deque>
#include <thread>

namespace offtake::store {
namespace {

// What is not taken yet; a reader that is slower than this keeps the server waiting.
constexpr std::size_t kLongestQueue = 1'000;

class HttpWatch : public Watch {
 public:
  HttpWatch(std::shared_ptr<kubernetes::Client> api, kubernetes::ResourceType type,
            kubernetes::WatchOptions options)
      : api_(std::move(api)),
        type_(std::move(type)),
        options_(std::move(options)),
        position_(options_.resource_version) {
    thread_ = std::jthread([this](std::stop_token stop) { read(stop); });
  }
  ~HttpWatch() override { close(); }

  base::Result<std::optional<WatchEvent>> next(std::chrono::milliseconds timeout) override {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, timeout, [&] { return !queue_.empty() || ended_ || closed_; });
    if (closed_) return std::optional<WatchEvent>();
    if (!queue_.empty()) {
      WatchEvent event = std::move(queue_.front());
      queue_.pop_front();
      wake_.notify_all();
      const json::Value& version = event.object.at({"metadata", "resourceVersion"});
      if (version.is_string()) position_ = version.as_string();
      return std::optional(std::move(event));
    }
    if (error_) return *error_;
    if (ended_) return base::terminal("Expired", "the server ended the watch");
    return std::optional<WatchEvent>();
  }

  void close() override {
    thread_.request_stop();
    const std::lock_guard lock(mutex_);
    closed_ = true;
    wake_.notify_all();
  }

  std::string position() const override {
    const std::lock_guard lock(mutex_);
    return position_;
  }

 private:
  void read(std::stop_token stop) {
    auto ended = api_->watch(
        type_, options_,
        [&](WatchEvent event) {
          std::unique_lock lock(mutex_);
          wake_.wait(lock, [&] { return queue_.size() < kLongestQueue || closed_; });
          queue_.push_back(std::move(event));
          wake_.notify_all();
        },
        stop);
    const std::lock_guard lock(mutex_);
    if (!ended && !closed_) error_ = std::move(ended).error();
    ended_ = true;
    wake_.notify_all();
  }

  std::shared_ptr<kubernetes::Client> api_;
  kubernetes::ResourceType type_;
  kubernetes::WatchOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<WatchEvent> queue_;
  std::optional<base::Error> error_;
  bool ended_ = false;   // by the server
  bool closed_ = false;  // by us
  std::string position_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace

std::unique_ptr<Watch> open_watch(std::shared_ptr<kubernetes::Client> api, kubernetes::ResourceType type,
                                  kubernetes::WatchOptions options) {
  return std::make_unique<HttpWatch>(std::move(api), std::move(type), std::move(options));
}

}  // namespace offtake::store
