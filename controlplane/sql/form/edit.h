// Edits of a query by its form. Only the bytes that an edit is about change: comments stay, and so does the
// writing of everything else; what is added looks like what stands around it.
#pragma once
#include <variant>

#include "controlplane/sql/form/form.h"

namespace offtake::sql::form {

struct JoinSpec {
  JoinType type = JoinType::kInner;
  std::vector<Pair> pairs;
};

struct AddDataset {
  DatasetName id;                    // an empty namespace: the default one
  std::optional<std::string> alias;  // absent: one is chosen
  std::optional<JoinSpec> join;      // absent for the first dataset, and only there
};
// With its join, and the columns, filters and groups that use it.
struct RemoveDataset {
  std::string dataset;
};
struct SetJoin {
  std::string dataset;
  std::optional<JoinType> type;
  std::optional<std::vector<Pair>> pairs;
};
struct AddColumn {
  std::string dataset;
  std::vector<std::string> columns;  // names, and paths of fields within records; or:
  std::optional<std::string> expression;
  std::optional<std::string> name;  // of the only column
  std::optional<int> position;      // among the columns; absent: last
};
struct SetColumn {
  int index = 0;
  std::string expression;
};
struct RemoveColumn {
  int index = 0;
  std::optional<Source> source = {};  // instead of the index: the first column that is just this one
};
struct RenameColumn {
  int index = 0;
  std::string name;  // empty: the one that it has by itself
};
struct ReorderColumns {
  std::vector<int> order;  // order[i]: the present index of what then is column i
};
struct ExpandStar {
  int index = 0;
};
struct Condition {
  std::optional<Predicate> predicate;  // or:
  std::string expression;
};
struct AddFilter {
  Condition condition;
};
struct SetFilter {
  int index = 0;
  Condition condition;
};
struct RemoveFilter {
  int index = 0;
};
struct GroupItem {
  std::optional<Source> source;  // or:
  std::string expression;
};
struct SetGroupBy {
  std::vector<GroupItem> items;  // none: no GROUP BY
};
struct AddAggregate {
  std::string function;          // count sum min max avg
  std::optional<Source> source;  // absent: count(*)
  std::optional<std::string> name;
  bool group = false;  // where there is no GROUP BY: by the plain columns
};

using Edit =
    std::variant<AddDataset, RemoveDataset, SetJoin, AddColumn, SetColumn, RemoveColumn, RenameColumn,
                 ReorderColumns, ExpandStar, AddFilter, SetFilter, RemoveFilter, SetGroupBy, AddAggregate>;

struct Edited {
  std::string sql;
  Range changed;  // of the new text: where it differs from the old one
};

// `input.sql` with the edit. Code Invalid (terminal) where the SQL is not drawn (the reason), where the edit
// names what is not there, or where it cannot be carried out; nothing is changed then.
base::Result<Edited> edit(const CompileInput& input, const Edit& edit);

}  // namespace offtake::sql::form
