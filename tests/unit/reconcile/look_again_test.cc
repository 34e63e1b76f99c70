#include "controlplane/reconcile/data_product/look_again.h"

#include <doctest/doctest.h>

#include "controlplane/reconcile/data_product/conditions.h"

using namespace offtake;
using namespace std::chrono_literals;

TEST_CASE("a target that does not answer is asked ever more seldom") {
  constexpr std::uint64_t kMost = ~std::uint64_t{0};
  reconcile::Facts facts;
  CHECK_FALSE(reconcile::target_is_away(facts));
  CHECK(reconcile::look_again_after(facts, 0, kMost) == 500ms);
  facts.provision = base::transient("Unreachable", "no answer");
  CHECK(reconcile::target_is_away(facts));
  CHECK(reconcile::look_again_after(facts, 1, 0) == 500ms);
  CHECK(reconcile::look_again_after(facts, 1, kMost) == 1s);
  CHECK(reconcile::look_again_after(facts, 3, 0) == 2s);
  CHECK(reconcile::look_again_after(facts, 3, kMost) == 4s);
  CHECK(reconcile::look_again_after(facts, 1000, 0) == 7500ms);
  CHECK(reconcile::look_again_after(facts, 1000, kMost) == 15s);
  // What is waited for or wrong costs no time-out.
  facts.provision = base::waiting("ClassMissing", "there is no class");
  CHECK(reconcile::look_again_after(facts, 1000, kMost) == 500ms);
}
