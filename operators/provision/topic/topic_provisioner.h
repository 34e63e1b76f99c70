// A topic and a journal per product on an event store.
#pragma once
#include "operators/provision/provisioner.h"

namespace offtake::provision::topic {

base::Result<std::unique_ptr<Provisioner>> make_topic(const ProvisionerSettings& settings);

}  // namespace offtake::provision::topic
