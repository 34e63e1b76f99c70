// How old the rows are that readers see, watched over time. Pure.
#pragma once
#include "base/clock.h"

namespace offtake::reconcile {

struct Freshness {
  base::Micros complete_through = 0;  // everything up to here was in the target; 0: not known yet
  base::Micros above_since = 0;       // longer behind than the bound since then; 0: not so
  base::Micros below_since = 0;       // less than half of it

  // The watch goes on with what is known now (0: nothing new).
  void note(base::Micros complete, base::Micros bound, base::Micros now);
  // Behind for 30 s, or by so much that it must have been.
  bool is_behind(base::Micros bound, base::Micros now) const;
  // Below half of the bound for 30 s.
  bool is_fresh(base::Micros now) const;
};

}  // namespace offtake::reconcile
