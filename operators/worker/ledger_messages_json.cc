#include "operators/targets/ledger_json.h"
#include "operators/worker/ledger_messages.h"

namespace offtake::worker {
namespace {

using delivery::LedgerDesk;
using delivery::ShownRecord;

json::Value to_json(const ShownRecord& shown) {
  json::Value out = json::Value::object();
  out.set("entry", targets::to_json(shown.entry));
  out.set("found", shown.found);
  out.set("timestampMs", shown.timestamp_ms);
  out.set("tombstone", shown.tombstone);
  out.set("key", shown.key);
  out.set("value", shown.value);
  out.set("valueBytes", static_cast<std::int64_t>(shown.value_bytes));
  return out;
}

base::Result<ShownRecord> shown_from(const json::Value& value) {
  ShownRecord out;
  auto entry = targets::ledger_entry_from_json(value["entry"]);
  if (!entry) return std::move(entry).error();
  out.entry = *std::move(entry);
  out.found = value.bool_or("found");
  out.timestamp_ms = value.int_or("timestampMs");
  out.tombstone = value.bool_or("tombstone");
  out.key = value.string_or("key");
  out.value = value.string_or("value");
  out.value_bytes = static_cast<std::size_t>(value.int_or("valueBytes"));
  return out;
}

}  // namespace

std::string request_text(const LedgerDesk::Request& request) {
  json::Value out = json::Value::object();
  if (request.command) out.set("command", targets::to_json(*request.command));
  if (!request.show.empty()) out.set("show", request.show);
  return json::dump(out);
}

base::Result<LedgerDesk::Request> parse_ledger_request(std::string_view text) {
  auto value = json::parse(text);
  if (!value) return std::move(value).error();
  LedgerDesk::Request out;
  if ((*value)["command"].is_object()) out.command = targets::ledger_command_from_json((*value)["command"]);
  out.show = value->string_or("show");
  return out;
}

std::string answer_text(const base::Result<LedgerDesk::Answer>& answer) {
  json::Value out = json::Value::object();
  if (!answer) {
    json::Value error = json::Value::object();
    error.set("code", answer.error().code);
    error.set("message", answer.error().message);
    error.set("hint", answer.error().hint);
    error.set("passes", answer.error().retry == base::Retry::kTransient);
    out.set("error", std::move(error));
    return json::dump(out);
  }
  out.set("outcome", targets::to_json(answer->outcome));
  out.set("entries", targets::to_json(answer->entries));
  if (!answer->shown.entry.id.empty()) out.set("shown", to_json(answer->shown));
  return json::dump(out);
}

base::Result<LedgerDesk::Answer> parse_ledger_answer(std::string_view text) {
  auto value = json::parse(text);
  if (!value) return std::move(value).error();
  if (const json::Value& error = (*value)["error"]; error.is_object()) {
    const std::string code = error.string_or("code"), message = error.string_or("message");
    base::Error out =
        error.bool_or("passes") ? base::transient(code, message) : base::terminal(code, message);
    return std::move(out).with_hint(error.string_or("hint"));
  }
  LedgerDesk::Answer out;
  out.outcome = targets::ledger_outcome_from_json((*value)["outcome"]);
  auto entries = targets::ledger_entries_from_json((*value)["entries"]);
  if (!entries) return std::move(entries).error();
  out.entries = *std::move(entries);
  if ((*value)["shown"].is_object()) {
    auto shown = shown_from((*value)["shown"]);
    if (!shown) return std::move(shown).error();
    out.shown = *std::move(shown);
  }
  return out;
}

}  // namespace offtake::worker
