// Errors as Kubernetes' Status objects; back again: operators/kubernetes/status.h. Pure.
#pragma once
#include "base/json/value.h"
#include "base/result.h"
#include "controlplane/resources/kind.h"

namespace offtake::store {

// Error codes are Status reasons; any other code is InternalError (500), or ServiceUnavailable (503) where
// trying again may help.
int http_code(const base::Error& error);

// With details.causes: of each its field, its message (which starts with line:col for places within SQL, and
// ends with the hint) and its code as reason.
json::Value to_status(const base::Error& error, const resources::Kind* kind = nullptr,
                      std::string_view name = "");

}  // namespace offtake::store
