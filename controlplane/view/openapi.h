// The view API described in OpenAPI v3, beside the resource API's documents: api::ApiOptions::documents takes
// it. Each part of the view says what is its own.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"

namespace offtake::view {

inline const std::string kGroupVersion = "view.offtake.dev/v1alpha1";
inline const std::string kPaths = "/apis/" + kGroupVersion;

// Shapes of bodies. A member whose name ends in ? may be absent.
namespace shape {

struct Member {
  std::string_view name;
  json::Value schema;
};
json::Value text(std::string_view doc);
json::Value text_or_null(std::string_view doc);
json::Value instant(std::string_view doc);
json::Value integer(std::string_view doc);
json::Value number(std::string_view doc);
json::Value truth(std::string_view doc);
json::Value one_of(std::vector<std::string_view> values, std::string_view doc);
json::Value list(json::Value items, std::string_view doc);
json::Value object(std::vector<Member> members, std::string_view doc);
json::Value ref(std::string_view schema);  // by its name in the document
json::Value any(std::string_view doc);     // an object of whatever members

}  // namespace shape

struct Parameter {
  std::string_view name;
  std::string_view type;  // string, integer, boolean
  std::string_view doc;
  bool repeated = false;
};

// One method of one path. Names in {} are parameters of the path.
struct Operation {
  std::string path;  // below kPaths
  std::string_view method;
  std::string_view id;
  std::string_view doc;
  std::vector<Parameter> query = {};
  json::Value body = nullptr;    // none
  json::Value answer = nullptr;  // null: text
};

struct OpenApiPart {
  std::vector<Operation> operations;
  std::vector<shape::Member> schemas;
};

OpenApiPart product_part();  // plan, preview, progress, logs, parked
OpenApiPart catalog_part();
OpenApiPart builder_part();

json::Value openapi_document();

}  // namespace offtake::view
