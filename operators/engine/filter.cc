#include "operators/engine/map_operators.h"

namespace offtake::engine {

types::Batch Filter::map(types::Batch&& piece) {
  std::vector<std::uint32_t> rows;
  std::vector<expressions::RowError> errors;
  predicate_->select(piece, rows, errors);
  for (expressions::RowError& error : errors) {
    runtime_.errors.add("filter", runtime_.errors.message_text(std::move(error.message), fields_), fields_,
                        piece, error.row);
  }
  if (rows.size() == piece.rows) return std::move(piece);
  return piece.take(rows);
}

}  // namespace offtake::engine
