// What `get` shows of an object: one cell a printer column.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json/value.h"
#include "controlplane/resources/kind.h"

namespace offtake::resources {

// Follows .a.b, .a[Type] (the item of a list-map of conditions with that type) and .a# (how many members);
// null when absent.
json::Value value_at(const json::Value& object, std::string_view path);

// "5m", "3h", "12d": how long ago, in one or two units as kubectl writes ages.
std::string age_text(base::Micros since, base::Micros now);

// The cells of an object after its name; dates as ages.
std::vector<json::Value> cells(const Kind& kind, const json::Value& object, base::Micros now);

}  // namespace offtake::resources
