// Calls to HTTP servers. A Client is bound to one server, keeps its connections open and may be used by many
// threads at a time.
//
// A response of any status is a value. Errors are those of the way there, all transient unless said
// otherwise: Unreachable, TimedOut, CertificateRefused, ConnectionLost, NotHttp, ResponseTooLarge (terminal),
// BadUrl (terminal), Cancelled. Their texts name the URL without its query.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/http/message.h"
#include "base/result.h"

namespace offtake::http {

struct ClientOptions {
  std::string base_url;     // "https://host:6443" or with a path; requests' paths are added
  std::string unix_socket;  // a path: connects there; base_url then only gives Host ("http://worker")
  std::string bearer_token;
  std::string user, password;              // basic authentication, when user is set
  std::string ca_file;                     // PEM; empty: the system's
  std::string ca_pem;                      // the same, as its content
  std::string certificate_file, key_file;  // PEM, of the client
  std::string certificate_pem, key_pem;    // the same, as their content
  bool insecure = false;                   // the server's certificate is not looked at
  bool direct = false;                     // never through a proxy that the environment names
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{30'000};  // of a whole exchange; of a stream: until its head is there
  std::size_t max_response_bytes = 64 << 20;
  std::string user_agent = "offtake";
};

struct ClientRequest {
  std::string method = "GET";
  std::string path;  // with what is needed already encoded: "/subjects/a%2Fb/versions"
  Pairs query;       // is encoded
  Headers headers;
  std::string body;
  std::chrono::milliseconds timeout{0};  // 0: the client's
  // Of a stream: called when a head of success is there; may be null.
  std::function<void()> on_head = nullptr;
  // Of a stream: the longest between two pieces; then TimedOut. 0: for ever.
  std::chrono::milliseconds silence{0};
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  base::Result<ClientResponse> send(const ClientRequest& request) const;

  // As send, but the body of a 2xx response goes to `on_bytes` as it comes; false ends the stream without an
  // error. Any other response is returned with its body. Ends with Cancelled soon after `stop` is requested.
  using OnBytes = std::function<bool(std::string_view)>;
  base::Result<ClientResponse> stream(const ClientRequest& request, const OnBytes& on_bytes,
                                      std::stop_token stop = {}) const;

  base::Result<ClientResponse> get(std::string_view path, Headers headers = {}) const;
  base::Result<ClientResponse> post(std::string_view path, std::string body,
                                    std::string_view content_type = "application/json") const;
  base::Result<ClientResponse> put(std::string_view path, std::string body,
                                   std::string_view content_type = "application/json") const;
  base::Result<ClientResponse> patch(std::string_view path, std::string body,
                                     std::string_view content_type) const;
  base::Result<ClientResponse> del(std::string_view path, std::string body = "") const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace offtake::http
