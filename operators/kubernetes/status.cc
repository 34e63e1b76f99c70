#include "operators/kubernetes/status.h"

#include <array>
#include <charconv>

namespace offtake::kubernetes {
namespace {

struct Reason {
  std::string_view name;
  int code;
};
constexpr std::array<Reason, 17> kReasons{{{"BadRequest", 400},
                                           {"Unauthorized", 401},
                                           {"Forbidden", 403},
                                           {"NotFound", 404},
                                           {"MethodNotAllowed", 405},
                                           {"NotAcceptable", 406},
                                           {"AlreadyExists", 409},
                                           {"Conflict", 409},
                                           {"Expired", 410},
                                           {"Gone", 410},
                                           {"RequestEntityTooLarge", 413},
                                           {"UnsupportedMediaType", 415},
                                           {"Invalid", 422},
                                           {"TooManyRequests", 429},
                                           {"InternalError", 500},
                                           {"ServiceUnavailable", 503},
                                           {"Timeout", 504}}};

// Takes "4:12: " off the front.
void take_position(base::Error& cause) {
  const char* begin = cause.message.data();
  const char* end = begin + cause.message.size();
  int line = 0;
  const auto first = std::from_chars(begin, end, line);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':') return;
  int column = 0;
  const auto second = std::from_chars(first.ptr + 1, end, column);
  if (second.ec != std::errc() || end - second.ptr < 2 || second.ptr[0] != ':' || second.ptr[1] != ' ')
    return;
  cause.location.line = line;
  cause.location.column = column;
  cause.message.erase(0, static_cast<std::size_t>(second.ptr + 2 - begin));
}

}  // namespace

int code_of_reason(std::string_view reason) {
  for (const Reason& known : kReasons) {
    if (known.name == reason) return known.code;
  }
  return 0;
}

base::Error from_status(int http, const json::Value& body) {
  base::Error error;
  if (body.string_or("kind") == "Status") {
    error.code = body.string_or("reason");
    error.message = body.string_or("message");
  } else {
    // Of a server that has more than Kubernetes' API: its registry and its event log.
    error.code = body.string_or("code");
    error.message = body.string_or("message");
    error.hint = body.string_or("hint");
  }
  if (error.code.empty()) {
    error.code = "InternalError";
    for (const Reason& reason : kReasons) {
      if (reason.code != http) continue;
      error.code = std::string(reason.name);
      break;
    }
  }
  if (error.message.empty()) error.message = fmt::format("the server answered HTTP {}", http);
  if (http == 429 || http >= 500) error.retry = base::Retry::kTransient;
  const json::Value& causes = body.at({"details", "causes"});
  if (!causes.is_array()) return error;
  for (const json::Value& item : causes.as_array()) {
    base::Error cause = base::terminal(item.string_or("reason"), item.string_or("message"));
    cause.location.field = item.string_or("field");
    take_position(cause);
    error.causes.push_back(std::move(cause));
  }
  return error;
}

}  // namespace offtake::kubernetes
