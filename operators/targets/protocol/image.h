// Rows into a target's value space, column by column: what an engine cannot hold is refused by row, what it
// rounds is rounded before it is compared (correctness: "Epochs, owner, fence").
#pragma once
#include <memory>
#include <vector>

#include "operators/targets/target.h"

namespace offtake::targets::protocol {

using Refusals = std::vector<engine::Image::Refusal>;

// Gives the column as the target will hold it; the same pointer where nothing changes. Refused rows are named
// in `refused`, ascending, and become NULL.
using ColumnStep = base::Result<types::ColumnPtr> (*)(const types::Field& field,
                                                      const types::ColumnPtr& column, Refusals& refused);

// numeric(p,s): rounded to the scale, refused beyond the precision.
base::Result<types::ColumnPtr> fit_numeric(const types::Field& field, const types::ColumnPtr& column,
                                           Refusals& refused);

struct KeyLimit {
  std::vector<int> columns;
  std::size_t bytes = 0;  // of all key columns together; 0: no limit
  std::string refusal;    // "{}" is replaced by the size
};

// The image gives as many rows as it is given, in the same order, with the same weights; refusals name rows
// of the input, ascending, each once. `steps` has one entry a column, null where the column passes as it is.
std::shared_ptr<const engine::Image> make_image(std::vector<types::Field> columns,
                                                std::vector<ColumnStep> steps, KeyLimit key_limit = {});

// `column` with the rows of `refused` as NULL.
types::ColumnPtr without_refused(const types::ColumnPtr& column, const Refusals& refused);

}  // namespace offtake::targets::protocol
