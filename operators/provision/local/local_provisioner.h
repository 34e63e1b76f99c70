// A SQLite file per product below a directory of the installation.
#pragma once
#include "operators/provision/provisioner.h"

namespace offtake::provision::local {

base::Result<std::unique_ptr<Provisioner>> make_local(const ProvisionerSettings& settings);

}  // namespace offtake::provision::local
