// Every query of tests/slt/queries gives what PostgreSQL gave, after loading and after changes, through the
// compiler and the incremental engine.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "tests/unit/queries/tables.h"

namespace offtake::test {
namespace {

const std::string kFolder = std::string(OFFTAKE_SOURCE_DIR) + "/tests/slt/queries";

struct Query {
  std::string sql;
  int line = 0;
  std::vector<std::string> loaded, changed;
};

std::vector<Query> read_queries() {
  std::vector<Query> out;
  std::ifstream in(kFolder + "/queries.txt");
  int number = 0;
  bool is_loaded = true;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    if (line[0] != ' ') {
      out.push_back({line, number, {}, {}});
    } else if (line == "  loaded" || line == "  changed") {
      is_loaded = line == "  loaded";
    } else {
      (is_loaded ? out.back().loaded : out.back().changed).push_back(line.substr(4));
    }
  }
  return out;
}

// What a target would hold: rows by key or hidden identity.
class Target {
 public:
  explicit Target(const plan::Plan& plan) : plan_(plan) {}

  void apply(const engine::Changes& changes) {
    for (std::size_t row = 0; row < changes.deletes.rows; ++row) {
      REQUIRE(rows_.erase(identity(changes.deletes.columns, row)) == 1);
    }
    for (std::size_t row = 0; row < changes.upserts.rows; ++row) {
      std::string text;
      for (const types::ColumnPtr& column : changes.upserts.columns) {
        if (&column != &changes.upserts.columns.front()) text += '|';
        text += types::value_text(*column, row);
      }
      rows_[identity(identity_columns(changes), row)] = text;
    }
  }

  std::vector<std::string> rows() const {
    std::vector<std::string> out;
    for (const auto& [key, text] : rows_) out.push_back(text);
    std::sort(out.begin(), out.end());
    return out;
  }

 private:
  std::vector<types::ColumnPtr> identity_columns(const engine::Changes& changes) const {
    if (plan_.identity.key.empty()) return changes.upsert_identity;
    std::vector<types::ColumnPtr> key;
    for (int column : plan_.identity.key)
      key.push_back(changes.upserts.columns[static_cast<std::size_t>(column)]);
    return key;
  }
  static std::string identity(const std::vector<types::ColumnPtr>& columns, std::size_t row) {
    std::string out;
    for (const types::ColumnPtr& column : columns) types::append_canonical(*column, row, out);
    return out;
  }

  const plan::Plan& plan_;
  std::map<std::string, std::string> rows_;
};

std::vector<std::string> outcome(const engine::Dataflow& flow, const Target& target) {
  const auto errors = flow.error_rows(10);
  if (!errors.empty()) return {"! " + errors.front().message};
  return target.rows();
}

std::string joined(const std::vector<std::string>& rows) {
  std::string out;
  for (const std::string& row : rows) out += row + "\n";
  return out;
}

void push(engine::Dataflow& flow, const plan::Plan& plan, const std::vector<Table>& tables, bool change) {
  for (std::size_t i = 0; i < plan.sources.size(); ++i) {
    for (const Table& table : tables) {
      if (table.schema.id.name != plan.sources[i].dataset) continue;
      const auto& changes = change ? table.change : table.load;
      const auto first = change ? static_cast<std::int64_t>(table.load.size()) : 0;
      const base::Status pushed =
          flow.push(static_cast<int>(i), batch_of(table, plan.sources[i], changes, first));
      REQUIRE_MESSAGE(pushed.ok(), pushed.error().text());
    }
  }
}

void check(const Query& query, const std::vector<Table>& tables) {
  const std::string place = "queries.txt:" + std::to_string(query.line) + ": " + query.sql;
  sql::CompileInput input;
  input.sql = query.sql;
  input.default_namespace = "retail";
  input.catalog = catalog_of(tables);
  const sql::Compiled compiled = sql::compile(input);
  REQUIRE_MESSAGE(compiled.ok(), place << ": " << (compiled.errors.empty() ? "" : compiled.errors[0].text()));
  auto flow = engine::Dataflow::build(compiled.plan, {});
  REQUIRE_MESSAGE(flow.ok(), place << ": " << flow.error().text());
  Target target(compiled.plan);
  push(**flow, compiled.plan, tables, false);
  if (compiled.plan.stateless) {
    auto changes = (*flow)->take_stateless();
    REQUIRE_MESSAGE(changes.ok(), place << ": " << changes.error().text());
    target.apply(*changes);
  }
  const base::Status loaded = (*flow)->finish_bulk([&](engine::Changes&& changes) -> base::Status {
    target.apply(changes);
    return {};
  });
  REQUIRE_MESSAGE(loaded.ok(), place << ": " << loaded.error().text());
  CHECK_MESSAGE(outcome(**flow, target) == query.loaded, place << "\nloaded:\n"
                                                               << joined(outcome(**flow, target))
                                                               << explain(compiled.plan));
  push(**flow, compiled.plan, tables, true);
  auto changes = (*flow)->step();
  REQUIRE_MESSAGE(changes.ok(), place << ": " << changes.error().text());
  target.apply(*changes);
  CHECK_MESSAGE(outcome(**flow, target) == query.changed, place << "\nchanged:\n"
                                                                << joined(outcome(**flow, target))
                                                                << explain(compiled.plan));
}

}  // namespace

TEST_CASE("queries answer as PostgreSQL") {
  const std::vector<Table> tables = read_tables(kFolder + "/tables.txt");
  const std::vector<Query> queries = read_queries();
  CHECK(queries.size() > 50);
  for (const Query& query : queries) check(query, tables);
}

}  // namespace offtake::test
