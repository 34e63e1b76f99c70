#include "tests/unit/sql_form/describe.h"

#include <doctest/doctest.h>

namespace offtake::test {
namespace {

using namespace sql::form;

std::string text_in(const std::string& sql, Range range) {
  std::string out =
      sql.substr(static_cast<std::size_t>(range.begin), static_cast<std::size_t>(range.end - range.begin));
  for (char& c : out) c = c == '\n' ? ' ' : c;
  return out.size() > 60 ? out.substr(0, 57) + "..." : out;
}

std::string text_of(const Source& source) {
  return source.dataset + (source.column.empty() ? "" : "." + source.column);
}

const char* text_of(DatasetState state) {
  const char* const texts[] = {"", " missing", " denied", " unavailable"};
  return texts[static_cast<std::size_t>(state)];
}

std::string text_of(const FormColumn& column) {
  switch (column.kind) {
    case ColumnKind::kStar:
      return fmt::format("star {}", column.source ? text_of(*column.source) : "");
    case ColumnKind::kColumn:
      return fmt::format("column {} as {}{}", text_of(*column.source), column.name,
                         column.named ? " (named)" : "");
    case ColumnKind::kAggregate:
      return fmt::format("aggregate {}({}{}) as {}{}", column.aggregate->function, column.aggregate->text,
                         column.aggregate->source ? " = " + text_of(*column.aggregate->source) : "",
                         column.name, column.named ? " (named)" : "");
    case ColumnKind::kExpression:
      return fmt::format("expression {} as {}{}", column.text, column.name, column.named ? " (named)" : "");
  }
  return "";
}

void check_range(Range range, const std::string& sql) {
  const int size = static_cast<int>(sql.size());
  CHECK(range.begin >= 0);
  CHECK(range.begin <= range.end);
  CHECK(range.end <= size);
  for (const int at : {range.begin, range.end}) {
    const bool inside = at >= 0 && at < size &&
                        (static_cast<unsigned char>(sql[static_cast<std::size_t>(at)]) & 0xc0) == 0x80;
    CHECK_FALSE(inside);
  }
}

}  // namespace

sql::CompileInput form_input(std::string sql, const sql::Catalog& catalog) {
  sql::CompileInput input;
  input.sql = std::move(sql);
  input.default_namespace = "retail";
  input.catalog = catalog;
  return input;
}

std::string describe(const Form& form) {
  std::string out;
  for (const FormDataset& dataset : form.datasets) {
    out += fmt::format("dataset {} {}{}\n", dataset.alias, dataset.id.text(), text_of(dataset.state));
  }
  for (std::size_t i = 0; i < form.joins.size(); ++i) {
    const FormJoin& join = form.joins[i];
    out += fmt::format("join {}{}{}", join.type == JoinType::kLeft ? "left " : "", form.datasets[i + 1].alias,
                       join.is_using ? " using" : "");
    for (const Pair& pair : join.pairs) out += fmt::format(" {} = {}", pair.column, text_of(pair.left));
    out += "\n";
  }
  for (const FormColumn& column : form.columns) out += text_of(column) + "\n";
  for (const FormFilter& filter : form.filters) {
    if (!filter.predicate) {
      out += "filter " + filter.text + "\n";
      continue;
    }
    out += fmt::format("filter {} {}", text_of(filter.predicate->source), to_string(filter.predicate->op));
    for (const std::string& value : filter.predicate->values) out += " [" + value + "]";
    out += filter.type.empty() ? "\n" : fmt::format(" ({})\n", filter.type);
  }
  for (const FormGroup& group : form.groups) {
    out += "group " + (group.source ? text_of(*group.source) : group.text);
    out += group.column ? fmt::format(" (column {})\n", *group.column) : "\n";
  }
  return out;
}

std::string describe(const Analysis& analysis, const std::string& sql) {
  std::string out;
  if (analysis.form) out += describe(*analysis.form);
  if (analysis.undrawable) {
    out += fmt::format("undrawable at [{}]: {}\n", text_in(sql, analysis.undrawable->range),
                       analysis.undrawable->reason);
  }
  for (const Diagnostic& diagnostic : analysis.diagnostics) {
    const char* const severities[] = {"error", "warning", "waiting"};
    out += fmt::format("{} {}:{} [{}] {}{}\n", severities[static_cast<std::size_t>(diagnostic.severity)],
                       diagnostic.line, diagnostic.column,
                       diagnostic.range ? text_in(sql, *diagnostic.range) : diagnostic.field,
                       diagnostic.message, diagnostic.hint.empty() ? "" : "; " + diagnostic.hint);
  }
  if (!analysis.output.empty()) out += "output";
  for (const OutputColumn& column : analysis.output) {
    out += fmt::format("{} {} {}{}{}", &column == &analysis.output.front() ? "" : ",", column.name,
                       types::to_string(column.type), column.nullable ? "" : "!",
                       column.masked ? " masked" : "");
  }
  return analysis.output.empty() ? out : out + "\n";
}

void check_ranges(const Analysis& analysis, const std::string& sql) {
  for (const Diagnostic& diagnostic : analysis.diagnostics) {
    if (diagnostic.range) check_range(*diagnostic.range, sql);
  }
  if (analysis.undrawable) check_range(analysis.undrawable->range, sql);
  if (!analysis.form) return;
  for (const auto& item : analysis.form->datasets) check_range(item.range, sql);
  for (const auto& item : analysis.form->joins) check_range(item.range, sql);
  for (const auto& item : analysis.form->columns) check_range(item.range, sql);
  for (const auto& item : analysis.form->filters) check_range(item.range, sql);
  for (const auto& item : analysis.form->groups) check_range(item.range, sql);
}

}  // namespace offtake::test
