// sum and avg of numeric. The sum has the greatest scale that it has met; what is shown has the greatest
// scale among the values that are there, as PostgreSQL's sum, so values are counted by scale. NaN and
// infinities are counted apart and decide the result while there are any.
#include <map>

#include "operators/engine/accumulator.h"

namespace offtake::engine {
namespace {

using types::Numeric;

struct State {
  std::unique_ptr<types::Arena> arena;  // big digits of `sum`
  Numeric sum;
  std::map<std::int32_t, std::int64_t> scales;  // values by scale
  std::int64_t count = 0;
  std::int64_t nans = 0, infinities = 0, minus_infinities = 0;
};
constexpr std::size_t kHeapBytes = sizeof(State) + 64;  // with a map node

class NumericSum final : public Accumulator {
 public:
  NumericSum(int column, bool average) : column_(static_cast<std::size_t>(column)), average_(average) {}
  std::size_t state_bytes() const override { return sizeof(State*); }

  void add(const types::Batch& piece, std::span<char* const> groups, std::size_t offset) override {
    const types::Column& column = *piece.columns[column_];
    const Numeric* values = column.values<Numeric>().data();
    for (std::size_t row = 0; row < piece.rows; ++row) {
      if (column.is_null(row)) continue;
      auto* state = load<State*>(groups[row] + offset);
      if (state == nullptr) {
        state = new State();
        heap_bytes_ += kHeapBytes;
        store(groups[row] + offset, state);
      }
      add_value(*state, values[row], piece.weight(row));
    }
  }

  base::Status write(const char* at, types::ColumnBuilder& out) const override {
    const auto* state = load<const State*>(at);
    if (state == nullptr || state->count == 0) {
      out.append_null();
      return {};
    }
    Numeric total;
    const bool both = state->infinities != 0 && state->minus_infinities != 0;
    if (state->nans != 0 || both) {
      total.kind = Numeric::Kind::kNaN;
    } else if (state->infinities != 0 || state->minus_infinities != 0) {
      total.kind = state->infinities != 0 ? Numeric::Kind::kInfinity : Numeric::Kind::kMinusInfinity;
    } else {
      auto shown = types::round(state->sum, state->scales.rbegin()->first, out.arena());
      if (!shown) return shown.error();
      total = *shown;
    }
    if (average_) {
      auto quotient = types::divide(total, Numeric::from_int(state->count), out.arena());
      if (!quotient) return quotient.error();
      total = *quotient;
    }
    out.append_numeric(total);
    return {};
  }

  bool on_heap() const override { return true; }
  void save(const char* at, StateWriter& out) const override {
    const auto* state = load<const State*>(at);
    out.put<std::uint8_t>(state == nullptr ? 0 : 1);
    if (state == nullptr) return;
    out.text(types::to_string(state->sum));  // digits and scale, exactly
    out.put(state->count);
    out.put(state->nans);
    out.put(state->infinities);
    out.put(state->minus_infinities);
    out.put<std::uint64_t>(state->scales.size());
    for (const auto& [scale, count] : state->scales) {
      out.put(scale);
      out.put(count);
    }
  }
  void restore(char* at, StateReader& in) override {
    if (in.get<std::uint8_t>() == 0 || !in.charge(kHeapBytes)) return;
    auto* state = new State();
    heap_bytes_ += kHeapBytes;
    store(at, state);
    auto arena = std::make_unique<types::Arena>();
    auto sum = types::parse_numeric(in.text(), *arena);
    if (!sum) return in.damaged("a sum is not a number");
    state->sum = *sum;
    if (sum->kind == Numeric::Kind::kBig) state->arena = std::move(arena);
    state->count = in.get<std::int64_t>();
    state->nans = in.get<std::int64_t>();
    state->infinities = in.get<std::int64_t>();
    state->minus_infinities = in.get<std::int64_t>();
    for (auto left = in.count(UINT64_MAX); left > 0 && in.ok(); --left) {
      const auto scale = in.get<std::int32_t>();
      state->scales.emplace(scale, in.get<std::int64_t>());
    }
  }

  void destroy(char* at) override {
    auto* state = load<State*>(at);
    if (state == nullptr) return;
    heap_bytes_ -= kHeapBytes;
    delete state;
    store<State*>(at, nullptr);
  }

 private:
  static void add_value(State& state, const Numeric& value, std::int64_t weight) {
    state.count += weight;
    switch (value.kind) {
      case Numeric::Kind::kNaN:
        state.nans += weight;
        return;
      case Numeric::Kind::kInfinity:
        state.infinities += weight;
        return;
      case Numeric::Kind::kMinusInfinity:
        state.minus_infinities += weight;
        return;
      default:
        break;
    }
    const auto scale = state.scales.try_emplace(value.scale, 0).first;
    scale->second += weight;
    if (scale->second == 0) state.scales.erase(scale);
    // A sum beyond PostgreSQL's limits needs 10^131072 rows' worth of digits: it cannot fail here.
    types::Arena scratch;
    Numeric product = value;
    if (weight != 1) product = *types::multiply(value, Numeric::from_int(weight), scratch);
    Numeric sum = *types::add(state.sum, product, scratch);
    if (sum.kind != Numeric::Kind::kBig) {
      state.arena.reset();
      state.sum = sum;
      return;
    }
    auto arena = std::make_unique<types::Arena>();
    state.sum = types::copy(sum, *arena);
    state.arena = std::move(arena);
  }

  std::size_t column_;
  bool average_;
};

}  // namespace

std::unique_ptr<Accumulator> numeric_sum(int column, bool average) {
  return std::make_unique<NumericSum>(column, average);
}

}  // namespace offtake::engine
