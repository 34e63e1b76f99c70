// A target in memory that takes Changes and checks what they promise: a key occurs once, only what is there
// is deleted, new rows are new and others not, old rows are those that were there, and the checksum follows
// the content.
#pragma once
#include <map>
#include <set>

#include "operators/engine/dataflow.h"

namespace offtake::engine::testing {

class TargetModel {
 public:
  // `old_rows`: DataflowOptions::old_rows of the dataflow.
  explicit TargetModel(const plan::Plan& plan, bool old_rows = false) : plan_(plan), old_rows_(old_rows) {}
  void apply(const Changes& changes);
  std::multiset<std::string> rows() const;
  const types::Checksum& checksum() const { return checksum_; }
  std::size_t written() const { return written_; }  // rows upserted so far

 private:
  bool keyed() const;
  std::string key_of(const types::Batch& rows, std::size_t row, bool key_columns_only) const;

  const plan::Plan& plan_;
  const bool old_rows_;
  std::map<std::string, std::string> content_;  // by key or hidden identity
  std::map<std::string, std::uint64_t> hashes_;
  types::Checksum checksum_;
  std::size_t written_ = 0;
};

}  // namespace offtake::engine::testing
