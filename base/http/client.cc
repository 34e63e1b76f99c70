#include "base/http/client.h"

#include <curl/curl.h>

#include <mutex>

namespace offtake::http {
namespace {

struct EasyClose {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Easy = std::unique_ptr<CURL, EasyClose>;
struct MultiClose {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
using Multi = std::unique_ptr<CURLM, MultiClose>;
struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListFree>;

void initialize_once() {
  static const CURLcode kDone = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)kDone;
}

// What the library's callbacks work on during one exchange.
struct Exchange {
  ClientResponse response;
  std::size_t max_bytes = 0;
  bool too_large = false;
  const Client::OnBytes* on_bytes = nullptr;  // null: the body is collected
  bool ended_by_receiver = false;

  bool streams() const { return on_bytes != nullptr && response.status >= 200 && response.status < 300; }
};

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  std::string_view line(data, size * count);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    // Also after "100 Continue": only the last head counts.
    const auto space = line.find(' ');
    exchange.response.status =
        space == std::string_view::npos ? 0 : std::atoi(std::string(line.substr(space)).c_str());
    exchange.response.headers = {};
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    exchange.response.headers.add(line.substr(0, colon), value);
  }
  return size * count;
}

// Any other answer than the size ends the transfer with CURLE_WRITE_ERROR.
std::size_t take_body(char* data, std::size_t size, std::size_t count, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  const std::string_view bytes(data, size * count);
  if (exchange.streams()) {
    if ((*exchange.on_bytes)(bytes)) return bytes.size();
    exchange.ended_by_receiver = true;
    return bytes.size() + 1;
  }
  if (exchange.response.body.size() + bytes.size() > exchange.max_bytes) {
    exchange.too_large = true;
    return bytes.size() + 1;
  }
  exchange.response.body += bytes;
  return bytes.size();
}

base::Error transport_error(CURLcode code, const char* said, const std::string& url) {
  const std::string text =
      fmt::format("{}: {}", url, said != nullptr && *said != '\0' ? said : curl_easy_strerror(code));
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return base::transient("TimedOut", text);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return base::terminal("BadUrl", text);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
      return base::transient("CertificateRefused", text);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
      return base::transient("Unreachable", text);
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_OUT_OF_MEMORY:
      return base::internal(text);
    default:
      return base::transient("ConnectionLost", text);
  }
}

bool is_loopback_url(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return url.starts_with("127.") || url.starts_with("localhost") || url.starts_with("[::1]");
}

}  // namespace

class Client::Impl {
 public:
  explicit Impl(ClientOptions options) : options_(std::move(options)) {
    initialize_once();
    while (options_.base_url.ends_with('/')) options_.base_url.pop_back();
  }

  base::Result<ClientResponse> send(const ClientRequest& request) {
    // The handle goes first at the end: it may still write to the others.
    Exchange exchange;
    List headers;
    std::array<char, CURL_ERROR_SIZE> said{};
    Easy easy = take_handle();
    const std::string url = prepare(easy.get(), request, exchange, headers, said.data());
    set(easy.get(), CURLOPT_TIMEOUT_MS, milliseconds_of(request));
    const CURLcode code = curl_easy_perform(easy.get());
    return finish(std::move(easy), code, exchange, said.data(), url);
  }

  base::Result<ClientResponse> stream(const ClientRequest& request, const OnBytes& on_bytes,
                                      const std::stop_token& stop) {
    Exchange exchange;
    exchange.on_bytes = &on_bytes;
    List headers;
    std::array<char, CURL_ERROR_SIZE> said{};
    const Multi multi(curl_multi_init());
    Easy easy = take_handle();
    const std::string url = prepare(easy.get(), request, exchange, headers, said.data());
    // A stream may last for ever; only its beginning has a deadline.
    set(easy.get(), CURLOPT_TIMEOUT_MS, 0L);
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds_of(request));
    curl_multi_add_handle(multi.get(), easy.get());
    CURLcode code = CURLE_OK;
    bool cancelled = false;
    bool late = false;
    {
      const std::stop_callback wake(stop, [&multi] { curl_multi_wakeup(multi.get()); });
      for (int running = 1; running > 0;) {
        curl_multi_perform(multi.get(), &running);
        cancelled = stop.stop_requested();
        const bool begun = exchange.response.status >= 200;
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        late = !begun && left.count() <= 0;
        if (running == 0 || cancelled || late) break;
        curl_multi_poll(multi.get(), nullptr, 0,
                        begun ? 1000 : static_cast<int>(std::min<std::int64_t>(left.count(), 1000)), nullptr);
      }
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    curl_multi_remove_handle(multi.get(), easy.get());
    if (cancelled) return base::transient("Cancelled", fmt::format("{}: the stream was cancelled", url));
    if (late) code = CURLE_OPERATION_TIMEDOUT;
    return finish(std::move(easy), code, exchange, said.data(), url);
  }

