// FROM: tables and joins.
#include <algorithm>
#include <map>

#include "controlplane/sql/fields.h"
#include "controlplane/sql/select.h"

namespace offtake::sql {
namespace {

using plan::CastKind;
using plan::ExpressionPtr;
using types::Type;

// Where the fields of a column's record are among the columns that can be read.
void add_fields(const TableUse& table, const std::map<std::string_view, int>& places, ScopeColumn& record) {
  const auto* fields = fields_of(record.type);
  if (fields == nullptr) return;
  const std::string path = record.within.empty() ? record.name : record.within + "." + record.name;
  for (const types::Field& field : *fields) {
    const auto at = places.find(path + "." + field.name);
    if (at == places.end()) return;
    const bool nullable = table.columns[static_cast<std::size_t>(at->second)].nullable;
    record.fields.push_back({field.name, at->second, field.type, nullable, table.alias, path});
    add_fields(table, places, record.fields.back());
  }
}

std::optional<From> bind_table(const std::vector<TableUse>& tables, std::size_t index) {
  const TableUse& table = tables[index];
  auto node = std::make_shared<plan::Node>();
  plan::Scan scan;
  scan.source = static_cast<int>(index);
  From out;
  ScopeTable visible{table.alias, table.id, {}};
  std::map<std::string_view, int> places;
  for (const types::Field& field : table.columns) {
    const int column = static_cast<int>(scan.columns.size());
    scan.columns.push_back(column);
    places.emplace(field.name, column);
    node->output.push_back({table.alias + "." + field.name, field.type, field.nullable});
    if (scan.columns.size() > table.schema.columns.size()) continue;
    visible.columns.push_back({field.name, column, field.type, field.nullable, table.alias});
  }
  for (ScopeColumn& column : visible.columns) add_fields(table, places, column);
  node->node = std::move(scan);
  out.node = std::move(node);
  out.scope.visible = visible.columns;
  out.scope.tables.push_back(std::move(visible));
  return out;
}

// The two inputs of a join while its keys are found. Keys that are no plain columns are computed by a
// projection below the join, behind the columns that are there.
struct Sides {
  From left, right;
  int left_width = 0;
  std::vector<ExpressionPtr> left_extra, right_extra;  // over the side's own columns
  std::vector<int> left_keys, right_keys;              // from the width on: extras

