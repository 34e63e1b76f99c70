// The API described in OpenAPI v3, generated from the field tables: what kubectl's explain, apply, diff and
// edit read.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/json/value.h"

namespace offtake::api {

// Documents of others by their path: "apis/view.offtake.dev/v1alpha1".
using OpenApiDocuments = std::vector<std::pair<std::string, json::Value>>;

json::Value openapi_index(const OpenApiDocuments& others);  // /openapi/v3
// "api/v1", "apis/offtake.dev/v1alpha1", and those of others; null: none.
json::Value openapi_document(const std::string& path, const OpenApiDocuments& others);

}  // namespace offtake::api
