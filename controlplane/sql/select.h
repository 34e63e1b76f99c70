// One SELECT to a plan, as it is written: scans of all columns, joins, filters, grouping, projection. The
// optimiser comes after. Internal to this folder.
#pragma once
#include <optional>
#include <vector>

#include "controlplane/sql/binder.h"

namespace offtake::sql {

// A place in FROM: the dataset it names, and as what.
struct TableUse {
  DatasetName id;
  std::string alias;
  int byte = -1;
  DatasetSchema schema;
  // What can be read of it: the schema's columns, and the fields within them where the query names any.
  std::vector<types::Field> columns = {};
};

struct Draft {
  plan::NodePtr root;
  std::vector<TableUse> tables;  // Scan::source is an index into them; Scan::columns into their columns
};

// The datasets that FROM names, in order, without schemas.
std::vector<TableUse> tables_of(const json::Value& select, std::string_view default_namespace);

// REQUIRES: every table has its schema. Null root after errors.
Draft bind_select(Problems& problems, const json::Value& select, std::vector<TableUse> tables);

// from.cc
struct From {
  plan::NodePtr node;
  Scope scope;
};
std::optional<From> bind_from(Problems& problems, const json::Value& item,
                              const std::vector<TableUse>& tables, std::size_t& next);

// grouping.cc: puts Project, GroupBy and the HAVING filter over `input`, and turns `outputs` (bound over the
// input, with aggregates from kAggregateBase) into expressions over the result.
struct Grouping {
  std::vector<plan::ExpressionPtr> keys;
  std::vector<std::string> key_names;
  std::vector<AggregateUse> aggregates;
  plan::ExpressionPtr having;  // may be null
};
plan::NodePtr group(Problems& problems, const Scope& scope, plan::NodePtr input, const Grouping& grouping,
                    std::vector<plan::ExpressionPtr>& outputs);

// The name PostgreSQL gives a column without alias; empty where that is "?column?".
std::string column_name(const json::Value& tree);

plan::NodePtr make_filter(plan::NodePtr input, plan::ExpressionPtr predicate);
plan::NodePtr make_project(plan::NodePtr input, std::vector<plan::ExpressionPtr> expressions,
                           const std::vector<std::string>& names);

}  // namespace offtake::sql
