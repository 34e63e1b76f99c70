// sum and avg of intervals, by their three fields.
#include <cmath>

#include "operators/engine/accumulator.h"
#include "schemas/types/calendar.h"

namespace offtake::engine {
namespace {

struct State {
  std::int64_t months, days;
  std::uint64_t micros_low, micros_high;  // two's complement
  std::int64_t count;
};

base::Error out_of_range() {
  return base::row_error("DatetimeFieldOverflow", "interval out of range");
}

// PostgreSQL's division: a fraction of a month goes to days (30 of them), a fraction of a day to the time.
types::Interval divide(const types::Interval& sum, double by) {
  const auto to_micros = [](double value) { return std::rint(value * 1e6) / 1e6; };
  types::Interval out;
  out.months = static_cast<std::int32_t>(sum.months / by);
  out.days = static_cast<std::int32_t>(sum.days / by);
  const double month_days = to_micros((sum.months / by - out.months) * 30);
  double seconds = to_micros((sum.days / by - out.days + month_days - static_cast<int>(month_days)) * 86400);
  if (std::abs(seconds) >= 86400) {
    out.days += static_cast<std::int32_t>(seconds / 86400);
    seconds -= static_cast<std::int32_t>(seconds / 86400) * 86400;
  }
  out.days += static_cast<std::int32_t>(month_days);
  out.micros = static_cast<std::int64_t>(std::rint(static_cast<double>(sum.micros) / by + seconds * 1e6));
  return out;
}

class IntervalSum final : public Accumulator {
 public:
  IntervalSum(int column, bool average) : column_(static_cast<std::size_t>(column)), average_(average) {}
  std::size_t state_bytes() const override { return sizeof(State); }

  void add(const types::Batch& piece, std::span<char* const> groups, std::size_t offset) override {
    const types::Column& column = *piece.columns[column_];
    const types::Interval* values = column.values<types::Interval>().data();
    for (std::size_t row = 0; row < piece.rows; ++row) {
      if (column.is_null(row)) continue;
      char* at = groups[row] + offset;
      auto state = load<State>(at);
      const std::int64_t weight = piece.weight(row);
      state.months += values[row].months * weight;
      state.days += values[row].days * weight;
      const auto micros = (static_cast<unsigned __int128>(state.micros_high) << 64 | state.micros_low) +
                          static_cast<unsigned __int128>(static_cast<__int128>(values[row].micros) * weight);
      state.micros_low = static_cast<std::uint64_t>(micros);
      state.micros_high = static_cast<std::uint64_t>(micros >> 64);
      state.count += weight;
      store(at, state);
    }
  }

  base::Status write(const char* at, types::ColumnBuilder& out) const override {
    const auto state = load<State>(at);
    if (state.count == 0) {
      out.append_null();
      return {};
    }
    const auto micros =
        static_cast<__int128>(static_cast<unsigned __int128>(state.micros_high) << 64 | state.micros_low);
    if (state.months != static_cast<std::int32_t>(state.months) ||
        state.days != static_cast<std::int32_t>(state.days) || micros != static_cast<std::int64_t>(micros)) {
      return out_of_range();
    }
    types::Interval sum{static_cast<std::int32_t>(state.months), static_cast<std::int32_t>(state.days),
                        static_cast<std::int64_t>(micros)};
    if (average_) sum = divide(sum, static_cast<double>(state.count));
    out.append(sum);
    return {};
  }

 private:
  std::size_t column_;
  bool average_;
};

}  // namespace

std::unique_ptr<Accumulator> interval_sum(int column, bool average) {
  return std::make_unique<IntervalSum>(column, average);
}

}  // namespace offtake::engine
