// A server of its own for each product, as objects of a cluster that the class's templates say; on it, what
// products get on any server that exists. Thread-safe where the provisioner behind it is.
//
// Codes beside those of the server and of the API: ProvisionerPending (waiting: the sentence names the object
// and what it says), ProvisionerFailed (terminal, the same), KindMissing (waiting), ClusterScoped,
// TargetNameTaken (an object is there that is not the product's).
#pragma once
#include "operators/provision/provisioner.h"

namespace offtake::provision::kubernetes {

// Makes the provisioner of a server that exists, by its url and administrator.
using MakeServer = base::Result<std::unique_ptr<Provisioner>> (*)(const ProvisionerSettings&);

// REQUIRES: settings.objects, with an api.
base::Result<std::unique_ptr<Provisioner>> make_kubernetes(const ProvisionerSettings& settings,
                                                           MakeServer make_server);

}  // namespace offtake::provision::kubernetes
