#include "base/sqlite/database.h"

#include "base/log.h"
#include "base/sqlite/error.h"

namespace offtake::sqlite {

void Database::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

base::Result<Database> Database::open(const std::filesystem::path& path, const Options& options) {
  sqlite3* opened = nullptr;
  const int flags = options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(opened);
  const auto in_path = [&](base::Error error) {
    return std::move(error).in(fmt::format("database {}", path.string()));
  };
  if (code != SQLITE_OK) return in_path(make_error(code, opened, ""));
  sqlite3_extended_result_codes(opened, 1);
  sqlite3_busy_timeout(opened, options.busy_timeout_ms);
  // "double quotes" are names only, and a damaged or hostile schema cannot call functions with effects.
  for (const int off : {SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_TRUSTED_SCHEMA}) {
    sqlite3_db_config(opened, off, 0, nullptr);
  }
  std::string pragmas = options.foreign_keys ? "PRAGMA foreign_keys = ON;" : "PRAGMA foreign_keys = OFF;";
  if (!options.read_only) {
    pragmas += "PRAGMA journal_mode = WAL;";
    pragmas += options.full_sync ? "PRAGMA synchronous = FULL;" : "PRAGMA synchronous = NORMAL;";
  } else {
    // Opening reads nothing yet; a file that is no database must be refused here.
    pragmas += "SELECT count(*) FROM sqlite_schema;";
  }
  if (auto done = database.execute(pragmas); !done.ok()) return in_path(std::move(done).error());
  return database;
}

base::Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* prepared = nullptr;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, &rest);
  Statement statement(prepared);
  if (code != SQLITE_OK) return make_error(code, database_.get(), sql);
  const std::string_view after(rest, static_cast<std::size_t>(sql.data() + sql.size() - rest));
  if (prepared == nullptr || after.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
    return base::terminal("SqlError", "exactly one SQL statement is expected").with_detail(std::string(sql));
  }
  return statement;
}

base::Status Database::execute(std::string_view script) {
  const std::string text(script);  // sqlite3_exec wants a terminated one
  const int code = sqlite3_exec(database_.get(), text.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return make_error(code, database_.get(), script);
  return {};
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(database_.get());
}
std::int64_t Database::last_insert_id() const {
  return sqlite3_last_insert_rowid(database_.get());
}
bool Database::in_transaction() const {
  return sqlite3_get_autocommit(database_.get()) == 0;
}
void Database::interrupt() {
  sqlite3_interrupt(database_.get());
}

base::Result<std::int64_t> Database::version() {
  auto statement = prepare("PRAGMA user_version");
  if (!statement.ok()) return std::move(statement).error();
  if (auto row = statement->step(); !row.ok()) return std::move(row).error();
  return statement->int64(0);
}

base::Status Database::migrate(std::span<const std::string_view> migrations) {
  const auto latest = static_cast<std::int64_t>(migrations.size());
  for (;;) {
    // The version is read under the write lock: two programs may start at the same time.
    auto transaction = Transaction::begin(*this);
    if (!transaction.ok()) return std::move(transaction).error();
    const auto now = version();
    if (!now.ok()) return now.error();
    if (*now > latest) {
      return base::terminal("NewerDatabase",
                            fmt::format("the database has version {}, this program knows {}", *now, latest))
          .with_hint("use the program that wrote it, or a later one");
    }
    if (*now == latest) return {};
    const std::string_view migration = migrations[static_cast<std::size_t>(*now)];
    if (auto done = execute(migration); !done.ok()) {
      return std::move(done).error().in(fmt::format("migration to version {}", *now + 1));
    }
    if (auto done = execute(fmt::format("PRAGMA user_version = {}", *now + 1)); !done.ok()) return done;
    if (auto done = transaction->commit(); !done.ok()) return done;
  }
}

base::Status Database::checkpoint() {
  const int code =
      sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (code != SQLITE_OK) return make_error(code, database_.get(), "checkpoint");
  return {};
}

base::Result<Transaction> Transaction::begin(Database& database, Mode mode) {
  auto begun = database.execute(mode == Mode::kWrite ? "BEGIN IMMEDIATE" : "BEGIN DEFERRED");
  if (!begun.ok()) return std::move(begun).error();
  return Transaction(database);
}

base::Status Transaction::commit() {
  auto done = database_->execute("COMMIT");
  if (done.ok()) database_ = nullptr;
  return done;
}

Transaction::~Transaction() {
  // Some errors (a full disk) have ended the transaction already.
  if (database_ == nullptr || !database_->in_transaction()) return;
  if (const auto done = database_->execute("ROLLBACK"); !done.ok()) {
    base::log_error("a transaction could not be rolled back", {{"error", done.error().text()}});
  }
}

}  // namespace offtake::sqlite
