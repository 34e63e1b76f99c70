// How a receiver is sent a product's changes: of engines that are pushed to (TargetTraits::pushed).
#pragma once
#include "base/clock.h"
#include "operators/plan/sent_changes.h"

namespace offtake::targets {

struct PushSpec {
  plan::SentChanges changes = plan::SentChanges::kAll;
  int max_in_flight = 64;                    // messages without an answer; one of each key
  int max_attempts = 12;                     // tries in all, then the key is parked
  base::Micros max_delay = 300'000'000;      // between two tries of a key
  base::Micros answer_timeout = 30'000'000;  // from the first byte sent to the last one received
};

}  // namespace offtake::targets
