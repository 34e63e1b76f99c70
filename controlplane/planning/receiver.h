// Products whose changes are sent to a receiver: where their state is kept, and how the receiver is reached.
#pragma once
#include "controlplane/planning/draft.h"

namespace offtake::planning {

// Whether products of the class are sent to a receiver.
bool is_pushed(const resources::TargetClass& target_class);

// The event store that keeps the product's journal: the one it was given (`known`, from a job of it; may be
// empty), else that of the first event dataset that the SQL names. Waiting: DatasetMissing,
// EventStoreMissing.
base::Result<resources::EventStore> state_store(const resources::DataProduct& product,
                                                const std::string& known, const Overlay* overlay,
                                                store::ResourceClient& resources);

// The class's provisioner, for this product.
base::Result<std::shared_ptr<provision::Provisioner>> provisioner_of(
    const resources::DataProduct& product, const resources::TargetClass& target_class,
    const std::string& known_store, const Overlay* overlay, store::ResourceClient& resources,
    platform::Platform& platform);

// The Deployment and Service of a function in a cluster, in the product's namespace.
std::string function_name(const resources::DataProduct& product);
std::string function_url(const resources::DataProduct& product);

// How often and how many at a time, as the spec says it now.
targets::PushSpec push_spec(const resources::DataProduct& product, plan::SentChanges changes);

struct ReceiverDraft {
  targets::Receiver receiver;
  std::map<std::string, std::string> secret_files;  // "receiver/token" -> content
};
// Located errors. Terminal: TargetMismatch, ReceiverNotAllowed, DatasetNotSuitable; waiting:
// SecretMissing, DatasetMissing, SubjectMissing. `state`: where answers must be written to.
base::Result<ReceiverDraft> receiver_of(const resources::DataProduct& product,
                                        const resources::TargetClass& target_class,
                                        const resources::EventStore& state, const Overlay* overlay,
                                        store::ResourceClient& resources, platform::Platform& platform);

}  // namespace offtake::planning
