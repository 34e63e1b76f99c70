// FROM: datasets and joins.
#include <algorithm>

#include "controlplane/sql/form/drawer.h"

namespace offtake::sql::form {

bool Drawer::flatten(const json::Value& item, std::vector<Tree>& tables, std::vector<Tree>& joins) {
  const Tree node(item);
  if (node.kind == "RangeVar") {
    tables.push_back(node);
    return true;
  }
  if (node.kind != "JoinExpr") {
    return refuse(node.kind == "RangeSubselect"
                      ? "The query reads from another query within it. The form reads datasets."
                      : "The query reads something that is no dataset.",
                  range_of(source_, out_.clauses.from->body));
  }
  if (Tree(node["rarg"]).kind == "JoinExpr") {
    return refuse("The joins stand in brackets. The form joins one dataset after the other.",
                  range_of(source_, out_.clauses.from->body));
  }
  if (!flatten(node["larg"], tables, joins) || !flatten(node["rarg"], tables, joins)) return false;
  joins.push_back(node);
  return true;
}

bool Drawer::draw_from() {
  const Span body = out_.clauses.from->body;
  std::vector<Tree> tables, joins;
  if (!flatten(select_["fromClause"].as_array().front(), tables, joins)) return false;
  for (const Tree& join : joins) {
    const std::string kind = join.body->string_or("jointype");
    if (kind != "JOIN_INNER" && kind != "JOIN_LEFT") {
      const bool right = kind == "JOIN_RIGHT";
      return refuse(
          fmt::format("The query has a {} JOIN. The form knows joins that keep only matches and joins "
                      "that keep every row of the left side.",
                      right ? "RIGHT" : "FULL"),
          at_word(right ? "right" : "full"));
    }
    if (join.body->bool_or("isNatural")) {
      return refuse("NATURAL JOIN does not say which columns it joins on.", at_word("natural"));
    }
    if (join.body->find("quals") == nullptr && join.body->find("usingClause") == nullptr) {
      return refuse("CROSS JOIN joins every row with every other. The form joins on equal columns.",
                    at_word("cross"));
    }
    if (join.body->find("alias") != nullptr || join.body->find("join_using_alias") != nullptr) {
      return refuse("A join has a name of its own.", range_of(source_, body));
    }
  }
  auto parts = split_from(source_, body);
  const std::vector<TableUse> uses = tables_of(select_, input_.default_namespace);
  if (!parts || parts->size() != tables.size() || uses.size() != tables.size()) {
    return unclear("FROM", range_of(source_, body));
  }
  out_.from = *std::move(parts);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const Range range = range_of(source_, out_.from[i].table);
    if (uses[i].byte != range.begin) return unclear("FROM", range);
    if (tables[i].body->find("catalogname") != nullptr || !tables[i].body->bool_or("inh") ||
        tables[i]["alias"]["colnames"].is_array()) {
      return refuse("A dataset is named in a way that the form does not show.", range);
    }
    if (out_.form.find(uses[i].alias) != nullptr) {
      return refuse(fmt::format("Two datasets are called {} in this query. Give one of them another name.",
                                uses[i].alias),
                    range);
    }
    out_.form.datasets.push_back(look_up(uses[i], tables[i], range));
  }
  for (std::size_t i = 0; i < joins.size(); ++i) {
    if (!draw_join(joins[i], i + 1)) return false;
  }
  return true;
}

FormDataset Drawer::look_up(const TableUse& use, const Tree& table, Range range) const {
  FormDataset out;
  out.id = use.id;
  out.alias = use.alias;
  out.has_alias = table.body->find("alias") != nullptr;
  out.range = range;
  auto schema = input_.catalog.schema(use.id);
  if (schema) {
    out.schema = *std::move(schema);
    return out;
  }
  const base::Error& error = schema.error();
  out.state = error.code == "AccessDenied"           ? DatasetState::kDenied
              : error.retry == base::Retry::kWaiting ? DatasetState::kMissing
                                                     : DatasetState::kUnavailable;
  out.message = error.message;
  return out;
}

bool Drawer::draw_join(const Tree& join, std::size_t right) {
  const FromPart& part = out_.from[right];
  const FormDataset& dataset = out_.form.datasets[right];
  FormJoin out;
  out.type = join.body->string_or("jointype") == "JOIN_LEFT" ? JoinType::kLeft : JoinType::kInner;
  out.range = range_of(source_, {part.join.begin, part.condition.end});
  out.condition = range_of(source_, part.condition);
  out.is_using = join.body->find("usingClause") != nullptr;
  if (out.is_using) {
    for (const json::Value& name : join["usingClause"].as_array()) {
      auto left = names_.resolve(string_of(name), right);
      const std::string column = spelled(dataset, string_of(name));
      if (!left && right == 1) left = Source{out_.form.datasets[0].alias, std::string(string_of(name))};
      if (!left || column.empty()) {
        const auto unknown =
            std::find_if(out_.form.datasets.begin(), out_.form.datasets.end(),
                         [](const FormDataset& other) { return other.state != DatasetState::kReady; });
        if (unknown != out_.form.datasets.end()) {
          return refuse(
              fmt::format("The columns of {} are not known, so USING ({}) does not say what is joined.",
                          unknown->id.text(), string_of(name)),
              out.condition);
        }
        return refuse(fmt::format("The join of {} names {}, which one side does not have or has twice.",
                                  dataset.alias, string_of(name)),
                      out.condition);
      }
      out.pairs.push_back({*left, column});
      names_.merge(dataset.alias, column);
    }
  } else if (!read_pairs(join["quals"], dataset, right, out)) {
    return refuse(
        fmt::format("The join of {} has a condition other than one column being equal to another. The "
                    "form draws joins on equal columns.",
                    dataset.alias),
        out.condition);
  }
  out_.form.joins.push_back(std::move(out));
  return true;
}

bool Drawer::read_pairs(const json::Value& tree, const FormDataset& dataset, std::size_t right,
                        FormJoin& out) {
  const Tree node(tree);
  if (node.kind == "BoolExpr" && node.body->string_or("boolop") == "AND_EXPR") {
    const json::Array& terms = node["args"].as_array();
    return std::all_of(terms.begin(), terms.end(),
                       [&](const json::Value& term) { return read_pairs(term, dataset, right, out); });
  }
  if (node.kind != "A_Expr" || node.body->string_or("kind") != "AEXPR_OP" || dotted(node["name"]) != "=") {
    return false;
  }
  auto a = names_.resolve(node["lexpr"]), b = names_.resolve(node["rexpr"]);
  if (!a || !b) return false;
  if (a->dataset == dataset.alias) std::swap(a, b);
  const auto place = [&](const Source& source) {
    for (std::size_t i = 0; i < out_.form.datasets.size(); ++i) {
      if (out_.form.datasets[i].alias == source.dataset) return i;
    }
    return out_.form.datasets.size();
  };
  if (b->dataset != dataset.alias || place(*a) >= right) return false;
  out.pairs.push_back({*a, b->column});
  return true;
}

}  // namespace offtake::sql::form
