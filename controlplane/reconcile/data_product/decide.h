// What to do for a product, from what is known of it. Pure.
#pragma once
#include "controlplane/reconcile/data_product/facts.h"

namespace offtake::reconcile {

struct Decision {
  // A new revision of the present spec is to be started, with this number.
  std::optional<int> start;
  std::string start_reason;  // "first", "spec changed", "fenced", "StateLost"
  // With start: the revision whose plan, schemas and resolved history the new one takes over as they are;
  // none: the present spec is drafted.
  std::optional<int> refill_of;
  // With start: dropped once the new revision is to begin; it was never published.
  std::optional<int> supersedes;
  // Can never be fed again, and would keep its successor from taking its place: its control row is fenced,
  // its table and the view stay. With start: once the new revision is to begin.
  std::optional<int> fence;
  std::vector<int> run;      // a worker must be running (unless it ended for good)
  std::vector<int> stop;     // no worker may run; what it filled stays
  std::vector<int> discard;  // stopped, fenced, dropped: nobody wants it any more
};

Decision decide(const Facts& facts);

}  // namespace offtake::reconcile
