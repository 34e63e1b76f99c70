#include "controlplane/sql/select.h"

#include <algorithm>
#include <map>

#include "controlplane/sql/fields.h"

namespace offtake::sql {
namespace {

using plan::ExpressionPtr;

struct Target {
  std::string name;
  ExpressionPtr expression;
  int byte = -1;
};

class SelectBinder {
 public:
  SelectBinder(Problems& problems, const json::Value& select) : problems_(problems), select_(select) {}

  plan::NodePtr bind(const std::vector<TableUse>& tables) {
    std::size_t next = 0;
    auto from = bind_from(problems_, select_["fromClause"].as_array().front(), tables, next);
    if (!from) return nullptr;
    scope_ = std::move(from->scope);
    node_ = std::move(from->node);
    const std::size_t errors = problems_.errors.size();
    if (!select_["whereClause"].is_null()) {
      Bound where = Binder(problems_, scope_, "WHERE").bind_condition(select_["whereClause"]);
      if (where) node_ = make_filter(std::move(node_), std::move(where.expression));
    }
    bind_targets();
    bind_groups();
    if (!select_["havingClause"].is_null()) {
      Bound having =
          Binder(problems_, scope_, "HAVING", &grouping_.aggregates).bind_condition(select_["havingClause"]);
      grouping_.having = std::move(having.expression);
    }
    check_names();
    if (problems_.errors.size() > errors) return nullptr;
    std::vector<ExpressionPtr> outputs;
    std::vector<std::string> names;
    for (Target& target : targets_) {
      outputs.push_back(std::move(target.expression));
      names.push_back(std::move(target.name));
    }
    if (select_["groupClause"].is_array() || !select_["havingClause"].is_null() ||
        !grouping_.aggregates.empty()) {
      node_ = group(problems_, scope_, std::move(node_), grouping_, outputs);
      if (!node_) return nullptr;
    }
    return make_project(std::move(node_), std::move(outputs), names);
  }

 private:
  void bind_targets() {
    for (const json::Value& item : select_["targetList"].as_array()) {
      const Tree target(item);
      const Tree value(target["val"]);
      if (value.kind == "ColumnRef" && Tree(value["fields"].as_array().back()).kind == "A_Star") {
        expand_star(value);
        continue;
      }
      Bound bound = Binder(problems_, scope_, "SELECT", &grouping_.aggregates).bind(target["val"]);
      bound = settle(problems_, std::move(bound));
      std::string name = target.body->string_or("name");
      if (name.empty()) name = name_of(target["val"], bound);
      if (name.empty()) {
        problems_.fail("ColumnNotNamed", "this column of the result has no name", target.location(),
                       "write … AS name");
      }
      targets_.push_back({std::move(name), std::move(bound.expression), target.location()});
    }
  }

  // A column keeps the name that its dataset gives it, also where it was written in another case; so does a
  // field of a record.
  std::string name_of(const json::Value& tree, const Bound& bound) const {
    const Tree node(tree);
    if ((node.kind == "ColumnRef" || node.kind == "A_Indirection") && bound) {
      const ScopeColumn* column = scope_.at(std::get<plan::ColumnRef>(bound.expression->node).index);
      if (column != nullptr) return column->name;
    }
    return column_name(tree);
  }

  void expand_star(const Tree& star) {
    const json::Array& fields = star["fields"].as_array();
    const std::vector<ScopeColumn>* columns = &scope_.visible;
    if (fields.size() > 1) {
      const ScopeTable* table = scope_.find_table(problems_, string_of(fields[0]), star.location());
      if (table == nullptr) return;
      columns = &table->columns;
    }
    for (const ScopeColumn& column : *columns) {
      targets_.push_back({column.name, to_expression(column, star.location()), star.location()});
    }
  }

  void bind_groups() {
    if (!select_["groupClause"].is_array()) return;
    for (const json::Value& item : select_["groupClause"].as_array()) {
      Target key = bind_group(item);
      if (!key.expression) continue;
      const bool known =
          std::any_of(grouping_.keys.begin(), grouping_.keys.end(),
                      [&](const ExpressionPtr& other) { return plan::equal(*other, *key.expression); });
      if (known) continue;
      grouping_.keys.push_back(std::move(key.expression));
      grouping_.key_names.push_back(std::move(key.name));
    }
  }

