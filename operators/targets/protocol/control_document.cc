// A control row as one JSON document. Numbers over 53 bits are whole JSON numbers here; who stores the
// document somewhere that reads doubles stores it as text.
#include "operators/targets/control_json.h"
#include "operators/targets/ledger_json.h"

namespace offtake::targets {
namespace {

json::Value to_json(const types::Checksum& content) {
  json::Value out = json::Value::object();
  out.set("rows", content.rows);
  out.set("sum", static_cast<std::int64_t>(content.sum));
  return out;
}

types::Checksum checksum_from(const json::Value& value) {
  return {value.int_or("rows"), static_cast<std::uint64_t>(value.int_or("sum"))};
}

json::Value to_json(const Intent& intent) {
  json::Value out = json::Value::object();
  out.set("epoch", intent.epoch);
  out.set("offsets", targets::to_json(intent.offsets));
  out.set("lastRecords", targets::to_json(intent.last_records));
  out.set("logicalTime", intent.logical_time);
  out.set("content", to_json(intent.content));
  if (!intent.ledger.empty()) out.set("ledger", targets::to_json(intent.ledger));
  return out;
}

base::Result<Intent> intent_from(const json::Value& value) {
  Intent out;
  out.epoch = value.int_or("epoch");
  out.logical_time = value.int_or("logicalTime");
  out.content = checksum_from(value["content"]);
  auto offsets = source_offsets_from_json(value["offsets"]);
  if (!offsets) return std::move(offsets).error();
  out.offsets = *std::move(offsets);
  auto stamps = stamps_from_json(value["lastRecords"]);
  if (!stamps) return std::move(stamps).error();
  out.last_records = *std::move(stamps);
  auto ledger = ledger_changes_from_json(value["ledger"]);
  if (!ledger) return std::move(ledger).error();
  out.ledger = *std::move(ledger);
  return out;
}

}  // namespace

json::Value to_json(const ControlRow& row) {
  json::Value out = json::Value::object();
  out.set("productUid", row.product_uid);
  out.set("revision", row.revision);
  out.set("installation", row.installation);
  out.set("fingerprint", row.fingerprint);
  out.set("incarnation", row.incarnation);
  out.set("owner", row.owner);
  out.set("phase", std::string(to_string(row.phase)));
  out.set("epoch", row.epoch);
  out.set("startOffsets", to_json(row.start_offsets));
  out.set("cut", to_json(row.cut));
  out.set("offsets", to_json(row.offsets));
  out.set("lastRecords", to_json(row.last_records));
  out.set("startInstant", row.start_instant);
  out.set("logicalTime", row.logical_time);
  out.set("content", to_json(row.content));
  out.set("committedAt", row.committed_at);
  out.set("place", row.place);
  if (row.intent) out.set("intent", to_json(*row.intent));
  if (!row.ledger.empty()) out.set("ledger", to_json(row.ledger));
  return out;
}

base::Result<ControlRow> control_from_json(const json::Value& value) {
  if (!value.is_object()) return base::terminal("BadControlRow", "the control document is no object");
  ControlRow out;
  out.product_uid = value.string_or("productUid");
  out.revision = static_cast<int>(value.int_or("revision"));
  out.installation = value.string_or("installation");
  out.fingerprint = value.string_or("fingerprint");
  out.incarnation = value.int_or("incarnation");
  out.owner = value.string_or("owner");
  auto phase = phase_from(value.string_or("phase"));
  if (!phase) return std::move(phase).error();
  out.phase = *phase;
  out.epoch = value.int_or("epoch");
  for (const auto& [name, field] : {std::pair("startOffsets", &out.start_offsets), std::pair("cut", &out.cut),
                                    std::pair("offsets", &out.offsets)}) {
    auto offsets = source_offsets_from_json(value[name]);
    if (!offsets) return std::move(offsets).error();
    *field = *std::move(offsets);
  }
  auto stamps = stamps_from_json(value["lastRecords"]);
  if (!stamps) return std::move(stamps).error();
  out.last_records = *std::move(stamps);
  out.start_instant = value.int_or("startInstant");
  out.logical_time = value.int_or("logicalTime");
  out.content = checksum_from(value["content"]);
  out.committed_at = value.int_or("committedAt");
  out.place = value.string_or("place");
  if (value["intent"].is_object()) {
    auto intent = intent_from(value["intent"]);
    if (!intent) return std::move(intent).error();
    out.intent = *std::move(intent);
  }
  auto ledger = ledger_entries_from_json(value["ledger"]);
  if (!ledger) return std::move(ledger).error();
  out.ledger = *std::move(ledger);
  return out;
}

json::Value to_json(const FillProgress& progress) {
  json::Value out = json::Value::object();
  out.set("stream", progress.stream);
  out.set("reached", to_json(progress.reached));
  out.set("lastRecords", to_json(progress.last_records));
  out.set("content", to_json(progress.content));
  if (!progress.ledger.empty()) out.set("ledger", to_json(progress.ledger));
  return out;
}

base::Result<FillProgress> fill_progress_from_json(const json::Value& value) {
  FillProgress out;
  out.stream = value.string_or("stream");
  auto reached = source_offsets_from_json(value["reached"]);
  if (!reached) return std::move(reached).error();
  out.reached = *std::move(reached);
  auto stamps = stamps_from_json(value["lastRecords"]);
  if (!stamps) return std::move(stamps).error();
  out.last_records = *std::move(stamps);
  out.content = checksum_from(value["content"]);
  auto ledger = ledger_entries_from_json(value["ledger"]);
  if (!ledger) return std::move(ledger).error();
  out.ledger = *std::move(ledger);
  return out;
}

}  // namespace offtake::targets
