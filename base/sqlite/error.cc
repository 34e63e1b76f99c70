#include "base/sqlite/error.h"

namespace offtake::sqlite {

base::Error make_error(int code, sqlite3* database, std::string_view sql) {
  const std::string said = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  const std::string detail =
      sql.empty() ? fmt::format("SQLite error {}", code) : fmt::format("SQLite error {} in: {}", code, sql);
  const auto error = [&]() -> base::Error {
    switch (code & 0xFF) {
      case SQLITE_FULL:
        return base::transient("DiskFull", fmt::format("the database cannot grow: {}", said))
            .with_hint("free some space, it goes on by itself");
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        return base::transient("DatabaseBusy", fmt::format("another writer holds the database: {}", said));
      case SQLITE_CONSTRAINT:
        return base::row_error("ConstraintViolated", said);
      case SQLITE_MISMATCH:
      case SQLITE_TOOBIG:
        return base::row_error("ValueRefused", said);
      case SQLITE_CORRUPT:
      case SQLITE_NOTADB:
        return base::terminal("DatabaseCorrupt", fmt::format("the database file is damaged: {}", said));
      case SQLITE_READONLY:
        return base::terminal("ReadOnly", said);
      case SQLITE_CANTOPEN:
        return base::terminal("DatabaseNotOpened", said);
      case SQLITE_INTERRUPT:
        return base::transient("Interrupted", "the statement was interrupted");
      case SQLITE_IOERR:
      case SQLITE_NOMEM:
      case SQLITE_PROTOCOL:
        return base::transient("IoError", said);
      default:
        return base::terminal("SqlError", said);
    }
  };
  return error().with_detail(detail);
}

}  // namespace offtake::sqlite
