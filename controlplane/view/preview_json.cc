#include "base/clock.h"
#include "controlplane/view/plan.h"
#include "controlplane/view/preview.h"

namespace offtake::view {
namespace {

json::Value strings(const std::vector<std::string>& values) {
  json::Value out = json::Value::array();
  for (const auto& value : values) out.push_back(value);
  return out;
}

json::Value errors_json(const std::vector<base::Error>& errors) {
  json::Value out = json::Value::array();
  for (const auto& error : errors) out.push_back(to_json(error));
  return out;
}

json::Value offsets_json(const sources::OffsetVector& offsets) {
  json::Value out = json::Value::object();
  for (const auto& [partition, offset] : offsets) out.set(std::to_string(partition), offset);
  return out;
}

json::Value source_json(const preview::SourceReport& source, const std::string& dataset) {
  json::Value out = json::Value::object();
  out.set("dataset", dataset);
  out.set("role", preview::to_string(source.role));
  out.set("recordsRead", source.records);
  out.set("recordsKept", source.kept);
  out.set("from", offsets_json(source.from));
  out.set("until", offsets_json(source.until));
  if (source.back_to_ms) out.set("backTo", base::format_instant(*source.back_to_ms * 1'000));
  out.set("whole", source.whole);
  if (source.role == preview::Role::kLookedUp) {
    out.set("wantedKeys", source.wanted_keys);
    out.set("foundKeys", source.found_keys);
  }
  out.set("complete", source.complete);
  out.set("timeOver", source.time_over);
  out.set("notes", strings(source.notes));
  return out;
}

json::Value row_error_json(const engine::ErrorRow& error) {
  json::Value out = json::Value::object();
  out.set("message", error.message);
  out.set("operation", error.operation);
  out.set("row", error.row);
  if (error.partition >= 0) {
    out.set("partition", error.partition);
    out.set("offset", error.offset);
  }
  return out;
}

json::Value violation_json(const engine::KeyViolation& violation) {
  json::Value out = json::Value::object();
  if (!violation.dataset.empty()) out.set("dataset", violation.dataset);
  out.set("key", violation.key);
  out.set("first", violation.first);
  out.set("second", violation.second);
  return out;
}

}  // namespace

json::Value to_json(const PreviewReport& report) {
  json::Value out = json::Value::object();
  out.set("apiVersion", "view.offtake.dev/v1alpha1");
  out.set("kind", "Preview");
  out.set("errors", errors_json(report.errors));
  out.set("waiting", errors_json(report.waiting));
  out.set("warnings", strings(report.warnings));
  json::Value columns = json::Value::array();
  for (const auto& column : report.columns) {
    json::Value one = json::Value::object();
    one.set("name", column.name);
    one.set("type", column.type);
    one.set("targetType", column.target_type);
    if (column.masked) one.set("masked", true);
    columns.push_back(std::move(one));
  }
  out.set("columns", std::move(columns));
  json::Value rows = json::Value::array();
  for (const auto& row : report.rows) {
    json::Value cells = json::Value::array();
    for (const auto& cell : row) cells.push_back(cell ? json::Value(*cell) : json::Value());
    rows.push_back(std::move(cells));
  }
  out.set("rows", std::move(rows));
  out.set("rowsFound", static_cast<std::int64_t>(report.found.rows_found));
  out.set("moreRows", report.found.more_rows);
  json::Value row_errors = json::Value::array(), violations = json::Value::array(),
              sources = json::Value::array();
  for (const auto& error : report.found.errors) row_errors.push_back(row_error_json(error));
  for (const auto& violation : report.found.violations) violations.push_back(violation_json(violation));
  for (std::size_t i = 0; i < report.found.sources.size(); ++i)
    sources.push_back(source_json(report.found.sources[i], report.datasets[i]));
  out.set("rowErrors", std::move(row_errors));
  out.set("keyViolations", std::move(violations));
  out.set("badRecords", strings(report.found.bad_records));
  out.set("badRecordsCount", report.found.bad_records_count);
  out.set("sources", std::move(sources));
  out.set("summary", strings(report.summary));
  return out;
}

}  // namespace offtake::view
