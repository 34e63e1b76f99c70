// What PostgreSQL's columns refuse or round, type by type.
#pragma once
#include "operators/targets/protocol/image.h"

namespace offtake::targets::postgres {

// Null where every value passes as it is.
protocol::ColumnStep step_for(const types::Type& type);

}  // namespace offtake::targets::postgres