  static int key(const ExpressionPtr& expression, int width, std::vector<ExpressionPtr>& extra) {
    if (const auto* column = std::get_if<plan::ColumnRef>(&expression->node)) return column->index;
    for (std::size_t i = 0; i < extra.size(); ++i) {
      if (plan::equal(*extra[i], *expression)) return width + static_cast<int>(i);
    }
    extra.push_back(expression);
    return width + static_cast<int>(extra.size()) - 1;
  }
  void add(const ExpressionPtr& left_key, const ExpressionPtr& right_key) {
    left_keys.push_back(key(left_key, left_width, left_extra));
    right_keys.push_back(key(right_key, static_cast<int>(right.node->output.size()), right_extra));
  }
};

void append_extra(plan::NodePtr& node, const std::vector<ExpressionPtr>& extra) {
  if (extra.empty()) return;
  std::vector<ExpressionPtr> expressions;
  std::vector<std::string> names;
  for (const types::Field& field : node->output) {
    expressions.push_back(plan::column(static_cast<int>(expressions.size()), field.type, field.nullable));
    names.push_back(field.name);
  }
  for (const ExpressionPtr& item : extra) {
    names.push_back(plan::to_string(*item, node->output));
    expressions.push_back(item);
  }
  node = make_project(node, std::move(expressions), names);
}

void shift(std::vector<ScopeColumn>& columns, int by, bool nullable) {
  for (ScopeColumn& column : columns) {
    column.index += by;
    column.nullable = column.nullable || nullable;
    shift(column.fields, by, nullable);
  }
}

void shift(Scope& scope, int by, bool nullable) {
  for (ScopeTable& table : scope.tables) shift(table.columns, by, nullable);
  shift(scope.visible, by, nullable);
}

void append(Scope& scope, const Scope& more) {
  scope.tables.insert(scope.tables.end(), more.tables.begin(), more.tables.end());
  scope.visible.insert(scope.visible.end(), more.visible.begin(), more.visible.end());
}

// -1: only columns below `width`; 1: only those from there on; 0: both or none.
int side_of(const plan::Expression& expression, int width) {
  std::vector<int> columns;
  plan::collect_columns(expression, columns);
  bool low = false, high = false;
  for (int column : columns) (column < width ? low : high) = true;
  return low == high ? 0 : low ? -1 : 1;
}

ExpressionPtr shifted(const ExpressionPtr& expression, int from, int by) {
  std::vector<int> columns;
  plan::collect_columns(*expression, columns);
  int top = 0;
  for (int column : columns) top = std::max(top, column + 1);
  std::vector<int> map;
  for (int column = 0; column < top; ++column) map.push_back(column < from ? column : column + by);
  return plan::remap_columns(expression, map);
}

// Adds `term` to the keys if it is an equality between the sides.
bool take_equality(Problems& problems, Sides& sides, const ExpressionPtr& term) {
  const auto* call = std::get_if<plan::Call>(&term->node);
  if (call == nullptr || call->function != "=") return false;
  ExpressionPtr left = call->arguments[0], right = call->arguments[1];
  int left_side = side_of(*left, sides.left_width), right_side = side_of(*right, sides.left_width);
  if (left_side * right_side != -1) return false;
  if (left_side > 0) std::swap(left, right);
  if (!(left->type == right->type)) {
    // The same type with another precision.
    const Type plain(left->type.id);
    left = coerce(problems, {left}, plain, CastKind::kImplicit, term->position).expression;
    right = coerce(problems, {right}, plain, CastKind::kImplicit, term->position).expression;
  }
  sides.add(left, shifted(right, 0, -sides.left_width));
  return true;
}

void split_and(const ExpressionPtr& expression, std::vector<ExpressionPtr>& terms) {
  const auto* logical = std::get_if<plan::Logical>(&expression->node);
  if (logical == nullptr || logical->op != plan::Logical::Op::kAnd) {
    terms.push_back(expression);
    return;
  }
  for (const ExpressionPtr& term : logical->terms) split_and(term, terms);
}

// The terms of ON that are no keys; nullopt after an error.
std::optional<std::vector<ExpressionPtr>> bind_on(Problems& problems, const json::Value& condition,
                                                  Sides& sides) {
  Scope both = sides.left.scope;
  Scope right = sides.right.scope;
  shift(right, sides.left_width, false);
  append(both, right);
  Bound bound = Binder(problems, both, "JOIN/ON").bind_condition(condition);
  if (!bound) return std::nullopt;
  std::vector<ExpressionPtr> terms, residual;
  split_and(bound.expression, terms);
  for (const ExpressionPtr& term : terms) {
    if (!take_equality(problems, sides, term)) residual.push_back(term);
  }
  if (sides.left_keys.empty()) {
    problems.fail("SqlNotSupported", "a join without an equality between its two sides is not supported",
                  bound.expression->position, "write ON left.column = right.column");
    return std::nullopt;
  }
  return residual;
}

struct Merged {
  ScopeColumn column;
  std::string left_name, right_name;
};

// The columns of USING, each once. The merged column is the left one, in the type that both sides share.
std::optional<std::vector<Merged>> bind_using(Problems& problems, const json::Value& names, int byte,
                                              Sides& sides) {
  std::vector<Merged> out;
  bool good = true;
  for (const json::Value& name : names.as_array()) {
    const ScopeColumn* left = sides.left.scope.find(problems, string_of(name), byte);
    const ScopeColumn* right = sides.right.scope.find(problems, string_of(name), byte);
    if (left == nullptr || right == nullptr) {
      good = false;
      continue;
    }
    const auto type = comparable_type(left->type, right->type);
    if (!type) {
      problems.fail(
          "JoinTypeMismatch",
          fmt::format("cannot join {}.{} ({}) with {}.{} ({})", left->table, left->name,
                      types::to_string(left->type), right->table, right->name, types::to_string(right->type)),
          byte,
          fmt::format("write ON {}.{} = CAST({}.{} AS {})", left->table, left->name, right->table,
                      right->name, types::to_string(left->type)));
      good = false;
      continue;
    }
    const Bound a = coerce(problems, {to_expression(*left, byte)}, *type, CastKind::kImplicit, byte);
    const Bound b = coerce(problems, {to_expression(*right, byte)}, *type, CastKind::kImplicit, byte);
    sides.add(a.expression, b.expression);
    out.push_back({{left->name, sides.left_keys.back(), *type, left->nullable,
                    left->table + "/" + right->table, "", left->fields},
                   left->name,
                   right->name});
  }
  if (!good) return std::nullopt;
  return out;
}

void merge_visible(Scope& scope, const std::vector<Merged>& merged, std::size_t left_count) {
  std::vector<ScopeColumn> visible;
  for (const Merged& item : merged) visible.push_back(item.column);
  for (std::size_t i = 0; i < scope.visible.size(); ++i) {
    const ScopeColumn& column = scope.visible[i];
    bool hidden = false;
    for (const Merged& item : merged) {
      hidden = hidden || column.name == (i < left_count ? item.left_name : item.right_name);
    }
    if (!hidden) visible.push_back(column);
  }
  scope.visible = std::move(visible);
}

// USING has no position of its own in the tree.
int using_position(const Problems& problems, const json::Value& right) {
  const auto& tokens = problems.source.tokens();
  for (std::size_t i = problems.source.token_at(Tree(right).location()); i < tokens.size(); ++i) {
    if (lower_ascii(problems.source.text_of(tokens[i])) != "using") continue;
    return tokens[std::min(i + 2, tokens.size() - 1)].begin;
  }
  return problems.source.find_word("using");
}

}  // namespace

std::optional<From> bind_from(Problems& problems, const json::Value& item,
                              const std::vector<TableUse>& tables, std::size_t& next) {
  const Tree node(item);
  if (node.kind == "RangeVar") return bind_table(tables, next++);
  auto left = bind_from(problems, node["larg"], tables, next);
  auto right = bind_from(problems, node["rarg"], tables, next);
  if (!left || !right) return std::nullopt;
  const bool is_left = node.body->string_or("jointype") == "JOIN_LEFT";
  Sides sides{*std::move(left), *std::move(right), 0, {}, {}, {}, {}};
  sides.left_width = static_cast<int>(sides.left.node->output.size());
  std::vector<ExpressionPtr> residual;
  std::vector<Merged> merged;
  if (node.body->find("usingClause") != nullptr) {
    auto bound = bind_using(problems, node["usingClause"], using_position(problems, node["rarg"]), sides);
    if (!bound) return std::nullopt;
    merged = *std::move(bound);
  } else {
    auto bound = bind_on(problems, node["quals"], sides);
    if (!bound) return std::nullopt;
    residual = *std::move(bound);
  }
  append_extra(sides.left.node, sides.left_extra);
  append_extra(sides.right.node, sides.right_extra);
  const int added = static_cast<int>(sides.left_extra.size());
  const std::size_t left_visible = sides.left.scope.visible.size();
  From out;
  out.scope = std::move(sides.left.scope);
  shift(sides.right.scope, sides.left_width + added, is_left);
  append(out.scope, sides.right.scope);
  if (!merged.empty()) merge_visible(out.scope, merged, left_visible);

  plan::Join join;
  join.kind = is_left ? plan::JoinKind::kLeft : plan::JoinKind::kInner;
  join.left = sides.left.node;
  join.right = sides.right.node;
  join.left_keys = std::move(sides.left_keys);
  join.right_keys = std::move(sides.right_keys);
  for (ExpressionPtr& term : residual) term = shifted(term, sides.left_width, added);
  if (residual.size() == 1) join.residual = residual.front();
  if (residual.size() > 1) {
    join.residual = make_expression(plan::Logical{plan::Logical::Op::kAnd, std::move(residual)},
                                    Type(types::TypeId::kBoolean), true, -1);
  }
  auto made = std::make_shared<plan::Node>();
  made->output = join.left->output;
  for (types::Field field : join.right->output) {
    field.nullable = field.nullable || is_left;
    made->output.push_back(std::move(field));
  }
  made->node = std::move(join);
  out.node = std::move(made);
  return out;
}

}  // namespace offtake::sql
