// What the object alone shows. Pure; no look-ups. All errors of an object are found together; each names its
// field path (Location::field), the offending text and what to do.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "base/result.h"
#include "controlplane/resources/kind.h"

namespace offtake::resources {

// Grammar and support of spec.sql, given by controlplane/sql. Errors have Location{field: "spec.sql", line,
// column} with line and column within the SQL text.
using SqlCheck = std::function<std::vector<base::Error>(const DataProduct&)>;

// A checked object: typed by its field table, with its defaults in place.
struct Checked {
  const Kind* kind = nullptr;
  json::Value object;
  std::vector<base::Error> errors;  // empty: fine
  bool ok() const { return errors.empty(); }
};

// Types, bounds, patterns, enums, unions, names, unknown fields, what this version does not have; then
// defaults; then the rules of the kind (validate_self); then spec.sql. Does not look at resourceVersion and
// the like.
Checked check(const json::Value& object, const SqlCheck& sql = nullptr);
// Likewise against the object it replaces: immutable fields.
std::vector<base::Error> check_update(const Kind& kind, const json::Value& before, const json::Value& after);

// Puts the constant defaults of the field table in place.
void apply_defaults(const Kind& kind, json::Value& object);

// The rules of one object that its field table cannot say.
std::vector<base::Error> validate_self(const Secret& object);
std::vector<base::Error> validate_self(const Event& object);
std::vector<base::Error> validate_self(const EventStore& object);
std::vector<base::Error> validate_self(const Dataset& object);
std::vector<base::Error> validate_self(const TargetClass& object);
std::vector<base::Error> validate_self(const DataProduct& object, const SqlCheck& sql = nullptr);

// One error that stands for several: code Invalid, "DataProduct retail/x is invalid: …", causes = errors.
base::Error invalid(const Kind& kind, std::string_view namespace_name, std::string_view name,
                    std::vector<base::Error> errors);

// The known word nearest to `word`, if any is near enough to be meant.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace offtake::resources
