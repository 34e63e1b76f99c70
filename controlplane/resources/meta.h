// What every resource has: metadata and conditions. Plain data.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/resources/values.h"

namespace offtake::resources {

inline constexpr std::string_view kGroup = "offtake.dev";
inline constexpr std::string_view kVersion = "v1alpha1";
inline constexpr std::string_view kApiVersion = "offtake.dev/v1alpha1";
inline constexpr std::string_view kSystemNamespace = "offtake-system";  // Secrets of cluster-scoped kinds

inline constexpr std::string_view kInUseFinalizer = "offtake.dev/in-use";  // Dataset, EventStore, TargetClass
inline constexpr std::string_view kProductFinalizer = "offtake.dev/data-product";  // DataProduct
inline constexpr std::string_view kAdoptAnnotation = "offtake.dev/adopt";
inline constexpr std::string_view kDefaultClassAnnotation = "offtake.dev/is-default-class";

struct OwnerReference {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
  std::optional<bool> controller;
  std::optional<bool> block_owner_deletion;
};

struct ObjectMeta {
  std::string name;
  std::string generate_name;
  std::string namespace_name;  // empty for cluster-scoped kinds
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;  // counts edits of the spec
  std::optional<Instant> creation_time;
  std::optional<Instant> deletion_time;  // set: being deleted, held by finalizers
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::vector<std::string> finalizers;
  std::vector<OwnerReference> owner_references;

  bool deleting() const { return deletion_time.has_value(); }
  bool has_finalizer(std::string_view finalizer) const;
  std::string label(std::string_view name) const;       // empty when absent
  std::string annotation(std::string_view name) const;  // empty when absent
  std::string key() const;                              // "namespace/name", or "name" when cluster-scoped
};

enum class Truth { kTrue, kFalse, kUnknown };
template <>
struct EnumText<Truth> {
  static constexpr std::array<std::pair<Truth, std::string_view>, 3> values{
      {{Truth::kTrue, "True"}, {Truth::kFalse, "False"}, {Truth::kUnknown, "Unknown"}}};
};

struct Condition {
  std::string type;  // Ready, Planned, …
  Truth status = Truth::kUnknown;
  std::string reason;   // stable CamelCase
  std::string message;  // a sentence, at most 1,024 characters
  std::int64_t observed_generation = 0;
  std::optional<Instant> last_transition_time;  // moves with `status` only
};

using Conditions = std::vector<Condition>;  // a list-map by type

const Condition* find_condition(const Conditions& conditions, std::string_view type);
bool is_true(const Conditions& conditions, std::string_view type);
// Adds or replaces by type; last_transition_time is `now` when the status changed and kept otherwise; the
// message is cut at 1,024 characters. Returns whether status or reason changed (the moment to write).
bool set_condition(Conditions& conditions, Condition condition, base::Micros now);
bool remove_condition(Conditions& conditions, std::string_view type);

// Names of conditions, in the order in which they are shown.
namespace condition {
inline constexpr std::string_view kReady = "Ready";
inline constexpr std::string_view kServing = "Serving";
inline constexpr std::string_view kSchemasResolved = "SchemasResolved";
inline constexpr std::string_view kPlanned = "Planned";
inline constexpr std::string_view kProvisioned = "Provisioned";
inline constexpr std::string_view kBackfilled = "Backfilled";
inline constexpr std::string_view kFresh = "Fresh";
inline constexpr std::string_view kDegraded = "Degraded";
inline constexpr std::string_view kReconciling = "Reconciling";
inline constexpr std::string_view kStalled = "Stalled";
inline constexpr std::string_view kTopicReady = "TopicReady";
inline constexpr std::string_view kSchemaRegistered = "SchemaRegistered";
inline constexpr std::string_view kKeySpansPartitions = "KeySpansPartitions";
inline constexpr std::string_view kReachable = "Reachable";
inline constexpr std::string_view kRegistryReachable = "RegistryReachable";
}  // namespace condition

// A Secret, or one key of it.
struct SecretRef {
  std::string name;
};
struct SecretKeyRef {
  std::string name;
  std::string key;
};

struct LabelRequirement {
  std::string key;
  std::string op;  // In, NotIn, Exists, DoesNotExist
  std::vector<std::string> values;
};
struct LabelSelector {
  std::map<std::string, std::string> match_labels;
  std::vector<LabelRequirement> match_expressions;
  bool matches(const std::map<std::string, std::string>& labels) const;
};

}  // namespace offtake::resources
