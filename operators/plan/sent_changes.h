// Which of a plan's changes a target that is pushed to is sent (correctness: "What is pushed"). Pure.
#pragma once
#include <string>

#include "operators/plan/plan.h"

namespace offtake::plan {

enum class SentChanges {
  kCreated,  // once for each key, when it first appears; no updates, no deletes
  kAll,      // every net change of a key, with its old row
};
std::string_view to_string(SentChanges changes);  // Created, All

struct DefaultChanges {
  SentChanges changes = SentChanges::kAll;
  std::string reason;  // "each row stems from one record of retail/payments"
};

// Created where each row stems from exactly one record of the driving dataset (look-ups do not count), else
// All.
DefaultChanges default_changes(const Plan& plan);

}  // namespace offtake::plan
