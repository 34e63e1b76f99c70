// Objects sent along with a request ("objects"), as far as they may count: nothing that is only sent opens,
// unmasks or calls what the stored objects would not. The rules in words for users: docs/view-api.md.
#pragma once
#include "controlplane/planning/draft.h"

namespace offtake::view {

enum class SentUse {
  // By whoever looks (analyse, edit, preview). Stored objects count as they are stored; event stores,
  // namespaces and secrets have to be stored. A new Dataset over the topic of stored ones: AccessDenied where
  // the product may not read one of them; where they classify anything it is read as the stored one is, by
  // whatever schema it brings.
  kShown,
  // By whoever is about to store all of it, which the installation's token may: objects count as they are
  // sent, event stores as well. Only what a stored Namespace, Dataset or TargetClass does not open stays
  // shut.
  kPlanned,
};

struct Sent {
  planning::Overlay overlay;          // with what is refused
  std::vector<std::string> warnings;  // what counts otherwise than it was sent
};

// `product`: whose rights count, by its namespace. Fails where the stored objects cannot be read.
base::Result<Sent> admit(const planning::Overlay& sent, const resources::DataProduct& product, SentUse use,
                         store::ResourceClient& resources);

}  // namespace offtake::view
