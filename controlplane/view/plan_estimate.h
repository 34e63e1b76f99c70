// How long a fill would take, by the fills that this installation has had. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controlplane/resources/data_product.h"

namespace offtake::view {

// Taken where nothing was measured: half of what one core reads of small records, joined.
inline constexpr double kAssumedRecordsPerSecond = 50'000;

struct FillEstimate {
  double records_per_second = kAssumedRecordsPerSecond;
  double seconds = 0;
  std::string basis;  // "the last fill of shop/totals, 3,000,000 records in 41 s"; "assumed: no fill was
                      // measured yet"
};

// By the product's own last fill where it is worth measuring (some thousand records, two seconds), else by
// all of them together.
FillEstimate estimate_fill(std::int64_t records, const resources::DataProduct& product,
                           const std::vector<resources::DataProduct>& all);

}  // namespace offtake::view
