// Whether the public view could be replaced by one with other columns, and who stands in the way.
#pragma once
#include "operators/provision/provisioner.h"
#include "operators/targets/postgres/connection.h"

namespace offtake::provision::external {

base::Result<ViewChange> view_change(targets::postgres::Connection& connection, const std::string& schema,
                                     const std::string& view, const std::vector<ViewColumn>& columns);

}  // namespace offtake::provision::external
