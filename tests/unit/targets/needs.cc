#include "needs.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace offtake::targets_test {

std::vector<Fixture*> fixtures(const Need& need) {
  auto all = fixtures();
  std::erase_if(all, [&](const Fixture* fixture) { return !need.met(*fixture); });
  return all;
}

std::string left_out(const Need& need, std::string_view engine) {
  for (const Fixture* fixture : all_fixtures()) {
    if (fixture->engine().name == engine) return need.met(*fixture) ? "" : need.otherwise;
  }
  FAIL("no fixture of the engine " << engine);
  return "";
}

}  // namespace offtake::targets_test
