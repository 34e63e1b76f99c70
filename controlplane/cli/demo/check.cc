#include "controlplane/cli/demo/check.h"

#include "base/sqlite/database.h"
#include "controlplane/cli/demo/scratch.h"
#include "operators/targets/protocol/table_layout.h"
#include "operators/targets/sqlite/control.h"

namespace offtake::cli::demo {
namespace {

namespace db = offtake::sqlite;
using targets::ControlRow;
using targets::protocol::quote_name;

base::Result<ControlRow> current_control(db::Database& target, const ProductFacts& product) {
  auto rows = targets::sqlite::read_controls(target, product.uid);
  if (!rows) return std::move(rows).error();
  for (const ControlRow& row : *rows) {
    if (row.phase == targets::Phase::kCurrent) return row;
  }
  return base::terminal("NoControlRow", fmt::format("{}: no revision is current in {}", product.title,
                                                    product.target.string()));
}

base::Result<std::vector<std::string>> column_names(db::Database& database, const std::string& table,
                                                    const std::string& schema) {
  auto found = database.query("SELECT name FROM pragma_table_info(?1, ?2)", std::string_view(table),
                              std::string_view(schema));
  if (!found) return std::move(found).error();
  std::vector<std::string> out;
  for (;;) {
    auto row = found->step();
    if (!row) return std::move(row).error();
    if (!*row) return out;
    out.push_back(found->string(0));
  }
}

base::Result<std::int64_t> count(db::Database& database, const std::string& sql) {
  auto found = database.prepare(sql);
  if (!found) return std::move(found).error();
  auto row = found->step();
  if (!row) return std::move(row).error();
  return found->int64(0);
}

// Each distinct row with how often it is there; types count: 1 is not '1'.
std::string bag(const std::string& table, const std::vector<std::string>& columns) {
  std::string list, types;
  for (const std::string& column : columns) {
    list += quote_name(column) + ", ";
    types += fmt::format("typeof({}), ", quote_name(column));
  }
  std::string group = list + types;
  group.resize(group.size() - 2);
  return fmt::format("SELECT {}{}count(*) FROM {} GROUP BY {}", list, types, table, group);
}

base::Result<std::string> example_row(db::Database& database, const std::string& sql, std::size_t columns) {
  auto found = database.prepare(sql + " LIMIT 1");
  if (!found) return std::move(found).error();
  auto row = found->step();
  if (!row) return std::move(row).error();
  std::string out;
  for (std::size_t i = 0; *row && i < columns; ++i) {
    const int column = static_cast<int>(i);
    out += fmt::format("{}{}", i == 0 ? "" : ", ", found->is_null(column) ? "NULL" : found->string(column));
  }
  return out;
}

base::Status compare(db::Database& database, const ProductFacts& product, CheckResult& out) {
  const std::string target = "target." + quote_name(product.object);
  auto theirs = column_names(database, product.object, "target");
  if (!theirs) return std::move(theirs).error();
  auto ours = column_names(database, "expected", "main");
  if (!ours) return std::move(ours).error();
  if (*theirs != *ours) {
    return base::terminal("ColumnsDiffer",
                          fmt::format("{}: the target has the columns {}, SQLite's answer {}", product.title,
                                      fmt::join(*theirs, ", "), fmt::join(*ours, ", ")));
  }
  const std::string missing = bag("expected", *ours) + " EXCEPT " + bag(target, *ours);
  const std::string surplus = bag(target, *ours) + " EXCEPT " + bag("expected", *ours);
  const std::pair<std::int64_t*, std::string> counts[] = {
      {&out.expected_rows, "SELECT count(*) FROM expected"},
      {&out.target_rows, "SELECT count(*) FROM " + target},
      {&out.missing, "SELECT count(*) FROM (" + missing + ")"},
      {&out.surplus, "SELECT count(*) FROM (" + surplus + ")"},
  };
  for (const auto& [place, sql] : counts) {
    auto counted = count(database, sql);
    if (!counted) return std::move(counted).error();
    *place = *counted;
  }
  if (out.missing == 0 && out.surplus == 0) return {};
  auto example = example_row(database, out.surplus > 0 ? surplus : missing, ours->size());
  if (!example) return std::move(example).error();
  out.example =
      fmt::format("only {}: {}", out.surplus > 0 ? "in the target" : "in SQLite's answer", *example);
  return {};
}

}  // namespace

std::string without_end(std::string sql) {
  while (!sql.empty() && (sql.back() == ';' || sql.back() == '\n' || sql.back() == ' ')) sql.pop_back();
  return sql;
}

base::Result<CheckResult> check_product(const ProductFacts& product, sources::EventStore& log,
                                        const files::Path& scratch_file) {
  db::Options fast;
  fast.full_sync = false;
  auto scratch = db::Database::open(scratch_file, fast);
  if (!scratch) return std::move(scratch).error();
  if (auto attached = scratch->run("ATTACH ?1 AS target", std::string_view(product.target.string()));
      !attached) {
    return std::move(attached).error();
  }
  auto target = db::Database::open(product.target);
  if (!target) return std::move(target).error();
  auto control = current_control(*target, product);
  if (!control) return std::move(control).error();
  CheckResult out;
  out.revision = control->revision;
  out.epoch = control->epoch;
  for (const SourceFacts& source : product.sources) {
    const auto until = control->offsets.find(source.dataset);
    if (until == control->offsets.end()) {
      return base::terminal("NoControlRow", fmt::format("{}: the control row has no offsets of {}",
                                                        product.title, source.dataset));
    }
    auto loaded = load_scratch(*scratch, source, until->second, product.start_time, log);
    if (!loaded) return std::move(loaded).error();
    out.sources.push_back(*std::move(loaded));
  }
  if (auto made = scratch->execute("CREATE TABLE expected AS " + without_end(product.sql)); !made) {
    return std::move(made).error().in(product.title);
  }
  if (auto compared = compare(*scratch, product, out); !compared) return compared.error();
  return out;
}

base::Result<std::string> tamper(const ProductFacts& product) {
  auto target = db::Database::open(product.target);
  if (!target) return std::move(target).error();
  auto control = current_control(*target, product);
  if (!control) return std::move(control).error();
  const std::string table = targets::protocol::table_name(product.object, control->revision);
  // The last whole number of the row: an amount, not a key.
  auto found = target->query(
      "SELECT name FROM pragma_table_info(?1) WHERE type = 'INTEGER' AND name NOT LIKE "
      "'\\_offtake%' ESCAPE '\\' ORDER BY cid DESC LIMIT 1",
      std::string_view(table));
  if (!found) return std::move(found).error();
  auto there = found->step();
  if (!there) return std::move(there).error();
  if (!*there) return base::terminal("NothingToAlter", product.title + " has no column of whole numbers");
  const std::string column = found->string(0);
  found->reset();
  const std::string sql =
      fmt::format("UPDATE {0} SET {1} = {1} + 1 WHERE rowid = (SELECT min(rowid) FROM {0})",
                  quote_name(table), quote_name(column));
  if (auto done = target->execute(sql); !done) return done.error();
  return fmt::format("{} of one row of {}", column, table);
}

}  // namespace offtake::cli::demo
