// The plan over whole relations, written as naively as possible: what the incremental engine must agree with.
#pragma once
#include "operators/plan/plan.h"
#include "schemas/types/batch.h"

namespace offtake::engine::testing {

struct Relation {
  types::Batch rows;  // weights empty
  std::size_t errors = 0;
};

// `inputs`: the relation of each source.
Relation evaluate(const plan::Plan& plan, const std::vector<types::Batch>& inputs);

// "1|a|NULL" per row.
std::string text_of(const types::Batch& rows, std::size_t row);
std::string text_of(const types::Batch& rows, std::size_t row, const std::vector<int>& columns);

}  // namespace offtake::engine::testing
