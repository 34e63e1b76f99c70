#include "operators/targets/postgres/sqlstate.h"

#include <array>

#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::postgres {
namespace {

struct Rule {
  std::string_view prefix;  // of the SQLSTATE
  base::Retry retry;
  std::string_view code;
  std::string_view hint;
};

// The first rule whose prefix matches holds.
constexpr std::array kRules = {
    Rule{"23505", base::Retry::kRow, "KeyNotUnique",
         "declare a key that is unique, or leave target.key out to keep every row"},
    Rule{"22", base::Retry::kRow, "RowError", ""},
    Rule{"23", base::Retry::kRow, "RowError", ""},
    Rule{"54000", base::Retry::kRow, "RowError", ""},
    Rule{"53100", base::Retry::kTransient, "DiskFull",
         "make room on the database server; delivery goes on by itself"},
    Rule{"53300", base::Retry::kTransient, "TargetBusy",
         "the server takes no more connections; raise max_connections"},
    Rule{"55P03", base::Retry::kTransient, "TargetLocked", ""},
    Rule{"55", base::Retry::kTransient, "TargetLocked", ""},
    Rule{"08", base::Retry::kTransient, "TargetUnreachable", ""},
    Rule{"40", base::Retry::kTransient, "TargetConflict", ""},
    Rule{"53", base::Retry::kTransient, "TargetOutOfResources", ""},
    Rule{"57", base::Retry::kTransient, "TargetUnreachable", ""},
    Rule{"58", base::Retry::kTransient, "TargetError", ""},
    Rule{"25P", base::Retry::kTransient, "TargetUnreachable", ""},
    Rule{"25006", base::Retry::kTransient, "TargetReadOnly", "the server is a standby or in recovery"},
    Rule{"28", base::Retry::kTerminal, "TargetAuthenticationFailed",
         "check user name and password of the target"},
    Rule{"3D000", base::Retry::kTerminal, "TargetDatabaseMissing",
         "create the database, or correct the class's url"},
    Rule{"42501", base::Retry::kTerminal, "TargetPermissionDenied",
         "the role lacks a right that the target needs"},
    Rule{"3D", base::Retry::kTerminal, "TargetObjectMissing", ""},
    Rule{"3F", base::Retry::kTerminal, "TargetObjectMissing", ""},
    Rule{"42P01", base::Retry::kTerminal, "TargetObjectMissing", ""},
    Rule{"42", base::Retry::kTerminal, "TargetRefused", ""},
    Rule{"2BP01", base::Retry::kTerminal, "TargetHasDependants", "drop the objects that depend on it first"},
    Rule{"0A", base::Retry::kTerminal, "TargetRefused", ""},
};

}  // namespace

std::pair<std::string, std::string> key_in_detail(std::string_view detail) {
  const auto open = detail.find('(');
  const auto middle = detail.find(")=(");
  const auto close = detail.rfind(')');
  if (open == std::string_view::npos || middle == std::string_view::npos || close <= middle + 2) return {};
  std::string columns(detail.substr(open + 1, middle - open - 1));
  // Names that need quotes in SQL have them here; a message does not.
  std::erase(columns, '"');
  return {columns, std::string(detail.substr(middle + 3, close - middle - 3))};
}

base::Error error_from(const ServerMessage& message) {
  base::Error error;
  error.code = "TargetError";
  // What is not known is tried again; whoever retries gives up after some attempts.
  error.retry = base::Retry::kTransient;
  error.message = message.primary.empty() ? "the target failed without saying why" : message.primary;
  for (const Rule& rule : kRules) {
    if (!std::string_view(message.state).starts_with(rule.prefix)) continue;
    error.code = rule.code;
    error.retry = rule.retry;
    error.hint = rule.hint;
    break;
  }
  const bool own_key = message.constraint.starts_with(protocol::kKeyName);
  if (message.state.starts_with("23") && !own_key) {
    // Of somebody else. What the server says of a constraint names it and no value; triggers say anything.
    error.code = message.constraint.empty() ? "RowError" : "ConstraintViolated";
    error.hint.clear();
  }
  if (error.code == "KeyNotUnique") {
    const auto [columns, values] = key_in_detail(message.detail);
    error.message = columns.empty()
                        ? "a key is held by more than one row"
                        : fmt::format("key ({})=({}) is held by more than one row", columns, values);
  }
  if (error.hint.empty()) error.hint = message.hint;
  for (const std::string* part : {&message.detail, &message.context}) {
    if (part->empty()) continue;
    if (!error.detail.empty()) error.detail += "; ";
    error.detail += *part;
  }
  if (!message.state.empty()) error.detail = fmt::format("SQLSTATE {} {}", message.state, error.detail);
  return error;
}

}  // namespace offtake::targets::postgres
