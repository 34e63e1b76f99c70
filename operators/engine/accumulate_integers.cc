// count, and sum and avg of integers: 128 bits hold 2^64 values of 64 bits.
#include "operators/engine/accumulator.h"

namespace offtake::engine {
namespace {

class Count final : public Accumulator {
 public:
  explicit Count(int column) : column_(column) {}
  std::size_t state_bytes() const override { return sizeof(std::int64_t); }

  void add(const types::Batch& piece, std::span<char* const> groups, std::size_t offset) override {
    const types::Column* column =
        column_ < 0 ? nullptr : piece.columns[static_cast<std::size_t>(column_)].get();
    for (std::size_t row = 0; row < piece.rows; ++row) {
      if (column != nullptr && column->is_null(row)) continue;
      char* at = groups[row] + offset;
      store(at, load<std::int64_t>(at) + piece.weight(row));
    }
  }

  base::Status write(const char* state, types::ColumnBuilder& out) const override {
    out.append(load<std::int64_t>(state));
    return {};
  }

 private:
  int column_;
};

class IntegerSum final : public Accumulator {
 public:
  IntegerSum(int column, bool average, types::TypeId result)
      : column_(static_cast<std::size_t>(column)), average_(average), result_(result) {}
  std::size_t state_bytes() const override { return sizeof(State); }

  void add(const types::Batch& piece, std::span<char* const> groups, std::size_t offset) override {
    if (piece.columns[column_]->physical() == types::Physical::kInt32) {
      add_as<std::int32_t>(piece, groups, offset);
    } else {
      add_as<std::int64_t>(piece, groups, offset);
    }
  }

  base::Status write(const char* at, types::ColumnBuilder& out) const override {
    const auto state = load<State>(at);
    if (state.count == 0) {
      out.append_null();
      return {};
    }
    const auto sum = static_cast<__int128>(static_cast<unsigned __int128>(state.high) << 64 | state.low);
    if (result_ == types::TypeId::kInt8) {
      if (sum > INT64_MAX || sum < INT64_MIN) {
        return base::row_error("NumericValueOutOfRange", "bigint out of range");
      }
      out.append(static_cast<std::int64_t>(sum));
      return {};
    }
    types::Numeric total;
    total.coefficient = sum;
    if (average_) {
      auto quotient = types::divide(total, types::Numeric::from_int(state.count), out.arena());
      if (!quotient) return quotient.error();
      total = *quotient;
    }
    out.append(total);
    return {};
  }

 private:
  struct State {
    std::uint64_t low, high;  // of the sum, two's complement
    std::int64_t count;       // of values that are not NULL
  };

  template <class T>
  void add_as(const types::Batch& piece, std::span<char* const> groups, std::size_t offset) {
    const types::Column& column = *piece.columns[column_];
    const T* values = column.values<T>().data();
    for (std::size_t row = 0; row < piece.rows; ++row) {
      if (column.is_null(row)) continue;
      char* at = groups[row] + offset;
      auto state = load<State>(at);
      const std::int64_t weight = piece.weight(row);
      const auto sum = static_cast<unsigned __int128>(state.high) << 64 | state.low;
      const auto next = sum + static_cast<unsigned __int128>(static_cast<__int128>(values[row]) * weight);
      state.low = static_cast<std::uint64_t>(next);
      state.high = static_cast<std::uint64_t>(next >> 64);
      state.count += weight;
      store(at, state);
    }
  }

  std::size_t column_;
  bool average_;
  types::TypeId result_;
};

}  // namespace

std::unique_ptr<Accumulator> count_accumulator(int column) {
  return std::make_unique<Count>(column);
}

std::unique_ptr<Accumulator> integer_sum(int column, bool average, types::Type result) {
  return std::make_unique<IntegerSum>(column, average, result.id);
}

}  // namespace offtake::engine
