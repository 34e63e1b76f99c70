// Objects and lists as a client asked for them: whole, as a Table, or metadata only. Pure functions.
#pragma once
#include <string>

#include "base/clock.h"
#include "base/json/value.h"
#include "controlplane/api/negotiation.h"
#include "controlplane/resources/kind.h"
#include "controlplane/store/resource_client.h"

namespace offtake::api {

struct ShapeOptions {
  Shape shape = Shape::kObject;
  std::string include_object = "Metadata";  // in Tables: None | Metadata | Object
  base::Micros now = 0;                     // for ages
};

json::Value shaped_object(const resources::Kind& kind, const json::Value& object,
                          const ShapeOptions& options);
json::Value shaped_list(const resources::Kind& kind, const store::ObjectList& list,
                        const ShapeOptions& options);
// A bookmark of a watch.
json::Value shaped_bookmark(const resources::Kind& kind, const std::string& version, bool initial_end,
                            const ShapeOptions& options);

}  // namespace offtake::api
