#include "operators/engine/map_operators.h"

namespace offtake::engine {

types::Batch Project::map(types::Batch&& piece) {
  types::Batch out;
  out.rows = piece.rows;
  out.columns.reserve(expressions_.size() + kPositionColumns);
  std::map<std::uint32_t, std::string> failed;  // the first error of a row, as PostgreSQL would raise it
  std::vector<expressions::RowError> errors;
  for (const EvaluatorPtr& expression : expressions_) {
    errors.clear();
    out.columns.push_back(expression->evaluate(piece, errors));
    for (expressions::RowError& error : errors) failed.try_emplace(error.row, std::move(error.message));
  }
  for (std::size_t hidden = fields_.size(); hidden < piece.columns.size(); ++hidden) {
    out.columns.push_back(piece.columns[hidden]);
  }
  out.weights = piece.weights;
  if (failed.empty()) return out;
  std::vector<std::uint32_t> kept;
  kept.reserve(piece.rows);
  for (std::uint32_t row = 0; row < piece.rows; ++row) {
    const auto error = failed.find(row);
    if (error == failed.end()) {
      kept.push_back(row);
    } else {
      runtime_.errors.add("project", runtime_.errors.message_text(std::move(error->second), fields_), fields_,
                          piece, row);
    }
  }
  return out.take(kept);
}

}  // namespace offtake::engine
