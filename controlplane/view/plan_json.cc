#include <cmath>

#include "controlplane/view/plan.h"

namespace offtake::view {
namespace {

json::Value strings(const std::vector<std::string>& values) {
  json::Value out = json::Value::array();
  for (const auto& value : values) out.push_back(value);
  return out;
}

json::Value to_json(const planning::SourceDraft& source) {
  json::Value out = json::Value::object();
  out.set("dataset", source.use.id.dataset_namespace + "/" + source.use.id.name);
  out.set("type", source.use.kind == plan::SourceUse::Kind::kEntity ? "Entity" : "Event");
  out.set("topic", source.topic);
  out.set("schemaVersion", source.schema_version);
  out.set("read", source.use.windowed ? "windowed" : "whole");
  out.set("reason", source.use.reason);
  out.set("columns", strings(source.use.columns));
  out.set("columnsTotal", static_cast<std::int64_t>(source.columns_total));
  out.set("records", source.records);
  out.set("bytes", source.bytes);
  out.set("notes", strings(source.notes));
  return out;
}

}  // namespace

json::Value to_json(const base::Error& error) {
  json::Value out = json::Value::object();
  out.set("code", error.code);
  out.set("message", error.message);
  if (!error.hint.empty()) out.set("hint", error.hint);
  if (!error.location.file.empty()) out.set("file", error.location.file);
  if (!error.location.field.empty()) out.set("field", error.location.field);
  if (error.location.line > 0) out.set("line", error.location.line);
  if (error.location.column > 0) out.set("column", error.location.column);
  return out;
}

base::Error error_from_json(const json::Value& value) {
  base::Error error;
  error.code = value.string_or("code");
  error.message = value.string_or("message");
  error.hint = value.string_or("hint");
  error.location.file = value.string_or("file");
  error.location.field = value.string_or("field");
  error.location.line = static_cast<int>(value.int_or("line"));
  error.location.column = static_cast<int>(value.int_or("column"));
  return error;
}

json::Value to_json(const PlanReport& report) {
  json::Value out = json::Value::object();
  out.set("apiVersion", "view.offtake.dev/v1alpha1");
  out.set("kind", "Plan");
  out.set("action", to_string(report.action));
  out.set("reasons", strings(report.reasons));
  json::Value errors = json::Value::array(), waiting = json::Value::array();
  for (const auto& error : report.draft.errors) errors.push_back(to_json(error));
  for (const auto& item : report.draft.waiting) {
    json::Value one = to_json(item.error);
    one.set("condition", item.stage);
    waiting.push_back(std::move(one));
  }
  out.set("errors", std::move(errors));
  out.set("waiting", std::move(waiting));
  out.set("warnings", strings(report.draft.warnings));
  if (!report.class_name.empty()) {
    json::Value target = json::Value::object();
    target.set("className", report.class_name);
    target.set("engine", report.engine);
    target.set("name", report.object);
    target.set("identity", report.identity);
    json::Value columns = json::Value::array();
    for (const auto& column : report.columns) {
      json::Value one = json::Value::object();
      one.set("name", column.name);
      one.set("type", column.type);
      one.set("targetType", column.target_type);
      columns.push_back(std::move(one));
    }
    target.set("columns", std::move(columns));
    out.set("target", std::move(target));
  }
  json::Value sources = json::Value::array();
  for (const auto& source : report.draft.sources) sources.push_back(to_json(source));
  out.set("sources", std::move(sources));
  out.set("records", report.records);
  out.set("bytes", report.bytes);
  if (!report.dependants.empty()) out.set("dependants", strings(report.dependants));
  if (!report.makes.empty()) out.set("makes", strings(report.makes));
  if (report.estimate) {
    json::Value estimate = json::Value::object();
    estimate.set("seconds", static_cast<std::int64_t>(std::llround(report.estimate->seconds)));
    estimate.set("minutes", std::ceil(report.estimate->seconds / 6) / 10);
    estimate.set("recordsPerSecond",
                 static_cast<std::int64_t>(std::llround(report.estimate->records_per_second)));
    estimate.set("basis", report.estimate->basis);
    out.set("estimate", std::move(estimate));
  }
  if (const auto& sent = report.draft.changes) {
    json::Value changes = json::Value::object();
    changes.set("changes", plan::to_string(sent->changes));
    changes.set("reason", sent->reason);
    out.set("delivery", std::move(changes));
  }
  if (report.draft.start_instant != 0) out.set("startTime", base::format_instant(report.draft.start_instant));
  out.set("guarantee", report.guarantee);
  out.set("explain", report.draft.explain);
  return out;
}

}  // namespace offtake::view
