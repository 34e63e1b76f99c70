// When a revision may take over from the one before: what to do, from the two control rows. Pure.
#pragma once
#include <span>

#include "operators/targets/journal/journal.h"
#include "operators/targets/target.h"

namespace offtake::targets::push {

// Whether `next` is where `current` may be asked to stand still; else `result` says what to wait for.
bool is_near_enough(const ControlRow& next, const ControlRow& current, SwapResult& result);

// How a successor asks for a moment between two epochs: an entry of the journal, which counts for some
// seconds.
inline constexpr std::string_view kWishPrefix = "handover/";
journal::Change wish_of(int revision, base::Micros now);
// A later revision than `revision` that asks.
std::optional<int> who_waits(std::span<const journal::Change> wishes, int revision, base::Micros now);

}  // namespace offtake::targets::push
