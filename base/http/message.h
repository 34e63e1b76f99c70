// HTTP messages as handlers and callers see them; the libraries and sockets stay behind server.h and
// client.h. Plain data; no thread safety.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace offtake::http {

// In the order received or set; names compare without regard to case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}
  // The first of that name; an empty view when there is none (has tells).
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // replaces all of that name
  void erase(std::string_view name);
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;  // GET, PATCH, …
  std::string target;  // as sent: "/a%2Fb?x=1"
  std::string path;    // decoded, without the query
  Pairs query;         // decoded, in order; names may repeat
  Pairs params;        // of the route's pattern, decoded
  Headers headers;
  std::string body;
  std::string remote_address;  // "127.0.0.1", "::1", or "unix"
  int remote_port = 0;
  std::string route;  // the pattern that matched; empty when none did

  // The first value, or an empty text; has_query tells "absent" from "empty".
  std::string query_value(std::string_view name) const;
  bool has_query(std::string_view name) const;
  // A path parameter; empty when the pattern has none of that name.
  const std::string& param(std::string_view name) const;
  // The token of "Authorization: Bearer …", or empty.
  std::string_view bearer_token() const;
  bool from_loopback() const;  // also true for a unix socket
};

// The other end of a response that goes on. Used by the thread that the stream function runs on.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;
  // Sends at once. False when the stream is over: the peer is gone or too slow, or the server stops. The
  // stream function then returns soon.
  virtual bool write(std::string_view bytes) = 0;
  // Whether a write would still make sense; notices a peer that has gone. One system call.
  virtual bool alive() = 0;
  // Requested when the server stops: for waiting on a condition_variable_any.
  virtual std::stop_token stop_token() const = 0;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  // When set, the body is what this function writes, until it returns. It runs on the connection's thread.
  std::function<void(StreamWriter&)> stream;

  static Response of(int status, std::string body, std::string_view content_type);
};

// An address of 127.0.0.0/8, ::1, or the former written as IPv6; brackets around it are allowed. Names are
// not: "127.example.com" is whatever its owner makes of it.
bool is_loopback_address(std::string_view text);

const char* status_text(int status);  // "Not Found"; "Status" for those without a usual text

// RFC 3986: everything but letters, digits and -._~ as %XX.
std::string percent_encode(std::string_view text);
// nullopt for a bad escape. `plus_is_space` as in queries.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
// "a=1&b=x%20y", without '?'.
std::string encode_query(const Pairs& query);
Pairs decode_query(std::string_view text);  // bad escapes are kept as they stand

}  // namespace offtake::http