  // A position or an alias of the SELECT list, else an expression. A column of FROM beats an alias.
  Target bind_group(const json::Value& item) {
    const Tree node(item);
    if (node.kind == "A_Const") {
      if (node.body->find("ival") == nullptr) {
        problems_.fail("GroupingError", "non-integer constant in GROUP BY", node.location(),
                       "name a column, or give the position of one in the SELECT list");
        return {};
      }
      const std::int64_t position = integer_of(problems_.source, *node.body);
      if (position < 1 || position > static_cast<std::int64_t>(targets_.size())) {
        problems_.fail("GroupingError",
                       fmt::format("GROUP BY position {} is not in the select list", position),
                       node.location());
        return {};
      }
      return group_target(targets_[static_cast<std::size_t>(position - 1)], node.location());
    }
    if (node.kind == "ColumnRef" && node["fields"].as_array().size() == 1) {
      const std::string_view name = string_of(node["fields"].as_array().front());
      if (!scope_.knows(name)) {
        for (const Target& target : targets_) {
          if (target.name == name) return group_target(target, node.location());
        }
      }
    }
    Bound bound = settle(problems_, Binder(problems_, scope_, "GROUP BY").bind(item));
    if (!bound) return {};
    return {plan::to_string(*bound.expression, node_->output), bound.expression, node.location()};
  }

  Target group_target(const Target& target, int byte) {
    if (!target.expression) return {};
    std::vector<int> columns;
    plan::collect_columns(*target.expression, columns);
    if (std::any_of(columns.begin(), columns.end(), [](int column) { return column >= kAggregateBase; })) {
      problems_.fail("GroupingError", "aggregate functions are not allowed in GROUP BY", byte);
      return {};
    }
    return target;
  }

  // Some targets do not tell names apart that differ only in case.
  void check_names() {
    std::map<std::string, const Target*> seen;
    for (const Target& target : targets_) {
      const auto [at, added] = seen.emplace(lower_ascii(target.name), &target);
      if (added || target.name.empty()) continue;
      const bool star = at->second->byte == target.byte;
      problems_.fail("DuplicateColumn", fmt::format("the result has two columns called {}", target.name),
                     target.byte,
                     star ? "list the columns instead of *" : "give one of them another name with AS");
    }
  }

  Problems& problems_;
  const json::Value& select_;
  Scope scope_;
  plan::NodePtr node_;
  std::vector<Target> targets_;
  Grouping grouping_;
};

void collect(const json::Value& item, std::string_view default_namespace, std::vector<TableUse>& out) {
  const Tree node(item);
  if (node.kind == "JoinExpr") {
    collect(node["larg"], default_namespace, out);
    collect(node["rarg"], default_namespace, out);
  }
  if (node.kind != "RangeVar") return;
  // Resources are named in lower case with '-'.
  const auto resource_name = [](std::string name) {
    name = lower_ascii(name);
    std::replace(name.begin(), name.end(), '_', '-');
    return name;
  };
  TableUse use;
  const std::string schema = node.body->string_or("schemaname");
  use.id.dataset_namespace = schema.empty() ? std::string(default_namespace) : resource_name(schema);
  use.id.name = resource_name(node.body->string_or("relname"));
  use.alias = node["alias"].string_or("aliasname", node.body->string_or("relname"));
  use.byte = node.location();
  out.push_back(std::move(use));
}

bool names_fields(const json::Value& tree) {
  if (tree.is_array()) return std::any_of(tree.as_array().begin(), tree.as_array().end(), names_fields);
  if (!tree.is_object()) return false;
  return std::any_of(tree.as_object().begin(), tree.as_object().end(), [](const auto& member) {
    return member.first == "A_Indirection" || names_fields(member.second);
  });
}

}  // namespace

plan::NodePtr make_filter(plan::NodePtr input, ExpressionPtr predicate) {
  auto node = std::make_shared<plan::Node>();
  node->output = input->output;
  node->node = plan::Filter{std::move(input), std::move(predicate)};
  return node;
}

plan::NodePtr make_project(plan::NodePtr input, std::vector<ExpressionPtr> expressions,
                           const std::vector<std::string>& names) {
  auto node = std::make_shared<plan::Node>();
  for (std::size_t i = 0; i < expressions.size(); ++i) {
    node->output.push_back({names[i], expressions[i]->type, expressions[i]->nullable});
  }
  node->node = plan::Project{std::move(input), std::move(expressions)};
  return node;
}

std::vector<TableUse> tables_of(const json::Value& select, std::string_view default_namespace) {
  std::vector<TableUse> out;
  const json::Value& from = select["fromClause"];
  // With a WITH the names may be its own.
  if (!from.is_array() || select.find("withClause") != nullptr) return out;
  for (const json::Value& item : from.as_array()) collect(item, default_namespace, out);
  return out;
}

Draft bind_select(Problems& problems, const json::Value& select, std::vector<TableUse> tables) {
  Draft draft;
  std::map<std::string, int> aliases;
  bool good = true;
  for (const TableUse& table : tables) {
    if (aliases.emplace(lower_ascii(table.alias), table.byte).second) continue;
    problems.fail("DuplicateTable", fmt::format("two tables are called {}", table.alias), table.byte,
                  "give one of them an alias: " + table.alias + " AS other");
    good = false;
  }
  const bool fields = names_fields(select);
  for (TableUse& table : tables) table.columns = fields ? with_fields(table.schema) : table.schema.columns;
  if (good) draft.root = SelectBinder(problems, select).bind(tables);
  draft.tables = std::move(tables);
  return draft;
}

}  // namespace offtake::sql
