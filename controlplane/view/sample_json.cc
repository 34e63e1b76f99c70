#include "base/clock.h"
#include "controlplane/view/openapi.h"
#include "controlplane/view/plan.h"
#include "controlplane/view/sample.h"

namespace offtake::view {
namespace {

json::Value errors_json(const std::vector<base::Error>& errors) {
  json::Value out = json::Value::array();
  for (const auto& error : errors) out.push_back(to_json(error));
  return out;
}

}  // namespace

json::Value to_json(const SampleReport& report) {
  json::Value out = json::Object{{"apiVersion", kGroupVersion},
                                 {"kind", "Sample"},
                                 {"namespace", report.namespace_name},
                                 {"name", report.name}};
  out.set("errors", errors_json(report.errors));
  out.set("waiting", errors_json(report.waiting));
  json::Value columns = json::Value::array(), rows = json::Value::array(), bad = json::Value::array();
  for (const auto& column : report.columns) {
    json::Value one = json::Object{{"name", column.name}, {"type", column.type}};
    if (column.masked) one.set("masked", true);
    columns.push_back(std::move(one));
  }
  for (const auto& row : report.rows) {
    json::Value cells = json::Value::array();
    for (const auto& cell : row) cells.push_back(cell ? json::Value(*cell) : json::Value());
    rows.push_back(std::move(cells));
  }
  for (const auto& record : report.found.bad_records) bad.push_back(record);
  out.set("columns", std::move(columns));
  out.set("rows", std::move(rows));
  const bool more = report.found.more_rows || report.found.rows_found > report.rows.size();
  preview::SourceReport read;
  if (!report.found.sources.empty()) read = report.found.sources.front();
  out.set("moreRows", more || (!report.found.sources.empty() && !read.whole));
  out.set("recordsRead", read.records);
  if (read.back_to_ms) out.set("backTo", base::format_instant(*read.back_to_ms * 1'000));
  out.set("whole", read.whole);
  out.set("badRecords", std::move(bad));
  out.set("badRecordsCount", report.found.bad_records_count);
  return out;
}

}  // namespace offtake::view
