#include "controlplane/sql/form/form_json.h"

#include <algorithm>
#include <map>

#include "controlplane/sql/fields.h"
#include "operators/plan/classified.h"

namespace offtake::sql::form {
namespace {

// Of one dataset: what nobody could look through is taken whole.
constexpr std::size_t kMostFields = 10'000;

json::Value range_json(Range range) {
  return json::Array{range.begin, range.end};
}

json::Value source_json(const Source& source) {
  json::Value out = json::Value::object();
  out.set("dataset", source.dataset);
  if (!source.column.empty()) out.set("column", source.column);
  return out;
}

json::Value pairs_json(const std::vector<Pair>& pairs) {
  json::Value out = json::Value::array();
  for (const Pair& pair : pairs) {
    json::Value item = json::Value::object();
    item.set("left", source_json(pair.left));
    item.set("column", pair.column);
    out.push_back(std::move(item));
  }
  return out;
}

json::Value strings(const std::vector<std::string>& list) {
  json::Value out = json::Value::array();
  for (const std::string& item : list) out.push_back(item);
  return out;
}

const char* text_of(DatasetState state) {
  switch (state) {
    case DatasetState::kReady:
      return "Ready";
    case DatasetState::kMissing:
      return "Missing";
    case DatasetState::kDenied:
      return "Denied";
    case DatasetState::kUnavailable:
      return "Unavailable";
  }
  return "";
}

const char* text_of(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::kColumn:
      return "Column";
    case ColumnKind::kStar:
      return "Star";
    case ColumnKind::kAggregate:
      return "Aggregate";
    case ColumnKind::kExpression:
      return "Expression";
  }
  return "";
}

const char* text_of(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "Error";
    case Severity::kWarning:
      return "Warning";
    case Severity::kWaiting:
      return "Waiting";
  }
  return "";
}

// Whether all of it is decoded: by itself, or with a record around it.
bool reads(const Analysis& analysis, const DatasetName& dataset, const std::string& path) {
  if (!analysis.compiled) return false;
  for (const DatasetUse& use : analysis.compiled->datasets) {
    if (use.id == dataset && std::any_of(use.columns.begin(), use.columns.end(),
                                         [&](const std::string& read) { return is_within(path, read); }))
      return true;
  }
  return false;
}

// The columns of one dataset, with the fields within them.
class ColumnTree {
 public:
  ColumnTree(const Analysis& analysis, const FormDataset& dataset) : analysis_(analysis), dataset_(dataset) {
    use_.classified = dataset.schema.classified;
    const auto& columns = analysis.form->columns;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const FormColumn& column = columns[i];
      if (column.kind == ColumnKind::kColumn && column.source->dataset == dataset.alias)
        selected_.emplace(column.source->column, static_cast<std::int64_t>(i));
    }
  }

  json::Value write() {
    json::Value out = json::Value::array();
    for (const types::Field& field : dataset_.schema.columns)
      out.push_back(write(field, opens(dataset_.schema, field)));
    return out;
  }

 private:
  json::Value write(const types::Field& field, bool open) {
    const auto& key = dataset_.schema.key;
    json::Value column = json::Value::object();
    column.set("name", field.name);
    column.set("type", types::to_string(field.type));
    column.set("nullable", field.nullable);
    column.set("key", std::find(key.begin(), key.end(), field.name) != key.end());
    column.set("classified", plan::is_classified(use_, field.name));
    column.set("used", reads(analysis_, dataset_.id, field.name));
    if (const auto found = selected_.find(field.name); found != selected_.end())
      column.set("selected", found->second);
    const auto* fields = open ? fields_of(field.type) : nullptr;
    if (fields == nullptr || (written_ += fields->size()) > kMostFields) return column;
    json::Value within = json::Value::array();
    for (const types::Field& inner : *fields) {
      within.push_back(
          write({field.name + "." + inner.name, inner.type, field.nullable || inner.nullable}, true));
    }
    column.set("fields", std::move(within));
    return column;
  }

  const Analysis& analysis_;
  const FormDataset& dataset_;
  plan::SourceUse use_;
  std::map<std::string, std::int64_t> selected_;
  std::size_t written_ = 0;
};

json::Value dataset_json(const Analysis& analysis, const FormDataset& dataset) {
  json::Value out = json::Value::object();
  out.set("alias", dataset.alias);
  out.set("namespace", dataset.id.dataset_namespace);
  out.set("name", dataset.id.name);
  out.set("range", range_json(dataset.range));
  out.set("state", text_of(dataset.state));
  if (!dataset.message.empty()) out.set("message", dataset.message);
  if (dataset.state != DatasetState::kReady) return out;
  out.set("type", dataset.schema.kind == plan::SourceUse::Kind::kEntity ? "Entity" : "Event");
  if (!dataset.schema.key.empty()) out.set("key", strings(dataset.schema.key));
  out.set("columns", ColumnTree(analysis, dataset).write());
  return out;
}

