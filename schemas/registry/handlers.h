// Confluent's Schema Registry REST API over a Store.
#pragma once
#include <string>

#include "base/http/router.h"
#include "schemas/registry/store.h"

namespace offtake::registry {

// Adds the API's routes below `prefix` ("/registry", or "" for a server of its own). REQUIRES: the store
// outlives the router. Authentication is the router's guard's.
void add_routes(http::Router& router, Store& store, const std::string& prefix);

}  // namespace offtake::registry
