// What an object names and what is not there yet: accepted, said, and waited for.
#pragma once
#include <string>
#include <vector>

#include "controlplane/store/resource_client.h"

namespace offtake::store {

// A name that a field of the spec gives to another object, found by the field tables.
struct Reference {
  std::string field;  // spec.source.eventStoreName
  const resources::Kind* kind = nullptr;
  std::string namespace_name;  // Secrets of cluster-scoped kinds are in offtake-system
  std::string name;
};

std::vector<Reference> references_of(const resources::Kind& kind, const json::Value& object);

// A sentence for each that the client does not have; for StoreOptions::warn. What the SQL names is not
// looked at.
std::vector<std::string> missing_references(ResourceClient& client, const resources::Kind& kind,
                                            const json::Value& object);

}  // namespace offtake::store
