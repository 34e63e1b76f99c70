// What a target that is pushed to is sent of a plan's changes by default: new keys only, or every change.
// Pure.
#pragma once
#include <string>

#include "operators/plan/plan.h"

namespace offtake::view {

enum class Changes { kCreated, kAll };
std::string_view to_string(Changes changes);

struct DefaultChanges {
  Changes changes = Changes::kAll;
  std::string reason;  // "each row stems from one record of retail/payments"
};

// Created where each row stems from exactly one record of the driving dataset (look-ups do not count), else
// All.
DefaultChanges default_changes(const plan::Plan& plan);

}  // namespace offtake::view
