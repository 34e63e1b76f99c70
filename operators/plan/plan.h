// The relational plan as plain data: what SQL produces, the job file carries and the engine runs.
// Immutable nodes shared by pointer; a rewrite makes new ones.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "operators/plan/expression.h"
#include "operators/plan/functions.h"

namespace offtake::plan {

struct Node;
using NodePtr = std::shared_ptr<const Node>;

// Reads one source (an index into Plan::sources); gives the source's columns in `columns` order.
struct Scan {
  int source = 0;
  std::vector<int> columns;  // indexes into SourceUse::columns
};
struct Filter {
  NodePtr input;
  ExpressionPtr predicate;
};
struct Project {
  NodePtr input;
  std::vector<ExpressionPtr> expressions;
};
enum class JoinKind { kInner, kLeft };
// Equality on pairs of columns (types equal; NULL joins nothing), then the residual over left and right
// columns. Output: left columns, then right ones (nullable for kLeft).
struct Join {
  JoinKind kind = JoinKind::kInner;
  NodePtr left, right;
  std::vector<int> left_keys, right_keys;
  ExpressionPtr residual;  // may be null
};
struct AggregateCall {
  Aggregate function = Aggregate::kCountAll;
  int argument = -1;  // a column of the input; -1 for count(*)
  types::Type type;
};
// Output: group columns, then aggregates. Without group columns there is always exactly one row.
struct GroupBy {
  NodePtr input;
  std::vector<int> group;
  std::vector<AggregateCall> aggregates;
};

struct Node {
  std::variant<Scan, Filter, Project, Join, GroupBy> node;
  std::vector<types::Field> output;
};

// A dataset that the plan reads, with just the columns it needs.
struct SourceUse {
  std::string dataset_namespace, dataset;
  enum class Kind { kEvent, kEntity } kind = Kind::kEvent;
  std::vector<types::Field> columns;  // field.name: path in the schema, "a.b" for nested
  // Entity: which of `columns` form the declared key (empty when not all were needed).
  std::vector<int> key;
  // Driving event datasets are cut by the history window; look-ups (joined on their whole declared key)
  // and entities are read whole.
  bool windowed = false;
  // Windowed, no event time declared: records with an earlier timestamp are left out. Within a partition they
  // may lie behind later ones, so where reading starts is not enough.
  std::optional<std::int64_t> min_timestamp_ms;
  // Windowed by a declared event time: its column. A NULL there is outside of every window, and counted.
  std::optional<int> event_time;
  // Paths of the schema that its owner classified pii* or secret*: their values never show in messages.
  std::vector<std::string> classified;
};

// How rows of the result are told apart in the target.
struct Identity {
  enum class Kind {
    kProvedKey,   // the planner proved `key` unique
    kWatchedKey,  // the user declared `key`; the engine watches it
    kPosition,    // hidden (partition, offset, ordinal): stateless over one event dataset
    kBag,         // hidden (128-bit hash of the row, 1..weight)
  } kind = Kind::kBag;
  std::vector<int> key;  // output columns, in order
};

struct Plan {
  NodePtr root;
  std::vector<SourceUse> sources;
  Identity identity;
  bool stateless = false;  // filter and projection over event datasets only
  // Output row i is column i of root->output; names are the target's columns.
};

std::string explain(const Plan& plan);  // the EXPLAIN text, one node a line, indented

}  // namespace offtake::plan
