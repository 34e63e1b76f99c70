#include "operators/targets/ledger_json.h"

namespace offtake::targets {
namespace {

void set_text(json::Value& out, std::string_view name, const std::string& text) {
  if (!text.empty()) out.set(name, text);
}

json::Value to_json(const types::Checksum& content) {
  json::Value out = json::Value::object();
  out.set("rows", content.rows);
  out.set("sum", static_cast<std::int64_t>(content.sum));
  return out;
}

types::Checksum checksum_from(const json::Value& value) {
  return {value.int_or("rows"), static_cast<std::uint64_t>(value.int_or("sum"))};
}

json::Value array_of(const std::vector<std::string>& texts) {
  json::Value out = json::Value::array();
  for (const auto& text : texts) out.push_back(text);
  return out;
}

std::vector<std::string> texts_of(const json::Value& value) {
  std::vector<std::string> out;
  if (!value.is_array()) return out;
  for (const auto& text : value.as_array()) {
    if (text.is_string()) out.push_back(text.as_string());
  }
  return out;
}

}  // namespace

json::Value to_json(const LedgerEntry& entry) {
  json::Value out = json::Value::object();
  out.set("id", entry.id);
  out.set("kind", to_string(entry.kind));
  out.set("status", to_string(entry.status));
  set_text(out, "dataset", entry.dataset);
  if (entry.partition >= 0) out.set("partition", entry.partition);
  if (entry.offset >= 0) out.set("offset", entry.offset);
  set_text(out, "keyDigest", entry.key_digest);
  set_text(out, "key", entry.key);
  set_text(out, "code", entry.code);
  set_text(out, "error", entry.error);
  out.set("epoch", entry.epoch);
  out.set("at", entry.at);
  if (entry.kind == LedgerEntry::Kind::kOutput) {
    out.set("delivered", to_json(entry.delivered));
    out.set("wanted", to_json(entry.wanted));
    set_text(out, "wantedRow", entry.wanted_row);
  }
  return out;
}

base::Result<LedgerEntry> ledger_entry_from_json(const json::Value& value) {
  LedgerEntry out;
  out.id = value.string_or("id");
  auto kind = ledger_kind_from(value.string_or("kind"));
  if (!kind) return std::move(kind).error();
  out.kind = *kind;
  auto status = ledger_status_from(value.string_or("status"));
  if (!status) return std::move(status).error();
  out.status = *status;
  out.dataset = value.string_or("dataset");
  out.partition = static_cast<int>(value.int_or("partition", -1));
  out.offset = value.int_or("offset", -1);
  out.key_digest = value.string_or("keyDigest");
  out.key = value.string_or("key");
  out.code = value.string_or("code");
  out.error = value.string_or("error");
  out.epoch = value.int_or("epoch");
  out.at = value.int_or("at");
  out.delivered = checksum_from(value["delivered"]);
  out.wanted = checksum_from(value["wanted"]);
  out.wanted_row = value.string_or("wantedRow");
  return out;
}

json::Value to_json(const LedgerEntries& entries) {
  json::Value out = json::Value::array();
  for (const auto& [id, entry] : entries) out.push_back(to_json(entry));
  return out;
}

base::Result<LedgerEntries> ledger_entries_from_json(const json::Value& value) {
  LedgerEntries out;
  if (!value.is_array()) return out;
  for (const auto& each : value.as_array()) {
    auto entry = ledger_entry_from_json(each);
    if (!entry) return std::move(entry).error();
    std::string id = entry->id;
    out.emplace(std::move(id), *std::move(entry));
  }
  return out;
}

json::Value to_json(const LedgerChanges& changes) {
  json::Value put = json::Value::array();
  for (const auto& entry : changes.put) put.push_back(to_json(entry));
  json::Value out = json::Value::object();
  out.set("put", std::move(put));
  out.set("remove", array_of(changes.remove));
  return out;
}

base::Result<LedgerChanges> ledger_changes_from_json(const json::Value& value) {
  LedgerChanges out;
  if (const auto& put = value["put"]; put.is_array()) {
    for (const auto& each : put.as_array()) {
      auto entry = ledger_entry_from_json(each);
      if (!entry) return std::move(entry).error();
      out.put.push_back(*std::move(entry));
    }
  }
  out.remove = texts_of(value["remove"]);
  return out;
}

json::Value to_json(const LedgerCommand& command) {
  json::Value out = json::Value::object();
  out.set("verb", command.verb == LedgerCommand::Verb::kReplay ? "replay" : "discard");
  if (!command.ids.empty()) out.set("ids", array_of(command.ids));
  set_text(out, "key", command.key);
  set_text(out, "dataset", command.dataset);
  if (command.all) out.set("all", true);
  return out;
}

LedgerCommand ledger_command_from_json(const json::Value& value) {
  LedgerCommand out;
  out.verb =
      value.string_or("verb") == "discard" ? LedgerCommand::Verb::kDiscard : LedgerCommand::Verb::kReplay;
  out.ids = texts_of(value["ids"]);
  out.key = value.string_or("key");
  out.dataset = value.string_or("dataset");
  out.all = value.bool_or("all");
  return out;
}

json::Value to_json(const LedgerOutcome& outcome) {
  json::Value out = json::Value::object();
  out.set("replayed", outcome.replayed);
  out.set("discarded", outcome.discarded);
  out.set("stillParked", outcome.still_parked);
  out.set("notes", array_of(outcome.notes));
  return out;
}

LedgerOutcome ledger_outcome_from_json(const json::Value& value) {
  return {value.int_or("replayed"), value.int_or("discarded"), value.int_or("stillParked"),
          texts_of(value["notes"])};
}

std::string entry_text(const LedgerEntry& entry) {
  return json::dump_canonical(to_json(entry));
}

base::Result<LedgerEntry> parse_entry(std::string_view text) {
  auto value = json::parse(text);
  if (!value) return std::move(value).error();
  return ledger_entry_from_json(*value);
}

}  // namespace offtake::targets
