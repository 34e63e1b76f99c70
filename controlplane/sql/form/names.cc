#include "controlplane/sql/form/names.h"

#include <algorithm>

#include "controlplane/sql/fields.h"

namespace offtake::sql::form {
namespace {

std::string spelled_among(const std::vector<types::Field>& fields, std::string_view name) {
  const std::string lower = lower_ascii(name);
  std::string folded;
  int count = 0;
  for (const types::Field& field : fields) {
    if (field.name == name) return field.name;
    if (lower_ascii(field.name) != lower) continue;
    folded = field.name;
    ++count;
  }
  return count == 1 ? folded : "";
}

}  // namespace

const FormDataset* Form::find(std::string_view alias) const {
  const std::string lower = lower_ascii(alias);
  for (const FormDataset& dataset : datasets) {
    if (lower_ascii(dataset.alias) == lower) return &dataset;
  }
  return nullptr;
}

std::string spelled(const FormDataset& dataset, std::string_view column) {
  // A dot leads into a record, so a column with one in its own name is none of a form's.
  if (dataset.state != DatasetState::kReady)
    return column.find('.') == std::string_view::npos ? std::string(column) : "";
  return spelled_among(dataset.schema.columns, column);
}

std::string spelled(const FormDataset& dataset, const std::vector<std::string_view>& names) {
  std::string path = spelled(dataset, names.front());
  for (std::size_t i = 1; i < names.size() && !path.empty(); ++i) {
    std::string name(names[i]);
    if (dataset.state == DatasetState::kReady) {
      const types::Field* record = find_field(dataset.schema, path);
      const auto* fields = record != nullptr ? fields_of(record->type) : nullptr;
      name = fields != nullptr ? spelled_among(*fields, name) : "";
    }
    path = name.empty() || name.find('.') != std::string::npos ? "" : path + "." + name;
  }
  return dataset.state != DatasetState::kReady || find_field(dataset.schema, path) != nullptr ? path : "";
}

const FormDataset* Names::find(std::string_view alias) const {
  const std::string lower = lower_ascii(alias);
  for (const FormDataset& dataset : datasets_) {
    if (lower_ascii(dataset.alias) == lower) return &dataset;
  }
  return nullptr;
}

std::optional<Source> Names::resolve(const json::Value& tree) const {
  const Tree node(tree);
  if (node.kind == "A_Indirection") return resolve_field(node);
  if (node.kind == "ColumnRef") return resolve_column(node);
  return std::nullopt;
}

std::optional<Source> Names::resolve_column(const Tree& node) const {
  const json::Array& fields = node["fields"].as_array();
  if (Tree(fields.back()).kind != "String" || fields.size() > 2) return std::nullopt;
  if (fields.size() == 1) return resolve(string_of(fields.front()), datasets_.size());
  const FormDataset* dataset = find(string_of(fields.front()));
  if (dataset == nullptr) return std::nullopt;
  std::string column = spelled(*dataset, string_of(fields.back()));
  if (column.empty()) return std::nullopt;
  return Source{dataset->alias, std::move(column)};
}

std::optional<Source> Names::resolve_field(const Tree& node) const {
  const std::vector<std::string_view> fields = fields_selected(node);
  const Tree below = column_below(node);
  if (fields.empty() || below.kind != "ColumnRef") return std::nullopt;
  auto record = resolve_column(below);
  if (!record) return std::nullopt;
  std::vector<std::string_view> names = {record->column};
  names.insert(names.end(), fields.begin(), fields.end());
  std::string path = spelled(*find(record->dataset), names);
  if (path.empty()) return std::nullopt;
  return Source{record->dataset, std::move(path)};
}

std::optional<Source> Names::resolve(std::string_view column, std::size_t count) const {
  // Any dataset whose columns are not known may have it.
  if (datasets_.size() == 1) {
    std::string name = spelled(datasets_.front(), column);
    if (name.empty()) return std::nullopt;
    return Source{datasets_.front().alias, std::move(name)};
  }
  std::optional<Source> found;
  for (std::size_t i = 0; i < count && i < datasets_.size(); ++i) {
    const FormDataset& dataset = datasets_[i];
    if (dataset.state != DatasetState::kReady) return std::nullopt;
    std::string name = spelled(dataset, column);
    Source source{dataset.alias, std::move(name)};
    if (source.column.empty() || std::find(merged_.begin(), merged_.end(), source) != merged_.end()) continue;
    if (found) return std::nullopt;
    found = std::move(source);
  }
  return found;
}

namespace {

std::vector<Source> columns_of(const FormDataset& dataset) {
  std::vector<Source> out;
  for (const types::Field& field : dataset.schema.columns) out.push_back({dataset.alias, field.name});
  return out;
}

// As the binder merges them: the columns of USING come first, each once.
std::vector<Source> columns_of(const Form& form) {
  std::vector<Source> out = columns_of(form.datasets.front());
  for (std::size_t i = 0; i < form.joins.size(); ++i) {
    const FormDataset& right = form.datasets[i + 1];
    const std::vector<Source> more = columns_of(right);
    out.insert(out.end(), more.begin(), more.end());
    if (!form.joins[i].is_using) continue;
    std::vector<Source> merged;
    for (const Pair& pair : form.joins[i].pairs) merged.push_back(pair.left);
    for (const Source& column : out) {
      const bool known =
          std::any_of(form.joins[i].pairs.begin(), form.joins[i].pairs.end(), [&](const Pair& pair) {
            return column == pair.left || column == Source{right.alias, pair.column};
          });
      if (!known) merged.push_back(column);
    }
    out = std::move(merged);
  }
  return out;
}

}  // namespace

std::optional<std::vector<Source>> columns_of(const Form& form, const FormColumn& star) {
  for (const FormDataset& dataset : form.datasets) {
    const bool shown = !star.source || star.source->dataset == dataset.alias;
    if (shown && dataset.state != DatasetState::kReady) return std::nullopt;
    if (shown && star.source) return columns_of(dataset);
  }
  if (star.source || form.datasets.empty()) return std::nullopt;
  return columns_of(form);
}

Place place_at(const Form& form, std::int64_t position) {
  std::int64_t left = position - 1;
  if (left < 0) return {};
  for (std::size_t i = 0; i < form.columns.size(); ++i) {
    const int index = static_cast<int>(i);
    if (form.columns[i].kind != ColumnKind::kStar) {
      if (left == 0) return {Place::Kind::kColumn, index, {}};
      --left;
      continue;
    }
    const auto shown = columns_of(form, form.columns[i]);
    if (!shown) return {Place::Kind::kUnknown, index, {}};
    const auto count = static_cast<std::int64_t>(shown->size());
    if (left < count) return {Place::Kind::kInStar, index, (*shown)[static_cast<std::size_t>(left)]};
    left -= count;
  }
  return {};
}

const types::Field* Names::field(const Source& source) const {
  const FormDataset* dataset = find(source.dataset);
  if (dataset == nullptr) return nullptr;
  return find_field(dataset->schema, source.column);
}

}  // namespace offtake::sql::form
