#include "controlplane/catalog/columns.h"

#include <algorithm>

#include "controlplane/planning/dataset_facts.h"
#include "schemas/avro/columns.h"
#include "schemas/avro/schema.h"

namespace offtake::catalog {
namespace {

constexpr std::size_t kMostColumns = 2'000, kDeepest = 12;

// The node behind [null, T]; the node itself where it is no such union.
const avro::Node& unwrapped(const avro::Node& node) {
  if (node.kind != avro::Kind::kUnion) return node;
  const avro::Node* only = nullptr;
  for (const avro::Node* branch : node.branches) {
    if (branch->kind == avro::Kind::kNull) continue;
    if (only != nullptr) return node;
    only = branch;
  }
  return only == nullptr ? node : *only;
}

// The record that the fields of a column are of: also of an array's elements and a map's values.
const avro::Node* record_within(const avro::Node& node) {
  const avro::Node* at = &unwrapped(node);
  for (std::size_t depth = 0; depth < kDeepest; ++depth) {
    if (at->kind == avro::Kind::kRecord) return at;
    if (at->kind != avro::Kind::kArray && at->kind != avro::Kind::kMap) return nullptr;
    at = &unwrapped(at->items());
  }
  return nullptr;
}

class Tree {
 public:
  explicit Tree(const resources::Dataset& dataset) : dataset_(dataset) {}

  std::vector<Column> of(const avro::Node& record, const std::string& prefix, std::size_t depth) {
    std::vector<Column> out;
    for (const avro::Field& field : record.fields) {
      if (++count_ > kMostColumns) break;
      Column& column = out.emplace_back();
      column.name = field.name;
      column.path = prefix.empty() ? field.name : prefix + "." + field.name;
      column.doc = field.doc.value_or("");
      if (field.default_value) column.default_value = json::dump(*field.default_value);
      note(column);
      fill(column, *field.type, depth);
    }
    return out;
  }

  Column single(const avro::Node& node, const std::string& name) {
    Column out;
    out.name = out.path = name;
    note(out);
    fill(out, node, 0);
    return out;
  }

  void note(Column& column) const {
    for (const resources::ColumnNote& said : dataset_.spec.columns) {
      if (said.path != column.path) continue;
      column.description = said.description;
      column.classification = said.classification;
    }
    const auto& key = dataset_.spec.key;
    column.key =
        key && std::find(key->columns.begin(), key->columns.end(), column.path) != key->columns.end();
  }

 private:
  void fill(Column& column, const avro::Node& node, std::size_t depth) {
    auto field = avro::column_of(node, column.name);
    if (!field) {
      column.refused = field.error().message;
      return;
    }
    column.type = std::move(field->type);
    column.nullable = field->nullable;
    if (unwrapped(node).kind == avro::Kind::kEnum) column.symbols = unwrapped(node).symbols;
    if (depth == kDeepest) return;
    if (const avro::Node* record = record_within(node)) column.children = of(*record, column.path, depth + 1);
  }

  const resources::Dataset& dataset_;
  std::size_t count_ = 0;
};

void flatten(const std::vector<Column>& columns, std::vector<const Column*>& out) {
  for (const Column& column : columns) {
    out.push_back(&column);
    flatten(column.children, out);
  }
}

}  // namespace

base::Result<std::vector<Column>> column_tree(const resources::Dataset& dataset,
                                              const std::string& value_schema,
                                              const std::string& key_schema) {
  auto parsed = avro::parse(value_schema, {.check_defaults = false});
  if (!parsed) return std::move(parsed).error();
  Tree tree(dataset);
  const avro::Node& root = parsed->root();
  std::vector<Column> out =
      root.kind == avro::Kind::kRecord ? tree.of(root, "", 0) : std::vector<Column>{tree.single(root, "")};
  const auto& key = dataset.spec.key;
  if (!key || key->from != resources::KeyFrom::kRecordKey) return out;
  // What only the record key has stands beside the value's, as SQL sees it.
  auto shape = planning::shape_of(dataset, value_schema, key_schema);
  if (!shape) return out;
  for (types::Field& field : shape->columns) {
    if (std::any_of(out.begin(), out.end(), [&](const Column& c) { return c.name == field.name; })) continue;
    Column column;
    column.name = column.path = field.name;
    column.type = std::move(field.type);
    column.nullable = field.nullable;
    tree.note(column);
    out.push_back(std::move(column));
  }
  return out;
}

std::vector<const Column*> flattened(const std::vector<Column>& columns) {
  std::vector<const Column*> out;
  flatten(columns, out);
  return out;
}

const Column* find_column(const std::vector<Column>& columns, std::string_view path) {
  for (const Column& column : columns) {
    if (column.path == path) return &column;
    if (path.starts_with(column.path) && path.substr(column.path.size()).starts_with('.')) {
      if (const Column* found = find_column(column.children, path)) return found;
    }
  }
  return nullptr;
}

}  // namespace offtake::catalog
