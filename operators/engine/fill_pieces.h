// Bulk results in pieces of some thousand rows, however small the batches they come in.
#pragma once
#include "operators/engine/result_stage.h"

namespace offtake::engine {

class FillPieces {
 public:
  // Gives what has gathered once it is enough.
  template <class Give>
  base::Status add(types::Batch&& rows, Give give) {
    rows_ += rows.rows;
    if (rows.rows > 0) pieces_.push_back(std::move(rows));
    return rows_ >= kPieceRows ? flush(give) : base::Status();
  }
  template <class Give>
  base::Status flush(Give give) {
    if (rows_ == 0) return {};
    types::Batch all = types::Batch::concatenate(pieces_);
    pieces_.clear();
    rows_ = 0;
    return give(std::move(all));
  }

 private:
  std::vector<types::Batch> pieces_;
  std::size_t rows_ = 0;
};

}  // namespace offtake::engine
