// What a product's status says, from what is known of it. Pure.
#pragma once
#include "controlplane/reconcile/data_product/facts.h"

namespace offtake::reconcile {

// Sets conditions, revision, backfill and verification of facts.product.status. `filling_products`: how many
// fill at present, which spreads their writes.
resources::DataProductStatus report(const Facts& facts, int filling_products);

// Whether nothing is expected to move soon: the next look can wait.
bool is_settled(const Facts& facts);

}  // namespace offtake::reconcile
