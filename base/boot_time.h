// Time since the machine was started, time that it slept included: what the wall clock is compared with. A
// steady_clock stands still while the machine is suspended.
#pragma once
#include "base/clock.h"

namespace offtake::base {

Micros since_boot();  // thread-safe; never goes back

}  // namespace offtake::base
