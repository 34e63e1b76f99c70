// What the API says about itself: groups, versions, resources; in both forms that clients ask for.
#pragma once
#include "base/json/value.h"

namespace offtake::api {

json::Value api_versions();                       // /api
json::Value api_group_list();                     // /apis
json::Value api_group(const std::string& group);  // /apis/{group}; null: no such group
json::Value api_resource_list(const std::string& group, const std::string& version);  // null: no such version
json::Value aggregated_discovery(bool core);  // /api or /apis as APIGroupDiscoveryList
inline constexpr const char* kAggregatedType =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

}  // namespace offtake::api
