#include "controlplane/reconcile/data_product/freshness.h"

#include <algorithm>

namespace offtake::reconcile {
namespace {

constexpr base::Micros kPatience = 30'000'000;

void since(bool holds, base::Micros now, base::Micros& began) {
  if (!holds) {
    began = 0;
  } else if (began == 0) {
    began = now;
  }
}

}  // namespace

void Freshness::note(base::Micros complete, base::Micros bound, base::Micros now) {
  complete_through = std::max(complete_through, complete);
  if (complete_through == 0) return;
  const base::Micros behind = now - complete_through;
  since(behind > bound, now, above_since);
  since(behind < bound / 2, now, below_since);
}

bool Freshness::is_behind(base::Micros bound, base::Micros now) const {
  if (above_since == 0) return false;
  return now - above_since >= kPatience || now - complete_through >= bound + kPatience;
}

bool Freshness::is_fresh(base::Micros now) const {
  return below_since != 0 && now - below_since >= kPatience;
}

}  // namespace offtake::reconcile
