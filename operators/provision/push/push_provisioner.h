// Brings the journal of a product to life whose changes are sent to a receiver. ProvisionerSettings: `events`
// and `event_store` are the store that the product reads; without them it can only be checked.
#pragma once
#include "operators/provision/provisioner.h"

namespace offtake::provision::push {

base::Result<std::unique_ptr<Provisioner>> make_push(const ProvisionerSettings& settings);

}  // namespace offtake::provision::push
