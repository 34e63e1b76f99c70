#include "controlplane/store/status.h"

#include <charconv>

namespace offtake::store {
namespace {

struct Reason {
  std::string_view name;
  int code;
};
constexpr std::array<Reason, 19> kReasons{{{"BadRequest", 400},
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
                                           {"Timeout", 504},
                                           {"BadJson", 400},
                                           {"BadYaml", 400}}};

const Reason* find_reason(std::string_view code) {
  for (const Reason& reason : kReasons) {
    if (reason.name == code) return &reason;
  }
  return nullptr;
}

std::string reason_of(const base::Error& error) {
  if (error.code == "BadJson" || error.code == "BadYaml") return "BadRequest";
  if (find_reason(error.code) != nullptr) return error.code;
  return error.retry == base::Retry::kTransient ? "ServiceUnavailable" : "InternalError";
}

json::Value cause_json(const base::Error& cause) {
  std::string message;
  if (cause.location.line > 0) message = fmt::format("{}:{}: ", cause.location.line, cause.location.column);
  message += cause.message;
  if (!cause.hint.empty()) message += "; " + cause.hint;
  json::Value out = json::Value::object();
  out.set("reason", cause.code);
  out.set("message", std::move(message));
  out.set("field", cause.location.field);
  return out;
}

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

int http_code(const base::Error& error) {
  return find_reason(reason_of(error))->code;
}

json::Value to_status(const base::Error& error, const resources::Kind* kind, std::string_view name) {
  json::Value out = json::Value::object();
  out.set("kind", "Status");
  out.set("apiVersion", "v1");
  out.set("metadata", json::Value::object());
  out.set("status", "Failure");
  // An error without causes says all in its message, with place and hint.
  out.set("message", error.causes.empty() ? error.text() : error.message);
  out.set("reason", reason_of(error));
  json::Value details = json::Value::object();
  if (!name.empty()) details.set("name", name);
  if (kind != nullptr) {
    if (!kind->group.empty()) details.set("group", kind->group);
    details.set("kind", error.code == "Invalid" ? kind->kind : kind->plural);
  }
  for (const base::Error& cause : error.causes) details.get_or_add("causes").push_back(cause_json(cause));
  if (error.code == "TooManyRequests" || reason_of(error) == "ServiceUnavailable") {
    details.set("retryAfterSeconds", 1);
  }
  out.set("details", std::move(details));
  out.set("code", http_code(error));
  return out;
}

base::Error from_status(int http, const json::Value& body) {
  base::Error error;
  if (body.string_or("kind") == "Status") {
    error.code = body.string_or("reason");
    error.message = body.string_or("message");
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
  if (http == 429 || http == 503 || http == 504) error.retry = base::Retry::kTransient;
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

}  // namespace offtake::store
