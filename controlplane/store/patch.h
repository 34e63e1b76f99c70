// JSON merge patch (RFC 7386) and JSON patch (RFC 6902). Pure.
#pragma once
#include "base/json/value.h"
#include "base/result.h"

namespace offtake::store {

json::Value merge_patch(json::Value target, const json::Value& patch);

// add, remove, replace, move, copy, test. Code BadRequest for a patch that is none; Invalid (HTTP 422) for a
// test that fails or a path that is not there.
base::Result<json::Value> json_patch(json::Value target, const json::Value& patch);

}  // namespace offtake::store
