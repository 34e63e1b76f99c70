// What a preview has read, in sentences. Pure.
#pragma once
#include <string>
#include <vector>

#include "operators/preview/preview.h"

namespace offtake::view {

// "orders: joined 38 of 50; scanned back to 2026-08-01T00:00:00Z, then its 2 s were over".
std::vector<std::string> summary_of(const preview::Preview& found, const std::vector<std::string>& datasets);

}  // namespace offtake::view
