#include "base/http/transfer.h"

namespace offtake::http {
namespace {

// Without the query, which may hold what is nobody's business.
std::string shown(const std::string& url) {
  return url.substr(0, url.find('?'));
}

base::Error transport_error(CURLcode code, std::string_view said, const std::string& url) {
  const std::string text = fmt::format("{}: {}", shown(url), said.empty() ? curl_easy_strerror(code) : said);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return base::transient("TimedOut", text);
    case CURLE_UNSUPPORTED_PROTOCOL:
      // The same code for an answer without a head.
      if (said.find("HTTP/0.9") != std::string_view::npos) return base::transient("NotHttp", text);
      return base::terminal("BadUrl", text);
    case CURLE_URL_MALFORMAT:
      return base::terminal("BadUrl", text);
    case CURLE_WEIRD_SERVER_REPLY:
      return base::transient("NotHttp", text);
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

void initialize_once() {
  static const CURLcode kDone = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)kDone;
}

Transfer::Transfer(Easy easy, const ClientOptions& options, const ClientRequest& request,
                   const Client::OnBytes* on_bytes)
    : max_bytes_(options.max_response_bytes), on_bytes_(on_bytes), easy_(std::move(easy)) {
  curl_easy_reset(easy_.get());  // keeps the connections
  url_ = options.base_url + request.path;
  if (!request.query.empty()) {
    url_ += url_.find('?') == std::string::npos ? '?' : '&';
    url_ += encode_query(request.query);
  }
  set_headers(options, request);
  set_connection(options);
  set_body(request);
  set_timeout(request.timeout.count() > 0 ? request.timeout : options.timeout);
  set(CURLOPT_URL, url_.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_HTTPHEADER, headers_.get());
  set(CURLOPT_ERRORBUFFER, said_.data());
  set(CURLOPT_HEADERFUNCTION, &take_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_PRIVATE, this);
}

void Transfer::set_timeout(std::chrono::milliseconds whole) {
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(whole.count()));
}

std::size_t Transfer::take_header(char* data, std::size_t size, std::size_t count, void* context) {
  auto& response = static_cast<Transfer*>(context)->response_;
  std::string_view line(data, size * count);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    // Also after "100 Continue": only the last head counts.
    const auto space = line.find(' ');
    response.status =
        space == std::string_view::npos ? 0 : std::atoi(std::string(line.substr(space)).c_str());
    response.headers = {};
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    response.headers.add(line.substr(0, colon), value);
  }
  return size * count;
}

// Any other answer than the size ends the transfer with CURLE_WRITE_ERROR.
std::size_t Transfer::take_body(char* data, std::size_t size, std::size_t count, void* context) {
  auto& self = *static_cast<Transfer*>(context);
  const std::string_view bytes(data, size * count);
  self.received_ += bytes.size();
  if (self.streams()) {
    if ((*self.on_bytes_)(bytes)) return bytes.size();
    self.ended_by_receiver_ = true;
    return bytes.size() + 1;
  }
  if (self.response_.body.size() + bytes.size() > self.max_bytes_) {
    self.too_large_ = true;
    return bytes.size() + 1;
  }
  self.response_.body += bytes;
  return bytes.size();
}

void Transfer::set_body(const ClientRequest& request) {
  if (request.method == "GET" && request.body.empty()) return;
  if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
    return;
  }
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
      request.method == "PATCH") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.data());
  }
  set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

// `content` outlives the exchange.
void Transfer::set_blob(CURLoption option, const std::string& content) {
  if (content.empty()) return;
  curl_blob blob{const_cast<char*>(content.data()), content.size(), CURL_BLOB_NOCOPY};
  set(option, &blob);
}

void Transfer::set_connection(const ClientOptions& options) {
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  set(CURLOPT_USERAGENT, options.user_agent.c_str());
  if (!options.unix_socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, options.unix_socket.c_str());
  if (options.direct || !options.unix_socket.empty() || is_loopback_url(options.base_url)) {
    set(CURLOPT_PROXY, "");
  }
  if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
  set_blob(CURLOPT_CAINFO_BLOB, options.ca_pem);
  set_blob(CURLOPT_SSLCERT_BLOB, options.certificate_pem);
  set_blob(CURLOPT_SSLKEY_BLOB, options.key_pem);
  if (options.insecure) {
    set(CURLOPT_SSL_VERIFYPEER, 0L);
    set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!options.certificate_file.empty()) set(CURLOPT_SSLCERT, options.certificate_file.c_str());
  if (!options.key_file.empty()) set(CURLOPT_SSLKEY, options.key_file.c_str());
  if (!options.user.empty()) {
    set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    set(CURLOPT_USERNAME, options.user.c_str());
    set(CURLOPT_PASSWORD, options.password.c_str());
  }
}

void Transfer::set_headers(const ClientOptions& options, const ClientRequest& request) {
  const auto append = [this](const std::string& line) {
    headers_.reset(curl_slist_append(headers_.release(), line.c_str()));
  };
  for (const auto& [name, value] : request.headers.all()) {
    append(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  if (!options.bearer_token.empty() && !request.headers.has("authorization")) {
    append("Authorization: Bearer " + options.bearer_token);
  }
  // The library would wait a second for an answer to it before it sends a body.
  if (!request.headers.has("expect")) append("Expect:");
  if (!request.headers.has("content-type") && !request.body.empty()) append("Content-Type: application/json");
}

base::Result<ClientResponse> Transfer::finish(CURLcode code, Easy& reusable) {
  if (too_large_) {
    return base::terminal("ResponseTooLarge",
                          fmt::format("{}: the response is larger than {} bytes", shown(url_), max_bytes_));
  }
  if (ended_by_receiver_) return std::move(response_);
  if (code != CURLE_OK) return transport_error(code, said_.data(), url_);
  curl_easy_reset(easy_.get());  // nothing may point into this exchange any more
  reusable = std::move(easy_);
  return std::move(response_);
}

}  // namespace offtake::http
