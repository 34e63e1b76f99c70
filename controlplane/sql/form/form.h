// A query as a form: what can be drawn as datasets, joins, columns, filters and groups. Plain data. Every
// range is in bytes of the UTF-8 text that the form was drawn from, and ends on a character's boundary.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controlplane/sql/compile.h"

namespace offtake::sql::form {

struct Range {
  int begin = 0, end = 0;  // end exclusive
  friend bool operator==(const Range&, const Range&) = default;
};

// A column of a dataset of the query: the dataset's alias, the column's name as the schema has it (as it is
// written where the schema is not known). A field of a record by its path: "address.city".
struct Source {
  std::string dataset, column;
  friend bool operator==(const Source&, const Source&) = default;
};

enum class DatasetState { kReady, kMissing, kDenied, kUnavailable };

struct FormDataset {
  DatasetName id;
  std::string alias;
  bool has_alias = false;  // written, not the dataset's own name
  Range range;             // "payments p"
  DatasetState state = DatasetState::kReady;
  std::string message;   // where it is not ready
  DatasetSchema schema;  // where it is
};

enum class JoinType { kInner, kLeft };

struct Pair {
  Source left;
  std::string column;  // of the joined dataset
  friend bool operator==(const Pair&, const Pair&) = default;
};

// joins[i] joins datasets[i + 1].
struct FormJoin {
  JoinType type = JoinType::kInner;
  bool is_using = false;
  std::vector<Pair> pairs;
  Range range;      // "LEFT JOIN orders o ON …"
  Range condition;  // "ON …", "USING (…)"
};

enum class ColumnKind { kColumn, kStar, kAggregate, kExpression };

struct Aggregate {
  std::string function;
  std::optional<Source> source;  // where the argument is just a column
  std::string text;              // the argument; empty for count(*)
};

struct FormColumn {
  ColumnKind kind = ColumnKind::kExpression;
  std::string text;  // without AS
  std::string name;  // of the result; empty: none yet, or a star
  bool named = false;
  std::optional<Source> source;  // kColumn; kStar of one table: its alias and no column
  std::optional<Aggregate> aggregate;
  Range range;       // with the name
  Range expression;  // without
};

enum class Operator {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kIn,
  kNotIn,
  kBetween,
  kNotBetween,
  kLike,
  kNotLike,
  kIsNull,
  kIsNotNull,
};
std::string_view to_string(Operator op);  // "=", "In", "IsNull"
std::optional<Operator> operator_of(std::string_view text);

// `column operator literals`. Values are in PostgreSQL's text form; numbers as they are written.
struct Predicate {
  Source source;
  Operator op = Operator::kEqual;
  std::vector<std::string> values;
};

// One of the conditions that WHERE joins by AND; without a predicate it is just its text.
struct FormFilter {
  std::string text;
  std::optional<Predicate> predicate;
  std::string type;  // of the predicate's column; empty where it is not known
  Range range;
};

struct FormGroup {
  std::string text;
  std::optional<Source> source;
  std::optional<int> column;             // the form's column that it names, by position or alias
  std::optional<std::int64_t> position;  // where it is just a place of the result, counted from 1
  Range range;
};

struct Form {
  std::vector<FormDataset> datasets;
  std::vector<FormJoin> joins;
  std::vector<FormColumn> columns;
  std::vector<FormFilter> filters;
  std::vector<FormGroup> groups;

  const FormDataset* find(std::string_view alias) const;  // in any case; null: none
};

// Why a query is not drawn, in words for people who may not know SQL.
struct Undrawable {
  std::string reason;
  Range range;
  int line = 0, column = 0;  // of range.begin, from 1, in characters; 0: not known yet
};

}  // namespace offtake::sql::form
