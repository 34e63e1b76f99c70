// The error rows of a dataflow with their weights: what raised is taken back with the inputs that caused it.
// Values of classified columns never show in their texts. One thread.
#pragma once
#include <map>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "operators/engine/dataflow.h"
#include "operators/engine/state_stream.h"

namespace offtake::engine {

class ErrorLog {
 public:
  void hide(std::set<std::string> columns) { hidden_ = std::move(columns); }
  void add(ErrorRow error);  // adds its weight
  // An error of `operation` for one row of its input, with its place where `input` carries positions.
  void add(std::string_view operation, std::string message, std::span<const types::Field> fields,
           const types::Batch& input, std::size_t row);
  // "id=7, amount=1.50", cut at 300 bytes.
  std::string row_text(std::span<const types::Field> fields, std::span<const types::ColumnPtr> columns,
                       std::size_t row) const;
  // One value as it may be shown.
  std::string value_text(const types::Field& field, const types::Column& column, std::size_t row) const;
  // What an expression raised quotes values in "…"; they go where the row has classified ones.
  std::string message_text(std::string message, std::span<const types::Field> fields) const;
  std::vector<ErrorRow> list(std::size_t limit) const;
  std::size_t bytes() const { return bytes_; }
  void save(StateWriter& out) const;
  void restore(StateReader& in);  // into an empty one

 private:
  using Key = std::tuple<std::string, std::string, std::string, int, int, std::int64_t>;
  std::set<std::string> hidden_;  // names of columns
  std::map<Key, std::int64_t> weights_;
  std::size_t bytes_ = 0;
};

// Where rows of a stateless plan lie: three trailing columns (int4 partition, int8 offset, int4 ordinal) that
// every operator carries along.
constexpr std::size_t kPositionColumns = 3;

}  // namespace offtake::engine
