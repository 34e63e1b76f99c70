#include "base/result.h"

#include "base/id.h"
#include "base/log.h"

namespace offtake::base {

std::string Location::text() const {
  std::string out = file;
  if (!field.empty()) out += (out.empty() ? "" : ": ") + field;
  if (line > 0) {
    out += out.empty() ? fmt::format("line {}", line) : fmt::format(":{}", line);
    if (column > 0) out += fmt::format(":{}", column);
  }
  return out;
}

std::string Error::text() const {
  std::string out = location.text();
  if (!out.empty()) out += ": ";
  out += message;
  if (!hint.empty()) out += "; " + hint;
  return out;
}

Error&& Error::with_hint(std::string value) && {
  hint = std::move(value);
  return std::move(*this);
}

Error&& Error::with_detail(std::string value) && {
  detail = std::move(value);
  return std::move(*this);
}

Error&& Error::at(Location value) && {
  location = std::move(value);
  return std::move(*this);
}

Error&& Error::in(std::string_view context) && {
  message = fmt::format("{}: {}", context, message);
  return std::move(*this);
}

namespace {
Error make(std::string code, std::string message, Retry retry) {
  Error error;
  error.code = std::move(code);
  error.message = std::move(message);
  error.retry = retry;
  return error;
}
}  // namespace

Error terminal(std::string code, std::string message) {
  return make(std::move(code), std::move(message), Retry::kTerminal);
}
Error transient(std::string code, std::string message) {
  return make(std::move(code), std::move(message), Retry::kTransient);
}
Error waiting(std::string code, std::string message) {
  return make(std::move(code), std::move(message), Retry::kWaiting);
}
Error row_error(std::string code, std::string message) {
  return make(std::move(code), std::move(message), Retry::kRow);
}
Error fenced(std::string message) {
  return make("Fenced", std::move(message), Retry::kFenced);
}

Error internal(std::string_view what) {
  const std::string id = random_id();
  log_error("internal error", {{"error_id", id}, {"error", std::string(what)}});
  return make("InternalError", fmt::format("internal error {} (the log has the details under this id)", id),
              Retry::kTransient);
}

}  // namespace offtake::base