 private:
  template <class T>
  static void set(CURL* easy, CURLoption option, T value) {
    curl_easy_setopt(easy, option, value);
  }

  long milliseconds_of(const ClientRequest& request) const {
    return static_cast<long>((request.timeout.count() > 0 ? request.timeout : options_.timeout).count());
  }

  // A handle keeps its connections; it goes back after a clean end only.
  Easy take_handle() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return Easy(curl_easy_init());
    Easy easy = std::move(free_.back());
    free_.pop_back();
    return easy;
  }

  void set_body(CURL* easy, const ClientRequest& request) const {
    if (request.method == "GET" && request.body.empty()) return;
    if (request.method == "HEAD") {
      set(easy, CURLOPT_NOBODY, 1L);
      return;
    }
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
        request.method == "PATCH") {
      set(easy, CURLOPT_POST, 1L);
      set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(easy, CURLOPT_POSTFIELDS, request.body.data());
    }
    set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  void set_connection(CURL* easy) const {
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_TCP_NODELAY, 1L);
    set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
    set(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
    if (!options_.unix_socket.empty()) set(easy, CURLOPT_UNIX_SOCKET_PATH, options_.unix_socket.c_str());
    if (!options_.unix_socket.empty() || is_loopback_url(options_.base_url)) set(easy, CURLOPT_PROXY, "");
    if (!options_.ca_file.empty()) set(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
    if (!options_.ca_pem.empty()) {
      curl_blob blob{const_cast<char*>(options_.ca_pem.data()), options_.ca_pem.size(), CURL_BLOB_NOCOPY};
      curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    }
    if (!options_.certificate_file.empty()) set(easy, CURLOPT_SSLCERT, options_.certificate_file.c_str());
    if (!options_.key_file.empty()) set(easy, CURLOPT_SSLKEY, options_.key_file.c_str());
    if (!options_.user.empty()) {
      set(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
      set(easy, CURLOPT_USERNAME, options_.user.c_str());
      set(easy, CURLOPT_PASSWORD, options_.password.c_str());
    }
  }

  List header_list(const ClientRequest& request) const {
    List list;
    const auto append = [&list](const std::string& line) {
      list.reset(curl_slist_append(list.release(), line.c_str()));
    };
    for (const auto& [name, value] : request.headers.all()) {
      append(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
    }
    if (!options_.bearer_token.empty() && !request.headers.has("authorization")) {
      append("Authorization: Bearer " + options_.bearer_token);
    }
    // The library would wait a second for an answer to it before it sends a body.
    if (!request.headers.has("expect")) append("Expect:");
    if (!request.headers.has("content-type") && !request.body.empty())
      append("Content-Type: application/json");
    return list;
  }

  std::string prepare(CURL* easy, const ClientRequest& request, Exchange& exchange, List& headers,
                      char* said) const {
    curl_easy_reset(easy);  // keeps the connections
    std::string url = options_.base_url + request.path;
    if (!request.query.empty()) {
      url += url.find('?') == std::string::npos ? '?' : '&';
      url += encode_query(request.query);
    }
    exchange.max_bytes = options_.max_response_bytes;
    headers = header_list(request);
    set_connection(easy);
    set_body(easy, request);
    set(easy, CURLOPT_URL, url.c_str());
    set(easy, CURLOPT_PATH_AS_IS, 1L);
    set(easy, CURLOPT_HTTPHEADER, headers.get());
    set(easy, CURLOPT_ERRORBUFFER, said);
    set(easy, CURLOPT_HEADERFUNCTION, &take_header);
    set(easy, CURLOPT_HEADERDATA, &exchange);
    set(easy, CURLOPT_WRITEFUNCTION, &take_body);
    set(easy, CURLOPT_WRITEDATA, &exchange);
    return url;
  }

  base::Result<ClientResponse> finish(Easy easy, CURLcode code, Exchange& exchange, const char* said,
                                      const std::string& url) {
    if (exchange.too_large) {
      return base::terminal("ResponseTooLarge",
                            fmt::format("{}: the response is larger than {} bytes", url, exchange.max_bytes));
    }
    if (exchange.ended_by_receiver) return std::move(exchange.response);
    if (code != CURLE_OK) return transport_error(code, said, url);
    curl_easy_reset(easy.get());  // nothing may point into this exchange any more
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(easy));
    return std::move(exchange.response);
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
