// How a dataset goes together with others: as its owner says, as others say, and as keys, names and types let
// one think. Pure.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "controlplane/catalog/index.h"

namespace offtake::catalog {

struct JoinedColumns {
  std::string from, to;            // of this dataset, of the other one
  std::string from_type, to_type;  // in SQL; empty: not known
};

struct Relationship {
  bool declared = false;
  // Out: this dataset refers to the other one; In: the other one refers to it.
  enum class Direction { kOut, kIn } direction = Direction::kOut;
  std::string name;                     // of declared ones
  std::string namespace_name, dataset;  // the other one
  std::shared_ptr<const Entry> other;   // null: it is not there
  std::vector<JoinedColumns> columns;
  std::string reason;
  std::string problem;  // of declared ones: why it cannot be joined so
};

// Declared ones first. At most 20 are proposed, the likeliest first: of the same namespace, by longer keys.
//
// Proposed is a join on the whole key of one side, where the other side has columns of the same names and of
// types that compare; or, where the key's one column has a name that says nothing (id, code), a column that
// names the dataset as well: customer_id for customers.id.
std::vector<Relationship> relationships_of(const Entry& dataset,
                                           const std::vector<std::shared_ptr<const Entry>>& all);

}  // namespace offtake::catalog
