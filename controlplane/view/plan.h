// `plan`: what would happen for a product, before anything happens. Reads only.
#pragma once
#include <string>
#include <vector>

#include "controlplane/planning/draft.h"
#include "controlplane/view/plan_estimate.h"

namespace offtake::view {

enum class Action { kNone, kInPlace, kCreate, kRebuild };

struct PlanColumn {
  std::string name;
  std::string type;         // in SQL
  std::string target_type;  // in the target's words
};

struct PlanReport {
  Action action = Action::kNone;
  std::vector<std::string> reasons;  // "spec.sql changed", "spec.description changes in place"
  planning::Draft draft;
  std::vector<PlanColumn> columns;
  std::string class_name, engine, object;
  std::string identity;                  // "proved key (order_id)"
  std::string guarantee;                 // ExactlyOnce and why
  std::int64_t records = 0, bytes = 0;   // that would be read; bytes are an estimate
  std::vector<std::string> dependants;   // what others built on the public view
  std::vector<std::string> makes;        // by a creation or rebuild, in the target's words
  std::optional<FillEstimate> estimate;  // of the fill; absent where nothing is filled
};

// What differs, and what that means: words for each field. Pure. The draft (of `now`) tells whether a worker
// that is started again can read its state anew.
void compare(const resources::DataProduct& now, const resources::DataProduct& before, PlanReport& report);

// `product` is the object as it would be stored; `stored` the present one, if there is one; `overlay` what
// was sent along (sent_objects.h).
PlanReport plan_product(const resources::DataProduct& product,
                        const std::optional<resources::DataProduct>& stored, const planning::Overlay& overlay,
                        base::Micros now, store::ResourceClient& resources, platform::Platform& platform);

// "key (order_id), proved by the query": how rows of the result are told apart.
std::string identity_text(const plan::Plan& plan);
std::string_view to_string(Action action);
json::Value to_json(const PlanReport& report);
// {"code":…, "message":…, "field":…, "line":…, "column":…, "hint":…}; how the CLI gets its positions.
json::Value to_json(const base::Error& error);
base::Error error_from_json(const json::Value& value);

}  // namespace offtake::view
