#include "controlplane/store/status.h"

#include "operators/kubernetes/status.h"

namespace offtake::store {
namespace {

std::string reason_of(const base::Error& error) {
  if (error.code == "BadJson" || error.code == "BadYaml") return "BadRequest";
  if (kubernetes::code_of_reason(error.code) != 0) return error.code;
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

}  // namespace

int http_code(const base::Error& error) {
  return kubernetes::code_of_reason(reason_of(error));
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

}  // namespace offtake::store
