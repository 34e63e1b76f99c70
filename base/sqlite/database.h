// SQLite databases. A Database and its statements are used by one thread at a time (interrupt excepted); any
// number of Databases, also in other processes, may read the same file while one of them writes: the journal
// is a WAL, and a writer waits for another one up to busy_timeout_ms.
//
// Errors: DiskFull and DatabaseBusy (transient), ConstraintViolated (row; the message names the constraint),
// DatabaseCorrupt, ReadOnly and SqlError (terminal), Interrupted (transient), IoError (transient).
#pragma once
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace offtake::sqlite {

struct Options {
  bool read_only = false;  // the file must exist
  int busy_timeout_ms = 5000;
  bool foreign_keys = true;
  // Full: a commit survives a power cut. Otherwise the last commits may be lost then, never torn.
  bool full_sync = true;
};

struct Blob {
  std::string_view bytes;
};

enum class ColumnType { kNull, kInteger, kReal, kText, kBlob };

// A prepared statement. Must not outlive its Database. Parameters and columns: parameters count from 1 as in
// SQL (?1), columns from 0. An error of a bind shows at the next step.
class Statement {
 public:
  Statement(Statement&&) noexcept = default;
  Statement& operator=(Statement&&) noexcept = default;

  // The text or blob is copied.
  void bind(int parameter, std::string_view text);
  void bind(int parameter, Blob blob);
  void bind(int parameter, double value);
  void bind(int parameter, std::nullptr_t);
  template <std::integral T>
  void bind(int parameter, T value) {
    bind_integer(parameter, static_cast<std::int64_t>(value));
  }
  template <class T>
  void bind(int parameter, const std::optional<T>& value) {
    if (value.has_value()) {
      bind(parameter, *value);
    } else {
      bind(parameter, nullptr);
    }
  }
  // Not copied: the bytes must stay until the next bind of this parameter or the end of the statement.
  void bind_in_place(int parameter, std::string_view text);
  void bind_in_place(int parameter, Blob blob);
  template <class... Args>
  void bind_all(const Args&... args) {
    int parameter = 0;
    (bind(++parameter, args), ...);
  }

  base::Result<bool> step();  // true: a row is there
  base::Status run();         // steps to the end and resets
  void reset();               // for the next execution; the bound values stay
  void clear_bindings();

  // Of the current row. Text and blobs are views valid until the next step or reset.
  int column_count() const;
  std::string_view column_name(int column) const;
  ColumnType type(int column) const;
  bool is_null(int column) const { return type(column) == ColumnType::kNull; }
  std::int64_t int64(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;
  std::string string(int column) const { return std::string(text(column)); }
  bool boolean(int column) const { return int64(column) != 0; }

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  void bind_integer(int parameter, std::int64_t value);
  void note(int code);
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bind_error_ = 0;
};

class Database {
 public:
  // Makes the file if need be. ":memory:" is a database of its own.
  static base::Result<Database> open(const std::filesystem::path& path, const Options& options = {});
  Database(Database&&) noexcept = default;
  Database& operator=(Database&&) noexcept = default;

  base::Result<Statement> prepare(std::string_view sql);  // one statement
  base::Status execute(std::string_view script);          // any number of statements without parameters
  // Prepares, binds, and (run) executes to the end.
  template <class... Args>
  base::Result<Statement> query(std::string_view sql, const Args&... args) {
    auto statement = prepare(sql);
    if (statement.ok()) statement->bind_all(args...);
    return statement;
  }
  template <class... Args>
  base::Status run(std::string_view sql, const Args&... args) {
    auto statement = prepare(sql);
    if (!statement.ok()) return std::move(statement).error();
    statement->bind_all(args...);
    return statement->run();
  }

  std::int64_t changes() const;  // rows that the last statement inserted, updated or deleted
  std::int64_t last_insert_id() const;
  bool in_transaction() const;
  void interrupt();  // from any thread: what runs now ends with Interrupted

  // Brings the schema up to date: migrations[n] leads from version n to n + 1 (PRAGMA user_version), each in
  // a transaction. Code NewerDatabase when a later program has written the file.
  base::Status migrate(std::span<const std::string_view> migrations);
  base::Result<std::int64_t> version();

  // Moves the journal into the database file and empties it.
  base::Status checkpoint();

 private:
  explicit Database(sqlite3* database) : database_(database) {}
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> database_;
};

// Rolled back at the end of the scope unless committed. Must not outlive its Database; does not nest.
class Transaction {
 public:
  // Write: takes the write lock at once, so that a later statement cannot fail with DatabaseBusy.
  enum class Mode { kWrite, kRead };
  static base::Result<Transaction> begin(Database& database, Mode mode = Mode::kWrite);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  base::Status commit();  // after an error the transaction is still open unless SQLite had to end it

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace offtake::sqlite
