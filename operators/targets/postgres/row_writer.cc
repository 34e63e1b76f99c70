#include "operators/targets/postgres/row_writer.h"

#include "operators/targets/postgres/binary_reader.h"
#include "operators/targets/postgres/binary_writer.h"
#include "operators/targets/postgres/table_sql.h"

namespace offtake::targets::postgres {

std::uint64_t nulls_of(const types::Batch& keys, std::size_t row) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < keys.columns.size(); ++i) {
    if (keys.columns[i]->is_null(row)) out |= std::uint64_t{1} << i;
  }
  return out;
}

namespace {

constexpr std::size_t kFlushBytes = 256 << 10;
constexpr std::size_t kRowsBetweenFlushes = 512;

std::set<std::uint64_t> null_patterns(const types::Batch& keys, RowRange range) {
  std::set<std::uint64_t> out;
  for (std::size_t row = range.begin; row < range.end; ++row) out.insert(nulls_of(keys, row));
  return out;
}

// Columns of `first`, then of `second`.
base::Status copy(Connection& connection, const std::string& copy_sql,
                  const std::vector<types::ColumnPtr>& first, const std::vector<types::ColumnPtr>& second,
                  RowRange range) {
  if (auto begun = connection.begin_copy_in(copy_sql); !begun) return begun;
  ByteBuffer buffer;
  put_copy_header(buffer);
  for (std::size_t row = range.begin; row < range.end; row += kRowsBetweenFlushes) {
    put_copy_rows(first, second, row, std::min(range.end, row + kRowsBetweenFlushes), buffer);
    if (buffer.size() < kFlushBytes) continue;
    if (auto sent = connection.put_copy_data(buffer.view()); !sent) return sent;
    buffer.clear();
  }
  put_copy_trailer(buffer);
  if (auto sent = connection.put_copy_data(buffer.view()); !sent) return sent;
  return connection.end_copy_in();
}

}  // namespace

base::Status RowWriter::make_stages(Connection& connection) const {
  return connection.execute(make_stages_sql(schema_, table_));
}

base::Status RowWriter::erase(Connection& connection, const types::Batch& deletes, RowRange range) const {
  if (auto staged = stage_deletes(connection, deletes, range); !staged) return staged;
  for (const std::uint64_t nulls : null_patterns(deletes, range)) {
    if (auto erased = connection.execute(delete_sql(schema_, table_, nulls)); !erased) return erased;
  }
  return {};
}

base::Status RowWriter::insert(Connection& connection, const engine::Changes& changes, RowRange range) const {
  return copy(connection, copy_in_sql(schema_, table_), changes.upserts.columns, changes.upsert_identity,
              range);
}

base::Status RowWriter::upsert(Connection& connection, const engine::Changes& changes, RowRange range) const {
  if (auto staged = stage_upserts(connection, changes, range); !staged) return staged;
  return connection.execute(upsert_sql(schema_, table_));
}

base::Status RowWriter::stage_upserts(Connection& connection, const engine::Changes& changes,
                                      RowRange range) const {
  return copy(connection, copy_upserts_sql(table_), changes.upserts.columns, changes.upsert_identity, range);
}

base::Status RowWriter::stage_deletes(Connection& connection, const types::Batch& deletes,
                                      RowRange range) const {
  if (deletes.columns.empty()) return {};
  return copy(connection, copy_deletes_sql(table_), deletes.columns, {}, range);
}

base::Result<types::Checksum> RowWriter::stored(Connection& connection, const types::Batch& keys,
                                                std::size_t row) const {
  if (auto staged = stage_deletes(connection, keys, {row, row + 1}); !staged)
    return std::move(staged).error();
  CopyHasher hasher(table_.columns);
  auto copied = connection.copy_out(copy_matching_sql(schema_, table_, nulls_of(keys, row)),
                                    [&](std::string_view message) { return hasher.take(message); });
  if (!copied) return std::move(copied).error();
  return hasher.finish();
}

}  // namespace offtake::targets::postgres
