#include "controlplane/cli/api_watch.h"

#include <deque>

#include "controlplane/store/status.h"

namespace offtake::cli {
namespace {

class HttpWatch : public store::Watch {
 public:
  HttpWatch(std::shared_ptr<http::Client> http, http::ClientRequest request, std::string position)
      : http_(std::move(http)), request_(std::move(request)), position_(std::move(position)) {
    thread_ = std::jthread([this](const std::stop_token& stop) { read(stop); });
  }
  ~HttpWatch() override { close(); }

  base::Result<std::optional<store::WatchEvent>> next(std::chrono::milliseconds timeout) override {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, timeout, [&] { return !queue_.empty() || ended_ || closed_; });
    if (closed_) return std::optional<store::WatchEvent>();
    if (!queue_.empty()) {
      store::WatchEvent event = std::move(queue_.front());
      queue_.pop_front();
      position_ = event.object.at({"metadata", "resourceVersion"}).is_string()
                      ? event.object.at({"metadata", "resourceVersion"}).as_string()
                      : position_;
      return std::optional(std::move(event));
    }
    if (error_) return *error_;
    if (ended_) return base::terminal("Expired", "the server ended the watch");
    return std::optional<store::WatchEvent>();
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
  void read(const std::stop_token& stop) {
    std::string pending;
    auto response = http_->stream(
        request_,
        [&](std::string_view bytes) {
          pending += bytes;
          for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
            take(std::string_view(pending).substr(0, end));
            pending.erase(0, end + 1);
          }
          return !stop.stop_requested();
        },
        stop);
    const std::lock_guard lock(mutex_);
    if (!response) {
      error_ = response.error();
    } else if (response->status >= 400) {
      auto body = json::parse(response->body);
      error_ = store::from_status(response->status, body ? *body : json::Value());
    }
    ended_ = true;
    wake_.notify_all();
  }

  void take(std::string_view line) {
    auto parsed = json::parse(line);
    if (!parsed) return;
    const std::string type = parsed->string_or("type");
    const std::lock_guard lock(mutex_);
    if (type == "ERROR") {
      const json::Value& status = (*parsed)["object"];
      error_ = store::from_status(static_cast<int>(status.int_or("code")), status);
    } else {
      using Type = store::WatchEventType;
      const Type event = type == "ADDED"      ? Type::kAdded
                         : type == "MODIFIED" ? Type::kModified
                         : type == "DELETED"  ? Type::kDeleted
                                              : Type::kBookmark;
      queue_.push_back({event, (*parsed)["object"]});
    }
    wake_.notify_all();
  }

  std::shared_ptr<http::Client> http_;
  http::ClientRequest request_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<store::WatchEvent> queue_;
  std::optional<base::Error> error_;
  bool ended_ = false;   // by the server
  bool closed_ = false;  // by us
  std::string position_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace

std::unique_ptr<store::Watch> open_watch(std::shared_ptr<http::Client> http, http::ClientRequest request,
                                         std::string resource_version) {
  return std::make_unique<HttpWatch>(std::move(http), std::move(request), std::move(resource_version));
}

}  // namespace offtake::cli
