#include "base/boot_time.h"

#include <ctime>

namespace offtake::base {

Micros since_boot() {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return Micros{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
}

}  // namespace offtake::base
