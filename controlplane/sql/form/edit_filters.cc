// WHERE.
#include <algorithm>

#include "controlplane/sql/form/editor.h"
#include "controlplane/sql/form/lists.h"
#include "controlplane/sql/form/quoting.h"

namespace offtake::sql::form {
namespace {

const types::Type kText(types::TypeId::kText);

// How many values an operator takes: at least, at most.
std::pair<std::size_t, std::size_t> arity(Operator op) {
  switch (op) {
    case Operator::kIsNull:
    case Operator::kIsNotNull:
      return {0, 0};
    case Operator::kBetween:
    case Operator::kNotBetween:
      return {2, 2};
    case Operator::kIn:
    case Operator::kNotIn:
      return {1, 1000};
    default:
      return {1, 1};
  }
}

}  // namespace

base::Result<std::string> Editor::predicate_text(const Predicate& predicate) const {
  auto column = column_text(predicate.source);
  if (!column) return column;
  auto known = field(predicate.source);
  if (!known) return std::move(known).error();
  const auto [least, most] = arity(predicate.op);
  if (predicate.values.size() < least || predicate.values.size() > most) {
    return refused(fmt::format("{} takes {} {}, not {}", to_string(predicate.op),
                               least == most ? std::to_string(least) : "1 to 1000",
                               most == 1 ? "value" : "values", predicate.values.size()));
  }
  const bool pattern = predicate.op == Operator::kLike || predicate.op == Operator::kNotLike;
  std::vector<std::string> values;
  for (const std::string& value : predicate.values) {
    // Without a schema the value goes as text, which takes the type of the column.
    auto literal = quote_value(pattern || *known == nullptr ? kText : (*known)->type, value);
    if (!literal) return std::move(literal).error().in(predicate.source.column);
    values.push_back(*std::move(literal));
  }
  switch (predicate.op) {
    case Operator::kIsNull:
      return *column + " " + word("IS NULL");
    case Operator::kIsNotNull:
      return *column + " " + word("IS NOT NULL");
    case Operator::kIn:
    case Operator::kNotIn:
      return fmt::format("{} {} ({})", *column, word(predicate.op == Operator::kIn ? "IN" : "NOT IN"),
                         fmt::join(values, ", "));
    case Operator::kBetween:
    case Operator::kNotBetween:
      return fmt::format("{} {} {} {} {}", *column,
                         word(predicate.op == Operator::kBetween ? "BETWEEN" : "NOT BETWEEN"), values[0],
                         word("AND"), values[1]);
    case Operator::kLike:
    case Operator::kNotLike:
      return fmt::format("{} {} {}", *column, word(predicate.op == Operator::kLike ? "LIKE" : "NOT LIKE"),
                         values[0]);
    default:
      return fmt::format("{} {} {}", *column, to_string(predicate.op), values[0]);
  }
}

// `parts`: how many filters the form makes of it. `alone`: no other condition stands beside it.
base::Result<std::string> Editor::condition_text(const Condition& condition, bool alone,
                                                 std::size_t& parts) const {
  parts = 1;
  if (condition.predicate) return predicate_text(*condition.predicate);
  auto text = check_expression(condition.expression);
  if (!text) return text;
  auto scanned = SourceText::scan(*text, "");
  if (!scanned) return refused(scanned.error().message);
  const Parts split = split_conditions(*scanned, {0, scanned->tokens().size()});
  parts = split.parts.size();
  if (split.has_or && !alone) return "(" + *text + ")";
  return text;
}

base::Status Editor::carry_out(const AddFilter& edit) {
  std::size_t parts = 1;
  const bool first = !drawing_.clauses.where;
  auto text = condition_text(edit.condition, first, parts);
  if (!text) return text.error();
  counts_.filters += parts;
  if (first) {
    add_clause(drawing_.clauses.from->body.end - 1, word("WHERE") + " " + *text);
    return {};
  }
  const Parts& conditions = drawing_.conditions;
  const Range last = span(conditions.parts.back());
  const std::string conjunction = word("AND");
  if (conditions.has_or) {
    patch_.insert(last.begin, "(");
    patch_.insert(last.end, fmt::format(") {} {}", conjunction, *text));
    return {};
  }
  const int line_end = patch_.end_of_line_after(last.end);
  const int where = span(drawing_.clauses.where->keyword).begin;
  if (conditions.separators.empty()) {
    if (!patch_.first_on_line(where)) {
      patch_.insert(last.end, fmt::format(" {} {}", conjunction, *text));
    } else {
      patch_.insert(line_end, fmt::format("{}{}  {} {}", patch_.newline(), patch_.indentation(where),
                                          conjunction, *text));
    }
    return {};
  }
  const int before = source_.tokens()[conditions.separators.back()].begin;
  if (patch_.first_on_line(before)) {
    patch_.insert(line_end,
                  fmt::format("{}{}{} {}", patch_.newline(), patch_.indentation(before), conjunction, *text));
  } else if (patch_.first_on_line(last.begin)) {
    patch_.insert(last.end, " " + conjunction);
    patch_.insert(line_end, patch_.newline() + patch_.indentation(last.begin) + *text);
  } else {
    patch_.insert(last.end, fmt::format(" {} {}", conjunction, *text));
  }
  return {};
}

base::Status Editor::carry_out(const SetFilter& edit) {
  if (edit.index < 0 || static_cast<std::size_t>(edit.index) >= form_.filters.size()) {
    return refused(fmt::format("the query has no filter {}", edit.index));
  }
  std::size_t parts = 1;
  auto text = condition_text(edit.condition, form_.filters.size() == 1, parts);
  if (!text) return text.error();
  counts_.filters += parts - 1;
  patch_.replace(form_.filters[static_cast<std::size_t>(edit.index)].range, *text);
  return {};
}

base::Status Editor::carry_out(const RemoveFilter& edit) {
  if (edit.index < 0 || static_cast<std::size_t>(edit.index) >= form_.filters.size()) {
    return refused(fmt::format("the query has no filter {}", edit.index));
  }
  remove_filters({static_cast<std::size_t>(edit.index)});
  return {};
}

void Editor::remove_filters(const std::set<std::size_t>& which) {
  if (which.empty()) return;
  counts_.filters -= which.size();
  const Parts& conditions = drawing_.conditions;
  const Clause& where = *drawing_.clauses.where;
  if (which.size() == conditions.parts.size()) {
    patch_.cut({patch_.end_before(span(where.keyword).begin), span(where.body).end});
    return;
  }
  remove_items(source_, patch_, conditions, which);
}

}  // namespace offtake::sql::form
