// Products whose target is a topic: what others read of them, as a Dataset of the product's own name.
#pragma once
#include "controlplane/planning/draft.h"
#include "controlplane/planning/lookup.h"

namespace offtake::planning {

// The event store that a class writes to. None: it writes to none. EventStoreMissing (waiting).
base::Result<std::optional<resources::EventStore>> store_of_class(const resources::TargetClass& target_class,
                                                                  const Overlay* overlay,
                                                                  store::ResourceClient& resources);

// Whether the product's rows are records that other products can read.
bool makes_dataset(const resources::DataProduct& product, const Overlay* overlay,
                   store::ResourceClient& resources);

// The Dataset that a product owns: an Entity by the target's key. Owner, descriptions and classifications of
// columns are those of the columns that they stem from.
resources::Dataset derived_dataset(const resources::DataProduct& product, const worker::Job& job,
                                   store::ResourceClient& resources);

// "DataProduct retail/x": those whose SQL names the dataset, and those that an earlier revision has reading
// it.
base::Result<std::vector<std::string>> readers_of(const sql::DatasetName& dataset,
                                                  store::ResourceClient& resources);

// Whether the Dataset is this product's own: by its owner reference.
bool is_owned(const resources::Dataset& dataset, const resources::DataProduct& product);

// DatasetTaken (terminal) where a Dataset of that name is somebody else's; KeyChanged (terminal) where the
// product's own has another key. Nothing is touched.
base::Status check_dataset(const resources::DataProduct& product, const std::vector<std::string>& key,
                           store::ResourceClient& resources);

}  // namespace offtake::planning
