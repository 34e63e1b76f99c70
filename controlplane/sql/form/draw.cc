#include "controlplane/sql/form/draw.h"

#include <algorithm>
#include <climits>
#include <map>

#include "controlplane/sql/fields.h"
#include "controlplane/sql/form/drawer.h"
#include "controlplane/sql/grammar.h"

namespace offtake::sql::form {
namespace {

// The first byte that the parser gives for anything within; INT_MAX: none.
int first_byte(const json::Value& tree) {
  int out = INT_MAX;
  if (tree.is_array()) {
    for (const json::Value& item : tree.as_array()) out = std::min(out, first_byte(item));
  }
  if (!tree.is_object()) return out;
  for (const auto& [name, value] : tree.as_object()) {
    if (name == "location" && value.is_int()) {
      if (value.as_int() >= 0) out = std::min(out, static_cast<int>(value.as_int()));
    } else {
      out = std::min(out, first_byte(value));
    }
  }
  return out;
}

}  // namespace

std::variant<Drawing, Undrawable> Drawer::run() {
  auto clauses = find_clauses(source_);
  if (!refuse_whole(clauses)) {
    out_.clauses = *clauses;
    const bool drawn = draw_from() && draw_columns() && draw_filters() && draw_groups();
    if (drawn) return std::move(out_);
  }
  return *std::move(why_);
}

bool Drawer::refuse(std::string reason, Range range) {
  if (!why_) why_ = Undrawable{std::move(reason), range, 0, 0};
  return false;
}

Range Drawer::at_word(std::string_view word) const {
  const int byte = source_.find_word(word);
  if (byte < 0) return whole();
  return {byte, byte + static_cast<int>(word.size())};
}

bool Drawer::unclear(std::string_view what, Range range) {
  return refuse(fmt::format("The form cannot tell the parts of {} apart. Go on in the SQL.", what), range);
}

bool Drawer::refuse_whole(const std::optional<Clauses>& clauses) {
  const auto has = [&](std::string_view member) { return select_.find(member) != nullptr; };
  const std::string operation = select_.string_or("op", "SETOP_NONE");
  if (operation != "SETOP_NONE") {
    const std::string word = operation.substr(6);
    refuse(fmt::format("The query puts several queries together with {}. The form shows one.", word),
           at_word(lower_ascii(word)));
  } else if (has("withClause")) {
    refuse("The query begins with WITH, a query of its own. The form shows one query without others in it.",
           at_word("with"));
  } else if (has("valuesLists")) {
    refuse("The query lists values instead of reading a dataset.", at_word("values"));
  } else if (select_["distinctClause"].is_array()) {
    refuse("The query leaves out equal rows with DISTINCT. The form groups instead.", at_word("distinct"));
  } else if (has("intoClause") || has("lockingClause") || has("windowClause")) {
    refuse("The query has a clause that only databases know (INTO, FOR UPDATE, WINDOW).", whole());
  } else if (has("havingClause")) {
    refuse("The query filters its groups with HAVING. The form filters rows, before they are grouped.",
           at_word("having"));
  } else if (has("limitCount") || has("limitOffset")) {
    refuse("The query is cut with LIMIT, OFFSET or FETCH. A data product has all rows.",
           clauses && !clauses->beyond.empty() ? token(clauses->beyond_at) : whole());
  } else if (!select_["fromClause"].is_array()) {
    refuse("The query reads no dataset: it has no FROM.", whole());
  } else if (select_["fromClause"].as_array().size() > 1) {
    refuse("The query lists datasets with a comma. The form joins them: write JOIN … ON a.column = b.column.",
           at_word("from"));
  } else if (is_symbol(source_, 0, '(')) {
    refuse("The query stands in brackets. Take them away.", token(0));
  } else if (!clauses || !clauses->from || (!clauses->beyond.empty() && clauses->beyond != "order")) {
    unclear("this query", whole());
  }
  return why_.has_value();
}

bool Drawer::draw_columns() {
  out_.columns = split_list(source_, out_.clauses.select.body);
  const json::Value& list = select_["targetList"];
  const std::size_t count = list.is_array() ? list.as_array().size() : 0;
  if (count != out_.columns.parts.size()) return unclear("SELECT", whole());
  for (std::size_t i = 0; i < count; ++i) {
    const Tree target(list.as_array()[i]);
    const Span part = out_.columns.parts[i];
    const Range range = range_of(source_, part);
    const int byte = first_byte(list.as_array()[i]);
    if (part.empty() || byte < range.begin || byte >= range.end) return unclear("SELECT", range);
    out_.form.columns.push_back(draw_column(target, part));
  }
  return true;
}

FormColumn Drawer::draw_column(const Tree& target, Span part) {
  FormColumn out;
  out.range = range_of(source_, part);
  out.name = target.body->string_or("name");
  out.named = !out.name.empty();
  Span expression = part;
  if (out.named) {
    expression.end -= 1;
    if (expression.size() > 1 && lower_ascii(source_.text_of(source_.tokens()[expression.end - 1])) == "as" &&
        source_.tokens()[expression.end - 1].kind == Token::Kind::kWord) {
      expression.end -= 1;
    }
  }
  out.expression = range_of(source_, expression);
  out.text = text_of(source_, expression);
  const json::Value& value = target["val"];
  const Tree node(value);
  if (node.kind == "ColumnRef" && Tree(node["fields"].as_array().back()).kind == "A_Star") {
    out.kind = ColumnKind::kStar;
    if (node["fields"].as_array().size() == 2) {
      const std::string_view alias = string_of(node["fields"].as_array().front());
      const FormDataset* dataset = out_.form.find(alias);
      out.source = Source{dataset != nullptr ? dataset->alias : std::string(alias), ""};
    }
    return out;
  }
  if (auto source = names_.resolve(value)) {
    out.kind = ColumnKind::kColumn;
    if (!out.named) out.name = path_parts(source->column).back();
    out.source = std::move(source);
  } else if (auto aggregate = aggregate_of(node, expression)) {
    out.kind = ColumnKind::kAggregate;
    out.aggregate = std::move(aggregate);
  }
  if (out.name.empty()) out.name = column_name(value);
  return out;
}

std::optional<Aggregate> Drawer::aggregate_of(const Tree& node, Span expression) const {
  if (node.kind != "FuncCall" || node["funcname"].as_array().size() != 1) return std::nullopt;
  Aggregate out;
  out.function = std::string(string_of(node["funcname"].as_array().front()));
  if (!is_aggregate(out.function)) return std::nullopt;
  for (const char* member :
       {"agg_distinct", "agg_filter", "agg_order", "over", "func_variadic", "agg_within_group"}) {
    if (node.body->find(member) != nullptr) return std::nullopt;
  }
  if (node.body->bool_or("agg_star")) return out;
  const json::Value& arguments = node["args"];
  if (!arguments.is_array() || arguments.as_array().size() != 1) return std::nullopt;
  // name ( … )
  if (expression.size() < 4 || !is_symbol(source_, expression.begin + 1, '(') ||
      !is_symbol(source_, expression.end - 1, ')')) {
    return std::nullopt;
  }
  out.source = names_.resolve(arguments.as_array().front());
  out.text = text_of(source_, {expression.begin + 2, expression.end - 1});
  return out;
}

bool Drawer::draw_filters() {
  if (!out_.clauses.where) return true;
  out_.conditions = split_conditions(source_, out_.clauses.where->body);
  const json::Value& tree = select_["whereClause"];
  const Tree node(tree);
  std::multimap<int, const json::Value*> terms;  // by their first bytes
  if (node.kind == "BoolExpr" && node.body->string_or("boolop") == "AND_EXPR") {
    for (const json::Value& term : node["args"].as_array()) terms.emplace(first_byte(term), &term);
  } else {
    terms.emplace(first_byte(tree), &tree);
  }
  for (const Span part : out_.conditions.parts) {
    const Range range = range_of(source_, part);
    if (part.empty()) return unclear("WHERE", range);
    FormFilter filter;
    filter.range = range;
    filter.text = text_of(source_, part);
    // (a AND b) in brackets is one part of the text and two of the tree: shown as it is written.
    const auto first = terms.lower_bound(range.begin), last = terms.lower_bound(range.end);
    if (first == last) return unclear("WHERE", range);
    if (std::next(first) == last) filter.predicate = predicate_of(source_, *first->second, names_);
    if (filter.predicate) {
      if (const types::Field* field = names_.field(filter.predicate->source))
        filter.type = types::to_string(field->type);
    }
    out_.form.filters.push_back(std::move(filter));
  }
  return true;
}

bool Drawer::draw_groups() {
  if (!out_.clauses.group) return true;
  if (select_.bool_or("groupDistinct"))
    return unclear("GROUP BY", range_of(source_, out_.clauses.group->body));
  out_.groups = split_list(source_, out_.clauses.group->body);
  const json::Value& list = select_["groupClause"];
  if (!list.is_array() || list.as_array().size() != out_.groups.parts.size()) {
    return unclear("GROUP BY", range_of(source_, out_.clauses.group->body));
  }
  for (std::size_t i = 0; i < out_.groups.parts.size(); ++i) {
    const Tree node(list.as_array()[i]);
    FormGroup group;
    group.range = range_of(source_, out_.groups.parts[i]);
    group.text = text_of(source_, out_.groups.parts[i]);
    if (node.kind == "GroupingSet") {
      return refuse("The query groups in several ways at once (GROUPING SETS, ROLLUP, CUBE).", group.range);
    }
    const int byte = first_byte(list.as_array()[i]);
    if (byte < group.range.begin || byte >= group.range.end) return unclear("GROUP BY", group.range);
    group.source = names_.resolve(list.as_array()[i]);
    if (!group.source) name_group(node, group);
    out_.form.groups.push_back(std::move(group));
  }
  return true;
}

void Drawer::name_group(const Tree& node, FormGroup& group) const {
  const auto& columns = out_.form.columns;
  if (node.kind == "A_Const" && node.body->find("ival") != nullptr) {
    group.position = integer_of(source_, *node.body);
    const Place place = place_at(out_.form, *group.position);
    if (place.kind == Place::Kind::kColumn) group.column = place.column;
    group.source = place.source;
  } else if (node.kind == "ColumnRef" && node["fields"].as_array().size() == 1) {
    const std::string_view name = string_of(node["fields"].as_array().front());
    for (std::size_t i = 0; i < columns.size() && !group.column; ++i) {
      if (columns[i].kind != ColumnKind::kStar && columns[i].name == name) group.column = static_cast<int>(i);
    }
  }
  if (group.column) group.source = columns[static_cast<std::size_t>(*group.column)].source;
}

std::variant<Drawing, Undrawable> draw(const SourceText& source, const json::Value* select,
                                       const CompileInput& input) {
  if (select == nullptr) return Drawing{};
  return Drawer(source, *select, input).run();
}

Names names_of(const Form& form) {
  Names out(form.datasets);
  for (std::size_t i = 0; i < form.joins.size(); ++i) {
    if (!form.joins[i].is_using) continue;
    for (const Pair& pair : form.joins[i].pairs) out.merge(form.datasets[i + 1].alias, pair.column);
  }
  return out;
}

void each_column(const json::Value& tree, const std::function<void(const json::Value&)>& visit) {
  if (tree.is_array()) {
    for (const json::Value& item : tree.as_array()) each_column(item, visit);
  }
  if (!tree.is_object()) return;
  if (Tree(tree).kind == "ColumnRef") return visit(tree);
  for (const auto& [name, value] : tree.as_object()) each_column(value, visit);
}

}  // namespace offtake::sql::form
