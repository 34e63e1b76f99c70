// What a product's objects in the cluster are called. Pure. All derive from its prefix, which is the public
// name too: `retail_orders_0123456789`.
#pragma once
#include <string>
#include <string_view>

#include "operators/targets/target.h"

namespace offtake::targets::opensearch {

inline constexpr std::size_t kMaxPrefixBytes = 150;  // of the 255 that an index name may have

std::string control_index(std::string_view prefix);  // offtake-control-<prefix>, hidden
// <prefix>.r<N>.<incarnation>-<owner>: one index a fill.
std::string place_name(std::string_view prefix, const ControlRow& row);
bool is_place_of(std::string_view prefix, std::string_view index);
// Writers go through an alias of their own: it goes with its index, so that nobody makes the index again by
// writing late.
std::string write_alias(std::string_view index);

}  // namespace offtake::targets::opensearch
