// A schema and two roles per product on a PostgreSQL server that exists.
#pragma once
#include "operators/provision/provisioner.h"

namespace offtake::provision::external {

base::Result<std::unique_ptr<Provisioner>> make_external(const ProvisionerSettings& settings);

}  // namespace offtake::provision::external
