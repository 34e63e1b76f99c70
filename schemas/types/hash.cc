// Row hashes. A row's hash is a chain over its columns: hash(0) = 0, and each column's value is hashed by
// XXH64 with the hash so far as the seed. What is hashed of a value is its canonical form:
//   boolean, integers, date, time, timestamps   8 bytes, sign-extended
//   float4, float8                              8 bytes of the double; -0 as 0, one NaN
//   interval                                    16 bytes: its length in microseconds (a month is 30 days)
//   uuid                                        16 bytes
//   numeric                                     24 bytes: coefficient without trailing zeros, scale; its
//                                               canonical bytes where it is big, NaN or infinite
//   text, bytea                                 the bytes
//   jsonb, arrays, records, maps                canonical text with equal numbers spelled equally
//   NULL                                        nothing, under the seed ^ kNullSeed
// The 128-bit hash is two such chains that start from different seeds. Stored values depend on every line
// here: a change needs a new name.
#include <cmath>

#include "schemas/types/batch.h"
#include "schemas/types/canonical_value.h"
#include "schemas/types/jsonb.h"
#include "schemas/types/xxh64.h"

namespace offtake::types {
namespace {

constexpr std::uint64_t kNullSeed = 0xA0761D6478BD642F;
constexpr std::uint64_t kHighStart = 0xE7037ED1A0B428DB;

// Continues the chains of all rows: `each(row, seed)` hashes a value that is not NULL.
template <class Each>
void fold(const Column& column, std::vector<std::uint64_t>& hashes, Each each) {
  if (!column.may_have_nulls()) {
    for (std::size_t row = 0; row < hashes.size(); ++row) hashes[row] = each(row, hashes[row]);
    return;
  }
  for (std::size_t row = 0; row < hashes.size(); ++row) {
    hashes[row] = column.is_null(row) ? xxh64::nothing(hashes[row] ^ kNullSeed) : each(row, hashes[row]);
  }
}

template <class T>
void fold_integers(const Column& column, std::vector<std::uint64_t>& hashes) {
  const T* values = column.values<T>().data();
  fold(column, hashes, [&](std::size_t row, std::uint64_t seed) {
    return xxh64::word(static_cast<std::uint64_t>(static_cast<std::int64_t>(values[row])), seed);
  });
}

template <class T>
void fold_floats(const Column& column, std::vector<std::uint64_t>& hashes) {
  const T* values = column.values<T>().data();
  fold(column, hashes, [&](std::size_t row, std::uint64_t seed) {
    return xxh64::word(std::bit_cast<std::uint64_t>(canonical_float(static_cast<double>(values[row]))), seed);
  });
}

std::uint64_t hash_numeric(const Numeric& value, std::uint64_t seed) {
  if (value.kind == Numeric::Kind::kSmall) {
    Arena unused;
    const Numeric reduced = reduce(value, unused);
    const auto bits = static_cast<unsigned __int128>(reduced.coefficient);
    return xxh64::word(
        static_cast<std::uint64_t>(reduced.scale),
        xxh64::words(static_cast<std::uint64_t>(bits), static_cast<std::uint64_t>(bits >> 64), seed));
  }
  Arena arena;
  const Numeric reduced = reduce(value, arena);
  if (reduced.kind == Numeric::Kind::kSmall) return hash_numeric(reduced, seed);
  std::string bytes;
  append_canonical(reduced, bytes);
  return xxh64::hash(bytes, seed);
}

void fold_column(const Column& column, std::vector<std::uint64_t>& hashes) {
  switch (column.physical()) {
    case Physical::kBool:
      return fold_integers<std::uint8_t>(column, hashes);
    case Physical::kInt32:
      return fold_integers<std::int32_t>(column, hashes);
    case Physical::kInt64:
      return fold_integers<std::int64_t>(column, hashes);
    case Physical::kFloat32:
      return fold_floats<float>(column, hashes);
    case Physical::kFloat64:
      return fold_floats<double>(column, hashes);
    case Physical::kNumeric:
      return fold(column, hashes, [&](std::size_t row, std::uint64_t seed) {
        return hash_numeric(column.values<Numeric>()[row], seed);
      });
    case Physical::kInterval:
      return fold(column, hashes, [&](std::size_t row, std::uint64_t seed) {
        const auto micros = static_cast<unsigned __int128>(total_micros(column.values<Interval>()[row]));
        return xxh64::words(static_cast<std::uint64_t>(micros), static_cast<std::uint64_t>(micros >> 64),
                            seed);
      });
    case Physical::kUuid:
      return fold(column, hashes, [&](std::size_t row, std::uint64_t seed) {
        const char* bytes = column.raw(row);
        return xxh64::words(xxh64::read<std::uint64_t>(bytes), xxh64::read<std::uint64_t>(bytes + 8), seed);
      });
    case Physical::kString:
      if (is_nested(column.type().id)) {
        std::string scratch;
        return fold(column, hashes, [&](std::size_t row, std::uint64_t seed) {
          return xxh64::hash(jsonb_key(column.text(row), scratch), seed);
        });
      }
      return fold(column, hashes,
                  [&](std::size_t row, std::uint64_t seed) { return xxh64::hash(column.text(row), seed); });
  }
}

}  // namespace

std::vector<std::uint64_t> hash_rows(const Batch& batch, std::span<const int> columns) {
  std::vector<std::uint64_t> hashes(batch.rows, 0);
  for (int column : columns) fold_column(*batch.columns[static_cast<std::size_t>(column)], hashes);
  return hashes;
}

std::vector<std::uint64_t> hash_rows(const Batch& batch) {
  std::vector<std::uint64_t> hashes(batch.rows, 0);
  for (const ColumnPtr& column : batch.columns) fold_column(*column, hashes);
  return hashes;
}

std::vector<Hash128> hash128_rows(const Batch& batch) {
  const std::vector<std::uint64_t> low = hash_rows(batch);
  std::vector<std::uint64_t> high(batch.rows, kHighStart);
  for (const ColumnPtr& column : batch.columns) fold_column(*column, high);
  std::vector<Hash128> out(batch.rows);
  for (std::size_t row = 0; row < batch.rows; ++row) out[row] = {low[row], high[row]};
  return out;
}

void add_to(Checksum& checksum, const Batch& batch) {
  const std::vector<std::uint64_t> hashes = hash_rows(batch);
  for (std::size_t row = 0; row < batch.rows; ++row) {
    const std::int64_t weight = batch.weight(row);
    checksum.rows += weight;
    checksum.sum += hashes[row] * static_cast<std::uint64_t>(weight);
  }
}

}  // namespace offtake::types
