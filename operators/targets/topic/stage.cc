#include "operators/targets/topic/stage.h"

namespace offtake::targets::topic {
namespace {

constexpr const char* kTables =
    "PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4000;"
    "CREATE TABLE wanted (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE present (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;";

}  // namespace

base::Result<std::unique_ptr<Stage>> Stage::make() {
  auto directory = files::TempDir::make("offtake-topic");
  if (!directory) return std::move(directory).error();
  // Lost with the process, on purpose: the next one fills it anew.
  auto database = sqlite::Database::open(directory->path() / "stage.db", {.full_sync = false});
  if (!database) return std::move(database).error();
  if (auto made = database->execute(kTables); !made) return std::move(made).error();
  return std::unique_ptr<Stage>(new Stage(*std::move(directory), *std::move(database)));
}

base::Result<std::optional<std::size_t>> Stage::put(const std::vector<Row>& rows, bool new_only) {
  const std::lock_guard lock(mutex_);
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return std::move(transaction).error();
  auto insert = database_.prepare(new_only ? "INSERT OR IGNORE INTO wanted VALUES (?1, ?2)"
                                           : "INSERT OR REPLACE INTO wanted VALUES (?1, ?2)");
  if (!insert) return std::move(insert).error();
  auto erase = database_.prepare("DELETE FROM wanted WHERE key = ?1");
  if (!erase) return std::move(erase).error();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    sqlite::Statement& statement = rows[i].value ? *insert : *erase;
    statement.bind_in_place(1, sqlite::Blob{rows[i].key});
    if (rows[i].value) statement.bind_in_place(2, sqlite::Blob{*rows[i].value});
    if (auto done = statement.run(); !done) return std::move(done).error();
    if (new_only && rows[i].value && database_.changes() == 0) return std::optional<std::size_t>(i);
  }
  if (auto committed = transaction->commit(); !committed) return std::move(committed).error();
  return std::optional<std::size_t>();
}

base::Status Stage::put_present(const std::vector<Row>& rows) {
  const std::lock_guard lock(mutex_);
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return std::move(transaction).error();
  auto insert = database_.prepare("INSERT OR REPLACE INTO present VALUES (?1, ?2)");
  if (!insert) return std::move(insert).error();
  auto erase = database_.prepare("DELETE FROM present WHERE key = ?1");
  if (!erase) return std::move(erase).error();
  for (const Row& row : rows) {
    sqlite::Statement& statement = row.value ? *insert : *erase;
    statement.bind_in_place(1, sqlite::Blob{row.key});
    if (row.value) statement.bind_in_place(2, sqlite::Blob{*row.value});
    if (auto done = statement.run(); !done) return done;
  }
  return transaction->commit();
}

base::Status Stage::forget_present() {
  const std::lock_guard lock(mutex_);
  return database_.execute("DELETE FROM present");
}

base::Result<std::int64_t> Stage::rows() {
  const std::lock_guard lock(mutex_);
  auto count = database_.prepare("SELECT count(*) FROM wanted");
  if (!count) return std::move(count).error();
  auto there = count->step();
  if (!there) return std::move(there).error();
  return count->int64(0);
}

base::Status Stage::for_each_value(Side side, const std::function<base::Status(std::string_view)>& value) {
  auto found =
      database_.prepare(side == Side::kWanted ? "SELECT value FROM wanted" : "SELECT value FROM present");
  if (!found) return std::move(found).error();
  for (;;) {
    auto there = found->step();
    if (!there) return std::move(there).error();
    if (!*there) return {};
    if (auto done = value(found->blob(0)); !done) return done;
  }
}

base::Status Stage::for_each_difference(const std::function<base::Status(Row&&)>& row) {
  for (const char* sql :
       {"SELECT w.key, w.value FROM wanted w LEFT JOIN present p ON p.key = w.key "
        "WHERE p.key IS NULL OR p.value <> w.value ORDER BY w.key",
        "SELECT p.key, NULL FROM present p LEFT JOIN wanted w ON w.key = p.key WHERE w.key IS NULL "
        "ORDER BY p.key"}) {
    auto found = database_.prepare(sql);
    if (!found) return std::move(found).error();
    for (;;) {
      auto there = found->step();
      if (!there) return std::move(there).error();
      if (!*there) break;
      Row next{std::string(found->blob(0)), std::nullopt};
      if (!found->is_null(1)) next.value = std::string(found->blob(1));
      if (auto done = row(std::move(next)); !done) return done;
    }
  }
  return {};
}

}  // namespace offtake::targets::topic
