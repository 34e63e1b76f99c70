// Which handler answers a request. Built once, then read by many threads.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http/message.h"

namespace offtake::http {

using Handler = std::function<Response(const Request&)>;

struct RouteOptions {
  std::size_t max_body_bytes = 3 << 20;  // beyond: 413, without reading it
};

// Patterns are segments: text, {name} (one segment, not empty), or at the end {name...} (the rest, may be
// empty). Where several match, text comes before {name}, and that before {name...}.
//   "/apis/offtake.dev/v1alpha1/namespaces/{namespace}/datasets/{name}", "/assets/{path...}"
// HEAD is answered by GET's handler where it has none of its own.
class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  // `method` may be "*". REQUIRES: the pattern is well formed and not added twice for a method.
  void add(std::string_view method, std::string_view pattern, Handler handler, RouteOptions options = {});

  // Runs for every request, matched or not, before its body is read (request.body is empty): an answer ends
  // the request. For authentication and checks of Host and Origin.
  using Guard = std::function<std::optional<Response>(const Request&)>;
  void set_guard(Guard guard) { guard_ = std::move(guard); }

  // How the server's own refusals look: 400 bad request, 404 no such path, 405 (Allow is added), 408, 413,
  // 429 too many streams, 431, 500 a handler's bug, 501, 503. Without it a line of text. The request may be
  // only half known.
  using Refusal = std::function<Response(const Request&, int status, const base::Error&)>;
  void set_refusal(Refusal refusal) { refusal_ = std::move(refusal); }

  // Asked after the guard for what no pattern matches, without a body: no answer is a 404. For pages whose
  // paths only their script knows.
  using Fallback = std::function<std::optional<Response>(const Request&)>;
  void set_fallback(Fallback fallback) { fallback_ = std::move(fallback); }

  // Sees every response before it is sent: common headers, access log, metrics.
  using Finish = std::function<void(const Request&, Response&)>;
  void set_finish(Finish finish) { finish_ = std::move(finish); }

  // For the server and for tests. A match sets request.params and request.route.
  struct Route {
    std::string pattern;
    Handler handler;
    RouteOptions options;
  };
  struct Match {
    const Route* route = nullptr;  // null: no such path, or `allowed` lists the methods there are
    std::vector<std::string> allowed;
  };
  Match match(Request& request) const;
  std::optional<Response> guard(const Request& request) const;
  Response refuse(const Request& request, int status, const base::Error& error) const;
  Response answer_unmatched(const Request& request, const Match& match) const;  // the fallback's, 404 or 405
  void finish(const Request& request, Response& response) const;
  // Everything from matching to finishing for a request that is complete, without a socket.
  Response handle(Request& request) const;
  // Runs the handler; a thrown exception becomes a 500 with an id that the log has as well.
  Response run(const Route& route, const Request& request) const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
  Guard guard_;
  Refusal refusal_;
  Fallback fallback_;
  Finish finish_;
};

}  // namespace offtake::http
