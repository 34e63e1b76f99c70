#include "controlplane/sql/scope.h"

#include "controlplane/sql/suggest.h"

namespace offtake::sql {
namespace {

std::vector<const ScopeColumn*> matching(const std::vector<ScopeColumn>& columns, std::string_view name) {
  std::vector<const ScopeColumn*> exact, folded;
  const std::string lower = lower_ascii(name);
  for (const ScopeColumn& column : columns) {
    if (column.name == name) exact.push_back(&column);
    if (lower_ascii(column.name) == lower) folded.push_back(&column);
  }
  return exact.empty() ? folded : exact;
}

std::vector<std::string> names_of(const std::vector<ScopeColumn>& columns) {
  std::vector<std::string> names;
  for (const ScopeColumn& column : columns) names.push_back(column.name);
  return names;
}

void report_ambiguous(Problems& problems, std::string_view name, const std::vector<const ScopeColumn*>& found,
                      int byte) {
  const ScopeColumn& a = *found[0];
  const ScopeColumn& b = *found[1];
  if (a.table == b.table) {
    problems.fail("AmbiguousColumn",
                  fmt::format("column {} is ambiguous: {} has {} and {}", name, a.table, a.name, b.name),
                  byte, fmt::format("write \"{}\" or \"{}\" in quotes", a.name, b.name));
    return;
  }
  problems.fail("AmbiguousColumn",
                fmt::format("column {} is ambiguous: both {} and {} have it", name, a.table, b.table), byte,
                fmt::format("write {}.{} or {}.{}", a.table, a.name, b.table, b.name));
}

}  // namespace

const ScopeTable* Scope::find_table(Problems& problems, std::string_view name, int byte) const {
  const std::string lower = lower_ascii(name);
  std::vector<std::string> names;
  for (const ScopeTable& table : tables) {
    if (lower_ascii(table.alias) == lower) return &table;
    names.push_back(table.alias);
  }
  std::string hint = did_you_mean(name, names);
  for (const ScopeTable& table : tables) {
    std::string dataset = table.dataset.name;
    for (char& c : dataset) c = c == '-' ? '_' : c;
    if (hint.empty() && dataset == lower) hint = fmt::format("{} is called {} here", name, table.alias);
  }
  problems.fail("UnknownTable", fmt::format("{} is not a table of this query", name), byte, std::move(hint));
  return nullptr;
}

const ScopeColumn* Scope::find(Problems& problems, std::string_view name, int byte) const {
  const auto found = matching(visible, name);
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    report_ambiguous(problems, name, found, byte);
    return nullptr;
  }
  std::string where;
  for (const ScopeTable& table : tables) where += (where.empty() ? "" : ", ") + table.dataset.text();
  problems.fail("UnknownColumn", fmt::format("column {} does not exist in {}", name, where), byte,
                did_you_mean(name, names_of(visible)));
  return nullptr;
}

const ScopeColumn* Scope::find(Problems& problems, std::string_view table_name, std::string_view name,
                               int byte) const {
  const ScopeTable* table = find_table(problems, table_name, byte);
  if (table == nullptr) return nullptr;
  const auto found = matching(table->columns, name);
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    report_ambiguous(problems, name, found, byte);
    return nullptr;
  }
  problems.fail("UnknownColumn",
                fmt::format("column {}.{} does not exist in {}", table_name, name, table->dataset.text()),
                byte, did_you_mean(name, names_of(table->columns)));
  return nullptr;
}

bool Scope::knows(std::string_view name) const {
  return !matching(visible, name).empty();
}

plan::ExpressionPtr to_expression(const ScopeColumn& column, int byte) {
  return std::make_shared<const plan::Expression>(
      plan::Expression{plan::ColumnRef{column.index}, column.type, column.nullable, byte});
}

}  // namespace offtake::sql
