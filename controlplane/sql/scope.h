// The tables and columns that names may mean. Internal to this folder.
#pragma once
#include <string>
#include <vector>

#include "controlplane/sql/coercion.h"
#include "controlplane/sql/compile.h"

namespace offtake::sql {

struct ScopeColumn {
  std::string name;
  int index = 0;  // into the output of the node that FROM has made so far
  types::Type type;
  bool nullable = true;
  std::string table;                     // the alias it belongs to; two joined by '/' for a column of USING
  std::string within = {};               // of a field of a record: the path of the record
  std::vector<ScopeColumn> fields = {};  // of a record whose fields can be taken by themselves

  std::string text() const;  // as it is written: o.status, (o.address).city
};

struct ScopeTable {
  std::string alias;
  DatasetName dataset;
  std::vector<ScopeColumn> columns;
};

struct Scope {
  std::vector<ScopeTable> tables;
  // What `*` and names without a table mean: columns of USING once, then the rest.
  std::vector<ScopeColumn> visible;

  // Exactly, else case-insensitively if that is unique. Null after an error at `byte`.
  const ScopeColumn* find(Problems& problems, std::string_view name, int byte) const;
  const ScopeColumn* find(Problems& problems, std::string_view table, std::string_view name, int byte) const;
  // The field of a record that is called so, likewise.
  const ScopeColumn* find_field(Problems& problems, const ScopeColumn& record, std::string_view name,
                                int byte) const;
  // The column or field that is at this index of the output; null: none.
  const ScopeColumn* at(int index) const;
  const ScopeTable* find_table(Problems& problems, std::string_view name, int byte) const;
  bool knows(std::string_view name) const;  // unqualified, without an error
};

plan::ExpressionPtr to_expression(const ScopeColumn& column, int byte);

}  // namespace offtake::sql
