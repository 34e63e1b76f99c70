#include "operators/engine/accumulator.h"

namespace offtake::engine {

base::Result<std::unique_ptr<Accumulator>> make_accumulator(const plan::AggregateCall& call,
                                                            const types::Type& argument) {
  using plan::Aggregate;
  const int column = call.argument;
  switch (call.function) {
    case Aggregate::kCountAll:
      return count_accumulator(-1);
    case Aggregate::kCount:
      return count_accumulator(column);
    case Aggregate::kMin:
    case Aggregate::kMax:
      return extreme(column, call.function == Aggregate::kMax, argument);
    case Aggregate::kSum:
    case Aggregate::kAvg: {
      const bool average = call.function == Aggregate::kAvg;
      if (types::is_integer(argument.id)) return integer_sum(column, average, call.type);
      if (argument.id == types::TypeId::kNumeric) return numeric_sum(column, average);
      if (types::is_numeric(argument.id)) return float_sum(column, average, call.type);
      if (argument.id == types::TypeId::kInterval) return interval_sum(column, average);
      break;
    }
  }
  return base::terminal("UnsupportedAggregate",
                        fmt::format("{}({}) is not supported by this engine", plan::to_string(call.function),
                                    types::to_string(argument)))
      .with_hint("the job was made by another version of Offtake");
}

}  // namespace offtake::engine
