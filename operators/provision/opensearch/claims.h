// Whose a product's objects in a cluster are: a document in its control index.
#pragma once
#include "operators/provision/provisioner.h"
#include "operators/targets/opensearch/control_index.h"

namespace offtake::provision::opensearch {

enum class Holder { kNobody, kOurs, kOther };

struct Claim {
  Holder holder = Holder::kNobody;
  std::string words;          // "the product retail/x", for messages
  std::string retained_from;  // the product that is no more; empty: not retained
};

base::Result<Claim> read_claim(targets::opensearch::ControlIndex& control, const ProductTarget& target);
// Where there is none yet; of two at once one succeeds, and the next read says which.
base::Status make_claim(targets::opensearch::ControlIndex& control, const ProductTarget& target);
// Left by a product that is no more, and nobody's.
base::Status mark_retained(targets::opensearch::ControlIndex& control, const ProductTarget& target);

}  // namespace offtake::provision::opensearch
