#include "controlplane/sql/scope.h"

#include <algorithm>

#include "controlplane/sql/fields.h"
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
  if (!a.within.empty()) {
    problems.fail("AmbiguousColumn",
                  fmt::format("field {} is ambiguous: {} has {} and {}", name, a.within, a.name, b.name),
                  byte, fmt::format("write \"{}\" or \"{}\" in quotes", a.name, b.name));
    return;
  }
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

const ScopeColumn* at_index(const std::vector<ScopeColumn>& columns, int index) {
  for (const ScopeColumn& column : columns) {
    if (column.index == index) return &column;
    if (const ScopeColumn* field = at_index(column.fields, index)) return field;
  }
  return nullptr;
}

}  // namespace

std::string ScopeColumn::text() const {
  if (within.empty()) return table + "." + name;
  const std::size_t dot = std::min(within.find('.'), within.size());
  return fmt::format("({}.{}){}.{}", table, within.substr(0, dot), within.substr(dot), name);
}

const ScopeTable* Scope::find_table(Problems& problems, std::string_view name, int byte) const {
  const std::string lower = lower_ascii(name);
  std::vector<std::string> names;
  for (const ScopeTable& table : tables) {
    if (lower_ascii(table.alias) == lower) return &table;
    names.push_back(table.alias);
  }
  std::string hint = did_you_mean(name, names);
  for (const ScopeColumn* column : matching(visible, name)) {
    if (fields_of(column->type) != nullptr) {
      hint = fmt::format("{} is a record: its fields are written ({}).field", column->name, column->name);
    }
  }
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

const ScopeColumn* Scope::find_field(Problems& problems, const ScopeColumn& record, std::string_view name,
                                     int byte) const {
  const auto found = matching(record.fields, name);
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    report_ambiguous(problems, name, found, byte);
    return nullptr;
  }
  if (!record.fields.empty()) {
    problems.fail("UnknownColumn", fmt::format("the record {} has no field {}", record.text(), name), byte,
                  did_you_mean(name, names_of(record.fields)));
  } else if (record.type.id == types::TypeId::kRecord) {
    problems.fail("SqlNotSupported",
                  fmt::format("{} is read from the record key, and fields of it alone are not supported in "
                              "this version",
                              record.text()),
                  byte);
  } else {
    problems.fail(
        "TypeMismatch",
        fmt::format("{} is {} and has no field {}", record.text(), types::to_string(record.type), name),
        byte);
  }
  return nullptr;
}

const ScopeColumn* Scope::at(int index) const {
  for (const ScopeTable& table : tables) {
    if (const ScopeColumn* found = at_index(table.columns, index)) return found;
  }
  return at_index(visible, index);
}

bool Scope::knows(std::string_view name) const {
  return !matching(visible, name).empty();
}

plan::ExpressionPtr to_expression(const ScopeColumn& column, int byte) {
  return std::make_shared<const plan::Expression>(
      plan::Expression{plan::ColumnRef{column.index}, column.type, column.nullable, byte});
}

}  // namespace offtake::sql
