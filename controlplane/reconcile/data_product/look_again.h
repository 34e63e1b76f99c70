// When a product is looked at again without being asked. Pure.
#pragma once
#include <chrono>

#include "controlplane/reconcile/data_product/facts.h"

namespace offtake::reconcile {

// Whether the target could not be asked, so that asking again may help.
bool target_is_away(const Facts& facts);

// Soon while something moves, more seldom once it is live. A target that does not answer keeps a thread for
// as long as a connection may take: it is asked ever more seldom, `failures` times in a row so far (from 1),
// up to 15 s; when its class can be reached again its products are woken at once. `random` spreads those who
// failed together.
std::chrono::milliseconds look_again_after(const Facts& facts, int failures, std::uint64_t random);

}  // namespace offtake::reconcile
