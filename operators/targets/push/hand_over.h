// When a revision may take over from the one before: what to do, from the two control rows. Pure.
#pragma once
#include "operators/targets/target.h"

namespace offtake::targets::push {

// Whether `next` has read what `current` has not: nobody would send that.
bool is_past(const ControlRow& next, const ControlRow& current);

// Whether `next` is where `current` may be asked to stand still; else `result` says what to wait for.
bool is_near_enough(const ControlRow& next, const ControlRow& current, SwapResult& result);

}  // namespace offtake::targets::push
