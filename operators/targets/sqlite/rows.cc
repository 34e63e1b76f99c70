#include "operators/targets/sqlite/rows.h"

#include <numeric>

#include "operators/targets/protocol/row_identity.h"
#include "operators/targets/protocol/table_layout.h"
#include "operators/targets/sqlite/row_values.h"
#include "operators/targets/sqlite/values.h"

namespace offtake::targets::sqlite {
namespace {

using protocol::quote_name;
using types::TypeId;

constexpr const char* kKeyColumn = "_offtake_key";

// The forms of what is to be written again: the values of the row, or of its key.
constexpr std::string_view kRow = "row";
constexpr std::string_view kKey = "key";

std::string table_of(const TableSpec& table) {
  return quote_name(protocol::table_name(table.name, table.revision));
}

bool same_equality(TypeId id) {
  switch (id) {
    case TypeId::kNumeric:
    case TypeId::kInterval:
    case TypeId::kJsonb:
    case TypeId::kArray:
    case TypeId::kRecord:
    case TypeId::kMap:
      return false;
    default:
      return true;
  }
}

// What the unique index is on.
std::vector<std::string> unique_columns(const TableSpec& table) {
  if (needs_key_bytes(table)) return {kKeyColumn};
  std::vector<std::string> out;
  for (const auto& column : protocol::identity_columns(table)) out.push_back(column.name);
  return out;
}

std::vector<std::string> all_columns(const TableSpec& table) {
  std::vector<std::string> out;
  for (const auto& column : table.columns) out.push_back(column.name);
  for (const auto& column : protocol::hidden_columns(table.identity)) out.push_back(column.name);
  if (needs_key_bytes(table)) out.emplace_back(kKeyColumn);
  return out;
}

std::string join(const std::vector<std::string>& names,
                 const std::function<std::string(const std::string&)>& each, std::string_view between) {
  std::string out;
  for (const auto& name : names) {
    if (!out.empty()) out += between;
    out += each(name);
  }
  return out;
}

std::string insert_sql(const TableSpec& table) {
  const auto columns = all_columns(table);
  std::string values;
  for (std::size_t i = 0; i < columns.size(); ++i) values += fmt::format("{}?{}", i == 0 ? "" : ", ", i + 1);
  return fmt::format("INSERT INTO {} ({}) VALUES ({})", table_of(table), join(columns, quote_name, ", "),
                     values);
}

std::string upsert_sql(const TableSpec& table) {
  const auto set = [](const std::string& name) {
    return fmt::format("{0} = excluded.{0}", quote_name(name));
  };
  return fmt::format("{} ON CONFLICT ({}) DO UPDATE SET {}", insert_sql(table),
                     join(unique_columns(table), quote_name, ", "), join(all_columns(table), set, ", "));
}

std::string is_the_row(const TableSpec& table) {
  int parameter = 0;
  return join(
      unique_columns(table),
      [&](const std::string& name) { return fmt::format("{} = ?{}", quote_name(name), ++parameter); },
      " AND ");
}

std::string delete_sql(const TableSpec& table) {
  return fmt::format("DELETE FROM {} WHERE {}", table_of(table), is_the_row(table));
}

// SQLite's words where the table's own key is met.
std::string key_violation(const TableSpec& table) {
  const std::string name = protocol::table_name(table.name, table.revision);
  return "UNIQUE constraint failed: " +
         join(
             unique_columns(table), [&](const std::string& column) { return name + "." + column; }, ", ");
}

}  // namespace

bool needs_key_bytes(const TableSpec& table) {
  if (!protocol::has_key(table.identity)) return false;
  const auto key = protocol::identity_columns(table);
  // A key of no column is that of a total: one row.
  if (key.empty()) return true;
  return std::any_of(key.begin(), key.end(), [](const types::Field& column) {
    return column.nullable || !same_equality(column.type.id);
  });
}

std::string key_index_name(const TableSpec& table) {
  return protocol::key_name(table.revision);
}

std::string create_table_sql(const TableSpec& table) {
  std::string columns;
  const auto add = [&](const std::string& name, std::string_view type) {
    columns += fmt::format("{}{} {}", columns.empty() ? "" : ", ", quote_name(name), type);
  };
  for (const auto& column : table.columns) add(column.name, declared_type(column.type.id));
  for (const auto& column : protocol::hidden_columns(table.identity)) {
    add(column.name, declared_type(column.type.id));
  }
  if (needs_key_bytes(table)) add(kKeyColumn, "BLOB");
  return fmt::format("CREATE TABLE {} ({})", table_of(table), columns);
}

std::string create_key_sql(const TableSpec& table) {
  return fmt::format("CREATE UNIQUE INDEX IF NOT EXISTS {} ON {} ({})", quote_name(key_index_name(table)),
                     table_of(table), join(unique_columns(table), quote_name, ", "));
}

std::string create_view_sql(const TableSpec& table) {
  return fmt::format("CREATE VIEW {} AS SELECT {} FROM {}", quote_name(table.name),
                     protocol::quote_names(table.columns), table_of(table));
}

base::Result<RowWriter> RowWriter::open(db::Database& database, const TableSpec& table, bool upserts) {
  auto insert = database.prepare(insert_sql(table));
  if (!insert) return std::move(insert).error();
  RowWriter writer(database, table, *std::move(insert));
  if (!upserts) return writer;
  auto upsert = database.prepare(upsert_sql(table));
  if (!upsert) return std::move(upsert).error();
  auto erase = database.prepare(delete_sql(table));
  if (!erase) return std::move(erase).error();
  writer.upsert_ = *std::move(upsert);
  writer.delete_ = *std::move(erase);
  return writer;
}

base::Status RowWriter::apply(const engine::Changes& rows, Refusals& refusals) {
  if (auto inserted = write(insert_, rows, 0, rows.new_rows, &refusals); !inserted) return inserted;
  return write(*upsert_, rows, rows.new_rows, rows.upserts.rows, &refusals);
}

base::Status RowWriter::write(db::Statement& statement, const engine::Changes& rows, std::size_t begin,
                              std::size_t end, Refusals* refusals) {
  // Only where something is refused: most epochs need none of it.
  types::Batch keys;
  const bool any_known = refusals != nullptr && !refusals->known.empty();
  if (any_known) keys = protocol::identity_of(*table_, rows);
  for (std::size_t row = begin; row < end; ++row) {
    const bool replaces = any_known && protocol::is_refused(refusals->known, protocol::row_id(keys, row));
    db::Statement& chosen = replaces ? *upsert_ : statement;
    bind_row(chosen, rows, row);
    auto done = chosen.run();
    if (done) continue;
    if (done.error().code == "ConstraintViolated" && done.error().message == key_violation(*table_))
      return key_is_held(rows, row);
    if (refusals == nullptr || !may_leave_out(done.error())) return done;
    if (auto left = refuse_upsert(rows, row, std::move(done).error(), *refusals); !left) return left;
  }
  return {};
}

// RAISE(ROLLBACK) of a trigger takes the whole epoch with it.
bool RowWriter::may_leave_out(const base::Error& error) const {
  return error.retry == base::Retry::kRow && table_->parks && database_->in_transaction();
}

base::Error RowWriter::key_is_held(const engine::Changes& rows, std::size_t row) const {
  std::vector<std::string> values;
  if (protocol::has_key(table_->identity)) {
    for (const int column : table_->identity.key) {
      values.push_back(types::value_text(*rows.upserts.columns[static_cast<std::size_t>(column)], row));
    }
  }
  return protocol::key_not_unique(*table_, values);
}

void RowWriter::bind_row(db::Statement& statement, const engine::Changes& rows, std::size_t row) {
  int parameter = 0;
  for (const auto& column : rows.upserts.columns) bind_value(statement, ++parameter, *column, row);
  for (const auto& column : rows.upsert_identity) bind_value(statement, ++parameter, *column, row);
  if (!key_bytes_) return;
  key_.clear();
  types::append_canonical_row(rows.upserts, table_->identity.key, row, key_);
  statement.bind_in_place(++parameter, db::Blob{key_});
}

base::Status RowWriter::erase(const types::Batch& deletes, Refusals& refusals) {
  for (std::size_t row = 0; row < deletes.rows; ++row) {
    bind_key(*delete_, deletes, row);
    auto done = delete_->run();
    if (done) continue;
    if (!may_leave_out(done.error())) return done;
    auto values = echo(unique_columns(*table_).size());
    if (!values) return std::move(values).error();
    bind_key(*values, deletes, row);
    if (auto there = values->step(); !there) return std::move(there).error();
    protocol::RefusedRow refused;
    refused.row = json::dump(json::Object{{std::string(kKey), row_values(*values)}});
    if (auto left = refuse(deletes, row, std::move(refused), std::move(done).error(), refusals); !left)
      return left;
  }
  return {};
}

void RowWriter::bind_key(db::Statement& statement, const types::Batch& keys, std::size_t row) {
  if (key_bytes_) {
    std::vector<int> every_column(keys.columns.size());
    std::iota(every_column.begin(), every_column.end(), 0);
    key_.clear();
    types::append_canonical_row(keys, every_column, row, key_);
    statement.bind_in_place(1, db::Blob{key_});
    return;
  }
  int parameter = 0;
  for (const auto& column : keys.columns) bind_value(statement, ++parameter, *column, row);
}

base::Status RowWriter::refuse_upsert(const engine::Changes& rows, std::size_t row, base::Error why,
                                      Refusals& refusals) {
  auto values = echo(all_columns(*table_).size());
  if (!values) return std::move(values).error();
  bind_row(*values, rows, row);
  if (auto there = values->step(); !there) return std::move(there).error();
  protocol::RefusedRow refused;
  refused.row = json::dump(json::Object{{std::string(kRow), row_values(*values)}});
  const std::uint32_t selected[] = {static_cast<std::uint32_t>(row)};
  types::add_to(refused.wanted, rows.upserts.take(selected));
  return refuse(protocol::identity_of(*table_, rows), row, std::move(refused), std::move(why), refusals);
}

base::Status RowWriter::refuse(const types::Batch& keys, std::size_t row, protocol::RefusedRow refused,
                               base::Error why, Refusals& refusals) {
  refusals.bytes += refused.row.size();
  if (refusals.found.size() == protocol::kMostRefused || refusals.bytes > protocol::kMostRefusedBytes)
    return protocol::too_many_refused(why);
  auto there = stored(keys, row);
  if (!there) return std::move(there).error();
  refused.delivered = *there;
  refused.id = protocol::row_id(keys, row);
  refused.key = protocol::shown_key(*table_, keys, row, refused.id);
  refused.why = std::move(why);
  refusals.found.push_back(std::move(refused));
  return {};
}

base::Result<types::Checksum> RowWriter::stored(const types::Batch& keys, std::size_t row) {
  auto found =
      database_->prepare(fmt::format("SELECT {} FROM {} WHERE {}", protocol::quote_names(table_->columns),
                                     table_of(*table_), is_the_row(*table_)));
  if (!found) return std::move(found).error();
  bind_key(*found, keys, row);
  types::Checksum out;
  auto there = found->step();
  if (!there) return std::move(there).error();
  if (!*there) return out;
  types::Batch batch;
  batch.rows = 1;
  for (const auto& column : table_->columns) {
    types::ColumnBuilder builder(column.type);
    auto read = read_value(*found, static_cast<int>(batch.columns.size()), builder);
    if (!read) return std::move(read).error();
    batch.columns.push_back(builder.finish());
  }
  types::add_to(out, batch);
  return out;
}

// Its parameters as columns, by the storage classes they are bound with.
base::Result<db::Statement> RowWriter::echo(std::size_t parameters) {
  std::string list;
  for (std::size_t i = 1; i <= parameters; ++i) list += fmt::format("{}?{}", i == 1 ? "" : ", ", i);
  return database_->prepare("SELECT " + list);
}

base::Result<std::optional<base::Error>> RowWriter::write_again(const protocol::RowAgain& row) {
  auto parsed = json::parse(row.row);
  if (!parsed) return std::move(parsed).error().in("a refused row of the ledger");
  const json::Value* values = parsed->find(kRow);
  db::Statement& statement = values != nullptr ? *upsert_ : *delete_;
  auto bound = bind_values(statement, values != nullptr ? *values : (*parsed)[kKey]);
  if (!bound) return std::move(bound).error();
  auto done = statement.run();
  if (done) return std::optional<base::Error>();
  const bool refused = done.error().retry == base::Retry::kRow && database_->in_transaction();
  if (!refused) return std::move(done).error();
  return std::optional<base::Error>(std::move(done).error());
}

}  // namespace offtake::targets::sqlite
