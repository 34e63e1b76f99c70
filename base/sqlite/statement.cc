#include "base/sqlite/database.h"
#include "base/sqlite/error.h"

namespace offtake::sqlite {
namespace {

// A null pointer would bind NULL; an empty text must stay a text.
const char* bytes_of(std::string_view text) {
  return text.data() != nullptr ? text.data() : "";
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void Statement::note(int code) {
  if (code != SQLITE_OK && bind_error_ == SQLITE_OK) bind_error_ = code;
}

void Statement::bind(int parameter, std::string_view text) {
  note(sqlite3_bind_text64(statement_.get(), parameter, bytes_of(text), text.size(), SQLITE_TRANSIENT,
                           SQLITE_UTF8));
}

void Statement::bind(int parameter, Blob blob) {
  note(sqlite3_bind_blob64(statement_.get(), parameter, bytes_of(blob.bytes), blob.bytes.size(),
                           SQLITE_TRANSIENT));
}

void Statement::bind(int parameter, double value) {
  note(sqlite3_bind_double(statement_.get(), parameter, value));
}

void Statement::bind(int parameter, std::nullptr_t) {
  note(sqlite3_bind_null(statement_.get(), parameter));
}

void Statement::bind_integer(int parameter, std::int64_t value) {
  note(sqlite3_bind_int64(statement_.get(), parameter, value));
}

void Statement::bind_in_place(int parameter, std::string_view text) {
  note(sqlite3_bind_text64(statement_.get(), parameter, bytes_of(text), text.size(), SQLITE_STATIC,
                           SQLITE_UTF8));
}

void Statement::bind_in_place(int parameter, Blob blob) {
  note(sqlite3_bind_blob64(statement_.get(), parameter, bytes_of(blob.bytes), blob.bytes.size(),
                           SQLITE_STATIC));
}

base::Result<bool> Statement::step() {
  sqlite3_stmt* const statement = statement_.get();
  if (bind_error_ != SQLITE_OK) {
    const int code = std::exchange(bind_error_, SQLITE_OK);
    return make_error(code, sqlite3_db_handle(statement), sqlite3_sql(statement));
  }
  const int code = sqlite3_step(statement);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  base::Error error = make_error(code, sqlite3_db_handle(statement), sqlite3_sql(statement));
  sqlite3_reset(statement);  // or the failed statement would keep its locks
  return error;
}

base::Status Statement::run() {
  for (;;) {
    const auto row = step();
    if (!row.ok()) return row.error();
    if (!*row) break;
  }
  reset();
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
}
void Statement::clear_bindings() {
  sqlite3_clear_bindings(statement_.get());
}

int Statement::column_count() const {
  return sqlite3_column_count(statement_.get());
}

std::string_view Statement::column_name(int column) const {
  const char* name = sqlite3_column_name(statement_.get(), column);
  return name != nullptr ? name : "";
}

ColumnType Statement::type(int column) const {
  switch (sqlite3_column_type(statement_.get(), column)) {
    case SQLITE_INTEGER:
      return ColumnType::kInteger;
    case SQLITE_FLOAT:
      return ColumnType::kReal;
    case SQLITE_TEXT:
      return ColumnType::kText;
    case SQLITE_BLOB:
      return ColumnType::kBlob;
    default:
      return ColumnType::kNull;
  }
}

std::int64_t Statement::int64(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}
double Statement::real(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::string_view Statement::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

}  // namespace offtake::sqlite
