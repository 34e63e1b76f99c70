// The API described in OpenAPI v3, generated from the field tables: what kubectl's explain, apply, diff and
// edit read.
#pragma once
#include <string>

#include "base/json/value.h"

namespace offtake::api {

json::Value openapi_index();                            // /openapi/v3
json::Value openapi_document(const std::string& path);  // "api/v1", "apis/offtake.dev/v1alpha1"; null: none

}  // namespace offtake::api
