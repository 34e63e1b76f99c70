// sum and avg of floats, exact until they are shown.
#include <cmath>

#include "operators/engine/accumulator.h"
#include "operators/engine/exact_float_sum.h"

namespace offtake::engine {
namespace {

struct State {
  ExactFloatSum sum;
  std::int64_t count = 0;
};

class FloatSum final : public Accumulator {
 public:
  FloatSum(int column, bool average, types::TypeId result)
      : column_(static_cast<std::size_t>(column)), average_(average), result_(result) {}
  std::size_t state_bytes() const override { return sizeof(State*); }

  void add(const types::Batch& piece, std::span<char* const> groups, std::size_t offset) override {
    const types::Column& column = *piece.columns[column_];
    const bool wide = column.physical() == types::Physical::kFloat64;
    for (std::size_t row = 0; row < piece.rows; ++row) {
      if (column.is_null(row)) continue;
      auto* state = load<State*>(groups[row] + offset);
      if (state == nullptr) {
        state = new State();
        heap_bytes_ += sizeof(State);
        store(groups[row] + offset, state);
      }
      heap_bytes_ -= state->sum.bytes();
      state->sum.add(wide ? column.values<double>()[row] : static_cast<double>(column.values<float>()[row]),
                     piece.weight(row));
      state->count += piece.weight(row);
      heap_bytes_ += state->sum.bytes();
    }
  }

  base::Status write(const char* at, types::ColumnBuilder& out) const override {
    const auto* state = load<const State*>(at);
    if (state == nullptr || state->count == 0) {
      out.append_null();
      return {};
    }
    double value = state->sum.value();
    if (average_) value /= static_cast<double>(state->count);
    const auto narrow = static_cast<float>(value);
    const bool real = result_ == types::TypeId::kFloat4;
    if (std::isinf(real ? static_cast<double>(narrow) : value) && !state->sum.has_infinity()) {
      return base::row_error("NumericValueOutOfRange", "value out of range: overflow");
    }
    if (real) {
      out.append(narrow);
    } else {
      out.append(value);
    }
    return {};
  }

  bool on_heap() const override { return true; }
  void save(const char* at, StateWriter& out) const override {
    const auto* state = load<const State*>(at);
    out.put<std::uint8_t>(state == nullptr ? 0 : 1);
    if (state == nullptr) return;
    state->sum.save(out);
    out.put(state->count);
  }
  void restore(char* at, StateReader& in) override {
    if (in.get<std::uint8_t>() == 0 || !in.charge(sizeof(State))) return;
    auto* state = new State();
    store(at, state);
    state->sum.restore(in);
    state->count = in.get<std::int64_t>();
    heap_bytes_ += sizeof(State) - sizeof(ExactFloatSum) + state->sum.bytes();
  }

  void destroy(char* at) override {
    auto* state = load<State*>(at);
    if (state == nullptr) return;
    heap_bytes_ -= sizeof(State) - sizeof(ExactFloatSum) + state->sum.bytes();
    delete state;
    store<State*>(at, nullptr);
  }

 private:
  std::size_t column_;
  bool average_;
  types::TypeId result_;
};

}  // namespace

std::unique_ptr<Accumulator> float_sum(int column, bool average, types::Type result) {
  return std::make_unique<FloatSum>(column, average, result.id);
}

}  // namespace offtake::engine
