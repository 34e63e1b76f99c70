// SQL to plan: parse (PostgreSQL's grammar), bind against the catalogue, optimise. Pure apart from the
// catalogue's callbacks, which are called on another thread while the caller waits. Thread-safe.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "operators/plan/plan.h"

namespace offtake::sql {

struct DatasetName {
  std::string dataset_namespace, name;  // as the resources have them: DNS labels, with '-'
  std::string text() const { return dataset_namespace + "." + name; }
  friend auto operator<=>(const DatasetName&, const DatasetName&) = default;
};

// What a Dataset looks like to SQL.
struct DatasetSchema {
  DatasetName id;
  plan::SourceUse::Kind kind = plan::SourceUse::Kind::kEvent;
  std::vector<types::Field> columns;      // of the value; key columns taken from the record key included
  std::vector<std::string> key;           // the declared key, in order; empty: none
  bool key_in_value = true;               // false: the key columns are decoded from the record key
  std::optional<std::string> event_time;  // a declared event-time column; none: the record's timestamp
  std::vector<std::string> classified;    // paths whose values no message may show
};

// How the compiler finds datasets.
struct Catalog {
  // The schema of one dataset. Errors with Retry::kWaiting (not there yet, schema not resolved) put the
  // dataset on Compiled::missing; any other error (AccessDenied) is reported at the table's position.
  std::function<base::Result<DatasetSchema>(const DatasetName&)> schema;
  // Every dataset the user may know of, for "did you mean"; may be empty.
  std::function<std::vector<DatasetName>()> names;
};

struct CompileInput {
  std::string sql;
  std::string default_namespace;
  Catalog catalog;
  // spec.target.key; none: inferred.
  std::optional<std::vector<std::string>> declared_key;
  // What history.from was resolved to, in microseconds since 1970; none: no lower bound.
  std::optional<std::int64_t> history_start_us;
  std::string field = "spec.sql";             // for the locations of errors in the SQL
  std::string key_field = "spec.target.key";  // for errors of the declared key
};

// One dataset of the plan: as plan.sources, in the same order, with what a person wants to read.
struct DatasetUse {
  DatasetName id;
  plan::SourceUse::Kind kind = plan::SourceUse::Kind::kEvent;
  std::vector<std::string> columns;  // what is decoded
  bool windowed = false;             // cut by the history window
  std::string reason;                // "driving", "joined on its whole key (order_id)", "entity"
};

// A dataset that does not exist or has no schema yet: waited for.
struct Missing {
  DatasetName id;
  base::Error error;  // located, with a hint; retry = kWaiting
};

struct Compiled {
  plan::Plan plan;  // only when ok()
  std::vector<DatasetUse> datasets;
  std::vector<base::Error> errors;    // located; all that were found, in order of position
  std::vector<std::string> warnings;  // sentences with their position
  std::vector<Missing> missing;
  // For EXPLAIN: the name of each pass that changed the plan, and the plan after it.
  std::vector<std::pair<std::string, std::string>> steps;
  bool ok() const { return errors.empty() && missing.empty(); }
};

Compiled compile(const CompileInput& input);

// Grammar and what is not supported, without any catalogue: for validation of the object alone.
// Locations have `field` and the line and column within `sql`.
std::vector<base::Error> check_grammar(std::string_view sql, std::string_view field = "spec.sql");

// The datasets named in FROM, resolved to names but not looked up: what to watch. Empty when the SQL does
// not parse.
std::vector<DatasetName> referenced_datasets(std::string_view sql, std::string_view default_namespace);

}  // namespace offtake::sql
