#include "base/http/client.h"

#include <mutex>

#include "base/http/transfer.h"

namespace offtake::http {

class Client::Impl {
 public:
  explicit Impl(ClientOptions options) : options_(std::move(options)) {
    initialize_once();
    while (options_.base_url.ends_with('/')) options_.base_url.pop_back();
  }

  base::Result<ClientResponse> send(const ClientRequest& request) {
    Transfer transfer(take_handle(), options_, request);
    return finish(transfer, curl_easy_perform(transfer.handle()));
  }

  base::Result<ClientResponse> stream(const ClientRequest& request, const OnBytes& on_bytes,
                                      const std::stop_token& stop) {
    const Multi multi(curl_multi_init());
    Transfer transfer(take_handle(), options_, request, &on_bytes);
    // A stream may last for ever; only its beginning has a deadline.
    transfer.set_timeout(std::chrono::milliseconds(0));
    const auto deadline =
        std::chrono::steady_clock::now() + (request.timeout.count() > 0 ? request.timeout : options_.timeout);
    curl_multi_add_handle(multi.get(), transfer.handle());
    CURLcode code = CURLE_OK;
    bool cancelled = false;
    bool late = false;
    bool told = false;
    std::uint64_t heard = 0;
    auto heard_at = std::chrono::steady_clock::now();
    {
      const std::stop_callback wake(stop, [&multi] { curl_multi_wakeup(multi.get()); });
      for (int running = 1; running > 0;) {
        curl_multi_perform(multi.get(), &running);
        cancelled = stop.stop_requested();
        const bool begun = transfer.status() >= 200;
        if (begun && !told && transfer.status() < 300 && request.on_head) request.on_head();
        told = begun;
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        late = !begun && left.count() <= 0;
        if (transfer.received() != heard) {
          heard = transfer.received();
          heard_at = std::chrono::steady_clock::now();
        }
        if (begun && request.silence.count() > 0) {
          late = std::chrono::steady_clock::now() - heard_at >= request.silence;
        }
        if (running == 0 || cancelled || late) break;
        curl_multi_poll(multi.get(), nullptr, 0,
                        begun ? 1000 : static_cast<int>(std::min<std::int64_t>(left.count(), 1000)), nullptr);
      }
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    curl_multi_remove_handle(multi.get(), transfer.handle());
    if (cancelled) {
      return base::transient("Cancelled", fmt::format("{}: the stream was cancelled", transfer.url()));
    }
    return finish(transfer, late ? CURLE_OPERATION_TIMEDOUT : code);
  }

 private:
  // A handle keeps its connections; it goes back after a clean end only.
  Easy take_handle() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return Easy(curl_easy_init());
    Easy easy = std::move(free_.back());
    free_.pop_back();
    return easy;
  }

  base::Result<ClientResponse> finish(Transfer& transfer, CURLcode code) {
    Easy easy;
    auto response = transfer.finish(code, easy);
    const std::lock_guard lock(mutex_);
    if (easy) free_.push_back(std::move(easy));
    return response;
  }

  ClientOptions options_;
  std::mutex mutex_;
  std::vector<Easy> free_;  // guarded by mutex_
};

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

base::Result<ClientResponse> Client::send(const ClientRequest& request) const {
  return impl_->send(request);
}

base::Result<ClientResponse> Client::stream(const ClientRequest& request, const OnBytes& on_bytes,
                                            std::stop_token stop) const {
  return impl_->stream(request, on_bytes, stop);
}

namespace {
ClientRequest make_request(std::string_view method, std::string_view path, std::string body,
                           std::string_view content_type) {
  ClientRequest request;
  request.method = method;
  request.path = path;
  request.body = std::move(body);
  if (!content_type.empty()) request.headers.set("Content-Type", content_type);
  return request;
}
}  // namespace

base::Result<ClientResponse> Client::get(std::string_view path, Headers headers) const {
  ClientRequest request = make_request("GET", path, "", "");
  request.headers = std::move(headers);
  return send(request);
}

base::Result<ClientResponse> Client::post(std::string_view path, std::string body,
                                          std::string_view content_type) const {
  return send(make_request("POST", path, std::move(body), content_type));
}

base::Result<ClientResponse> Client::put(std::string_view path, std::string body,
                                         std::string_view content_type) const {
  return send(make_request("PUT", path, std::move(body), content_type));
}

base::Result<ClientResponse> Client::patch(std::string_view path, std::string body,
                                           std::string_view content_type) const {
  return send(make_request("PATCH", path, std::move(body), content_type));
}

base::Result<ClientResponse> Client::del(std::string_view path, std::string body) const {
  return send(make_request("DELETE", path, std::move(body), ""));
}

}  // namespace offtake::http
