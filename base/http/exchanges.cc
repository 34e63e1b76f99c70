#include "base/http/exchanges.h"

#include <unordered_map>

#include "base/http/transfer.h"

namespace offtake::http {
namespace {

constexpr long kKeptConnections = 1024;

}  // namespace

class Exchanges::Impl {
 public:
  explicit Impl(ClientOptions options) : options_(std::move(options)) {
    initialize_once();
    while (options_.base_url.ends_with('/')) options_.base_url.pop_back();
    multi_.reset(curl_multi_init());
    // Unset, it keeps four for each call that runs just then: few when the last of many ends.
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kKeptConnections);
  }
  ~Impl() { abandon(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void start(std::uint64_t id, ClientRequest request) {
    auto entry = std::make_unique<Entry>(std::move(request), take_handle(), options_);
    CURL* const handle = entry->transfer.handle();
    curl_multi_add_handle(multi_.get(), handle);
    running_.emplace(handle, std::make_pair(id, std::move(entry)));
  }

  std::size_t running() const { return running_.size(); }

  std::vector<Done> wait(std::chrono::milliseconds timeout, const std::stop_token& stop) {
    const std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi_.get()); });
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (true) {
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      auto done = collect();
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      if (!done.empty() || left.count() <= 0 || stop.stop_requested()) return done;
      curl_multi_poll(multi_.get(), nullptr, 0,
                      static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)), nullptr);
    }
  }

  void abandon() {
    for (const auto& [handle, entry] : running_) curl_multi_remove_handle(multi_.get(), handle);
    running_.clear();
  }

 private:
  struct Entry {
    Entry(ClientRequest given, Easy easy, const ClientOptions& options)
        : request(std::move(given)), transfer(std::move(easy), options, request) {}
    ClientRequest request;
    Transfer transfer;
  };

  std::vector<Done> collect() {
    std::vector<Done> done;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      const auto found = running_.find(message->easy_handle);
      curl_multi_remove_handle(multi_.get(), found->first);
      auto [id, entry] = std::move(found->second);
      running_.erase(found);
      Easy easy;
      const int status = entry->transfer.status();
      done.push_back({id, entry->transfer.finish(code, easy), status});
      if (easy) free_.push_back(std::move(easy));
    }
    return done;
  }

  Easy take_handle() {
    if (free_.empty()) return Easy(curl_easy_init());
    Easy easy = std::move(free_.back());
    free_.pop_back();
    return easy;
  }

  ClientOptions options_;
  Multi multi_;  // holds the connections; goes after the handles
  std::vector<Easy> free_;
  std::unordered_map<CURL*, std::pair<std::uint64_t, std::unique_ptr<Entry>>> running_;
};

Exchanges::Exchanges(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Exchanges::~Exchanges() = default;

void Exchanges::start(std::uint64_t id, ClientRequest request) {
  impl_->start(id, std::move(request));
}

std::size_t Exchanges::running() const {
  return impl_->running();
}

std::vector<Exchanges::Done> Exchanges::wait(std::chrono::milliseconds timeout, std::stop_token stop) {
  return impl_->wait(timeout, stop);
}

void Exchanges::abandon() {
  impl_->abandon();
}

}  // namespace offtake::http