json::Value join_json(const FormDataset& dataset, const FormJoin& join) {
  json::Value out = json::Value::object();
  out.set("dataset", dataset.alias);
  out.set("type", join.type == JoinType::kLeft ? "Left" : "Inner");
  out.set("using", join.is_using);
  out.set("pairs", pairs_json(join.pairs));
  out.set("range", range_json(join.range));
  return out;
}

json::Value column_json(const FormColumn& column) {
  json::Value out = json::Value::object();
  out.set("kind", text_of(column.kind));
  out.set("text", column.text);
  if (column.kind != ColumnKind::kStar) out.set("name", column.name);
  out.set("named", column.named);
  if (column.source) out.set("source", source_json(*column.source));
  if (column.aggregate) {
    json::Value aggregate = json::Value::object();
    aggregate.set("function", column.aggregate->function);
    if (column.aggregate->source) aggregate.set("source", source_json(*column.aggregate->source));
    if (!column.aggregate->text.empty()) aggregate.set("text", column.aggregate->text);
    out.set("aggregate", std::move(aggregate));
  }
  out.set("range", range_json(column.range));
  return out;
}

json::Value filter_json(const FormFilter& filter) {
  json::Value out = json::Value::object();
  out.set("kind", filter.predicate ? "Simple" : "Expression");
  out.set("text", filter.text);
  out.set("range", range_json(filter.range));
  if (!filter.predicate) return out;
  out.set("source", source_json(filter.predicate->source));
  if (!filter.type.empty()) out.set("type", filter.type);
  out.set("operator", to_string(filter.predicate->op));
  out.set("values", strings(filter.predicate->values));
  return out;
}

json::Value group_json(const FormGroup& group) {
  json::Value out = json::Value::object();
  out.set("text", group.text);
  if (group.source) out.set("source", source_json(*group.source));
  if (group.column) out.set("column", *group.column);
  out.set("range", range_json(group.range));
  return out;
}

json::Value form_json(const Analysis& analysis) {
  const Form& form = *analysis.form;
  json::Value out = json::Value::object();
  json::Value list = json::Value::array();
  for (const FormDataset& dataset : form.datasets) list.push_back(dataset_json(analysis, dataset));
  out.set("datasets", std::exchange(list, json::Value::array()));
  for (std::size_t i = 0; i < form.joins.size(); ++i) {
    list.push_back(join_json(form.datasets[i + 1], form.joins[i]));
  }
  out.set("joins", std::exchange(list, json::Value::array()));
  for (const FormColumn& column : form.columns) list.push_back(column_json(column));
  out.set("columns", std::exchange(list, json::Value::array()));
  for (const FormFilter& filter : form.filters) list.push_back(filter_json(filter));
  out.set("filters", std::exchange(list, json::Value::array()));
  for (const FormGroup& group : form.groups) list.push_back(group_json(group));
  out.set("groupBy", std::move(list));
  return out;
}

json::Value diagnostic_json(const Diagnostic& diagnostic) {
  json::Value out = json::Value::object();
  out.set("severity", text_of(diagnostic.severity));
  if (!diagnostic.code.empty()) out.set("code", diagnostic.code);
  out.set("message", diagnostic.message);
  if (!diagnostic.hint.empty()) out.set("hint", diagnostic.hint);
  out.set("field", diagnostic.field);
  if (!diagnostic.range) return out;
  out.set("range", range_json(*diagnostic.range));
  out.set("line", diagnostic.line);
  out.set("column", diagnostic.column);
  return out;
}

}  // namespace

json::Value to_json(const Analysis& analysis, std::string_view sql) {
  json::Value out = json::Value::object();
  out.set("hash", analysis.hash);
  out.set("sql", sql);
  if (analysis.form) out.set("form", form_json(analysis));
  if (analysis.undrawable) {
    json::Value why = json::Value::object();
    why.set("reason", analysis.undrawable->reason);
    why.set("range", range_json(analysis.undrawable->range));
    why.set("line", analysis.undrawable->line);
    why.set("column", analysis.undrawable->column);
    out.set("undrawable", std::move(why));
  }
  json::Value diagnostics = json::Value::array();
  for (const Diagnostic& diagnostic : analysis.diagnostics)
    diagnostics.push_back(diagnostic_json(diagnostic));
  out.set("diagnostics", std::move(diagnostics));
  if (!analysis.compiled) return out;
  json::Value columns = json::Value::array();
  for (const OutputColumn& column : analysis.output) {
    json::Value item = json::Value::object();
    item.set("name", column.name);
    item.set("type", types::to_string(column.type));
    item.set("nullable", column.nullable);
    item.set("masked", column.masked);
    columns.push_back(std::move(item));
  }
  out.set("output", std::move(columns));
  return out;
}

}  // namespace offtake::sql::form
