// The tables of tests/slt/queries/tables.txt as datasets, and their records for the engine.
#pragma once
#include <string>
#include <vector>

#include "controlplane/sql/compile.h"
#include "operators/engine/dataflow.h"

namespace offtake::test {

struct Change {
  std::vector<std::string> cells;  // of a deleted row: its key
  bool deleted = false;
};

struct Table {
  sql::DatasetSchema schema;
  std::vector<Change> load, change;
};

std::vector<Table> read_tables(const std::string& path);
sql::Catalog catalog_of(const std::vector<Table>& tables);
// The columns that `use` asks for; offsets count on from `first_offset`.
engine::SourceBatch batch_of(const Table& table, const plan::SourceUse& use,
                             const std::vector<Change>& changes, std::int64_t first_offset);

}  // namespace offtake::test
