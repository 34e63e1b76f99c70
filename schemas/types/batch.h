// A changelog batch (a piece of a Z-set): columns of equal length and a weight a row. +n adds the row n
// times, -n takes it away; an update is -1 old, +1 new. Cheap to copy (columns are shared).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "schemas/types/column.h"

namespace offtake::types {

struct Batch {
  std::vector<ColumnPtr> columns;
  std::vector<std::int64_t> weights;  // empty: all +1
  std::size_t rows = 0;               // also right where there are no columns

  std::int64_t weight(std::size_t row) const { return weights.empty() ? 1 : weights[row]; }
  Batch take(std::span<const std::uint32_t> selected) const;
  static Batch concatenate(std::span<const Batch> batches);  // REQUIRES: equal column types
  std::size_t bytes() const;
};

// The canonical key form: rows that SQL calls equal (numeric 1.0 = 1.00, -0.0 = 0.0, NaN = NaN, interval
// '1 month' = '30 days', jsonb 1 = 1.0, NULL = NULL) give equal bytes, others different ones. Each value is
// self-delimiting, so keys of several columns are concatenated. Integers of different width are equal by
// value only after a cast to one type.
void append_canonical(const Column& column, std::size_t row, std::string& out);
void append_canonical_row(const Batch& batch, std::span<const int> columns, std::size_t row,
                          std::string& out);

// Hashes of the canonical form, column by column without building it. Stable for ever: they are stored
// (control row checksum, bag identities). Algorithm: see hash.cc.
std::vector<std::uint64_t> hash_rows(const Batch& batch, std::span<const int> columns);
std::vector<std::uint64_t> hash_rows(const Batch& batch);  // all columns
struct Hash128 {
  std::uint64_t low = 0, high = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
};
std::vector<Hash128> hash128_rows(const Batch& batch);

// Sum modulo 2^64 of hash * weight over the rows, and the sum of weights: what the control row keeps.
struct Checksum {
  std::int64_t rows = 0;
  std::uint64_t sum = 0;
  friend bool operator==(const Checksum&, const Checksum&) = default;
};
void add_to(Checksum& checksum, const Batch& batch);

bool equal_values(const Column& a, std::size_t row_a, const Column& b, std::size_t row_b);
// Total order in PostgreSQL's ORDER BY sense, collation C, NULL last, NaN greatest.
int compare_values(const Column& a, std::size_t row_a, const Column& b, std::size_t row_b);

// The text PostgreSQL prints for the value with TimeZone UTC ("t", "2026-11-23 09:02:11+00", "\\xff");
// for messages, tests and the CLI. NULL gives "NULL".
std::string value_text(const Column& column, std::size_t row);
// The reverse: appends the value PostgreSQL would read from `text`. Row error with PostgreSQL's message.
base::Status append_parsed(ColumnBuilder& builder, std::string_view text);

}  // namespace offtake::types
