// What a stream says, as server-sent events. Pure.
#pragma once
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json/value.h"

namespace offtake::console {

// One event; `id` may be empty, `data` has no line break.
std::string frame(std::string_view event, std::string_view id, std::string_view data);

std::string ready_data(bool resumed, std::string_view build);
std::string reset_data(std::string_view build);
std::string heartbeat_data(base::Micros now);
std::string end_data(std::string_view reason);
// An object without what only appliers look at. Under a product's own topic it has its progress, and of
// managedFields who manages what (manager, operation, subresource, and the first level of fieldsV1).
std::string changed_data(std::string_view topic, std::string_view id, json::Value object,
                         const json::Value& progress = {});
std::string removed_data(std::string_view topic, std::string_view id);

}  // namespace offtake::console
