#include "controlplane/reconcile/dataset/reconciler.h"

#include "controlplane/planning/dataset_facts.h"
#include "controlplane/planning/derived.h"
#include "controlplane/reconcile/present.h"
#include "controlplane/reconcile/report.h"

namespace offtake::reconcile {
namespace {

using namespace std::chrono_literals;
namespace condition = resources::condition;

// What goes away is said within 5 s.
constexpr auto kLookAgainUp = 3s;
constexpr auto kLookAgainDown = 2s;

// What the store's own reconciler found of late. Each of its datasets asking a server that is away would only
// wait for the same time-out; when the condition changes they all look again.
base::Status found_of(const resources::EventStore& store, std::string_view type) {
  const resources::Condition* condition = resources::find_condition(store.status.conditions, type);
  if (condition == nullptr || condition->status != resources::Truth::kFalse ||
      condition->observed_generation != store.metadata.generation) {
    return {};
  }
  return base::waiting(condition->reason,
                       fmt::format("EventStore {}: {}", store.metadata.name, condition->message));
}

sources::TopicSpec topic_spec(const resources::Dataset& object) {
  const resources::TopicConfig& config = *object.spec.source.topic_config;
  sources::TopicSpec spec;
  spec.topic = object.spec.source.topic;
  spec.partitions = static_cast<int>(config.partitions);
  spec.replicas = static_cast<int>(config.replicas);
  spec.cleanup = config.cleanup_policy == resources::TopicCleanup::kCompact ? sources::CleanupPolicy::kCompact
                                                                            : sources::CleanupPolicy::kDelete;
  spec.retention_ms = config.retention.duration ? config.retention.duration->micros / 1000 : -1;
  return spec;
}

}  // namespace

base::Status DatasetReconciler::ensure_topic(resources::Dataset& object, const resources::EventStore& store,
                                             std::string& note) {
  auto events = platform_.event_store(store);
  if (!events) return std::move(events).error();
  const std::string& name = object.spec.source.topic;
  auto topic = (*events)->describe(name);
  if (!topic && topic.error().code == "TopicMissing" && object.spec.source.topic_config) {
    if (auto made = (*events)->create_topic(topic_spec(object)); !made) {
      if (made.error().code != "TopicExists") return made;
    } else {
      object.status.topic_made = true;
    }
    topic = (*events)->describe(name);
  }
  if (!topic) return std::move(topic).error();
  object.status.partitions = topic->partitions;
  if (topic->kept_whole) note = " It is kept whole: this version does not compact the embedded log.";
  return planning::check_topic(object, **events);
}

base::Status DatasetReconciler::ensure_schema(resources::Dataset& object,
                                              const resources::EventStore& store) {
  auto registry = platform_.registry_of(store);
  if (!registry) return std::move(registry).error();
  const std::string subject = object.spec.subject();
  object.status.subject = subject;
  auto schema = planning::latest_schema(**registry, subject);
  const bool absent = !schema && schema.error().code == "SubjectMissing";
  const std::string& definition = object.spec.schema.definition;
  // A definition is registered when there is nothing yet, and when the spec was edited since.
  const bool edited = object.status.observed_generation.value_or(0) != object.metadata.generation;
  if (!definition.empty() && (absent || (schema && edited))) {
    schema = (*registry)->register_schema(subject, definition);
    if (schema && absent) object.status.subject_made = true;
  }
  if (!schema) return std::move(schema).error();
  object.status.schema_id = schema->id;
  object.status.schema_version = schema->version;
  std::string key_text;
  if (auto key = planning::latest_schema(**registry, planning::key_subject(object))) key_text = key->text;
  auto shape = planning::shape_of(object, schema->text, key_text);
  // Without the schema of its record keys a dataset is fine until somebody asks for them.
  if (!shape && shape.error().retry == base::Retry::kTerminal) return std::move(shape).error();
  return {};
}

base::Result<Again> DatasetReconciler::reconcile(const std::string& namespace_name, const std::string& name) {
  auto found = store::get<resources::Dataset>(client_, namespace_name, name);
  if (!found) {
    if (found.error().code == "NotFound") return Again{};
    return std::move(found).error();
  }
  if (found->metadata.deleting()) return remove(*found);
  if (auto held = store::add_finalizer(client_, kind(), found->metadata, resources::kInUseFinalizer); !held) {
    return std::move(held).error();
  }
  resources::Dataset object = *found;
  const auto generation = object.metadata.generation;
  const base::Micros now = clock_.now();
  std::string note;
  base::Status topic, schema;
  if (auto store = planning::store_of(nullptr, client_, object)) {
    topic = found_of(*store, condition::kReachable);
    if (topic) topic = ensure_topic(object, *store, note);
    schema = found_of(*store, condition::kRegistryReachable);
    if (schema) schema = ensure_schema(object, *store);
  } else {
    topic = schema = store.error();
  }
  auto& conditions = object.status.conditions;
  set_condition(conditions,
                from_result(condition::kTopicReady, topic, "TopicReady",
                            fmt::format("Topic {} has {} partitions.{}", object.spec.source.topic,
                                        object.status.partitions.value_or(0), note),
                            generation),
                now);
  set_condition(conditions,
                from_result(condition::kSchemaRegistered, schema, "SchemaRegistered",
                            fmt::format("Subject {} has version {}.", object.spec.subject(),
                                        object.status.schema_version.value_or(0)),
                            generation),
                now);
  set_condition(conditions,
                ready_from(conditions, {condition::kTopicReady, condition::kSchemaRegistered}, "Ready",
                           "Topic and schema are there.", generation),
                now);
  report_key_spans(key_spans_->spans(namespace_name + "/" + name), generation, now, conditions);
  if (auto written = write_status(client_, *found, object, now); !written) return std::move(written).error();
  return Again{topic.ok() && schema.ok() ? std::chrono::milliseconds(kLookAgainUp)
                                         : std::chrono::milliseconds(kLookAgainDown)};
}

base::Result<Again> DatasetReconciler::remove(const resources::Dataset& object) {
  // Others may hold it still: what was to be done is done.
  if (!object.metadata.has_finalizer(resources::kInUseFinalizer)) return Again{};
  auto users = planning::readers_of({object.metadata.namespace_name, object.metadata.name}, client_);
  if (!users) return std::move(users).error();
  auto free = may_go(client_, object, *users, clock_.now());
  if (!free) return std::move(free).error();
  if (!*free) return Again{2s};
  auto leaving = is_leaving(object);
  if (!leaving) return std::move(leaving).error();
  if (!*leaving) return Again{};
  if (auto cleaned = clean_up(object); !cleaned) return std::move(cleaned).error();
  if (auto freed = store::remove_finalizer(client_, kind(), object.metadata, resources::kInUseFinalizer);
      !freed) {
    return std::move(freed).error();
  }
  return Again{};
}

// This very object, not one that was made anew since.
base::Result<bool> DatasetReconciler::is_leaving(const resources::Dataset& object) {
  auto now = present_metadata(client_, kind(), object.metadata, leads_);
  if (!now && now.error().code == "NotFound") return false;
  if (!now) return std::move(now).error();
  return now->string_or("uid") == object.metadata.uid && (*now)["deletionTimestamp"].is_string();
}

// Only what Offtake made itself is removed, and only when the owner says so.
base::Status DatasetReconciler::clean_up(const resources::Dataset& object) {
  if (object.spec.deletion_policy != resources::DeletionPolicy::kDelete) return {};
  auto store = planning::store_of(nullptr, client_, object);
  if (!store)
    return store.error().retry == base::Retry::kWaiting ? base::Status() : base::Status(store.error());
  if (object.status.topic_made.value_or(false)) {
    auto events = platform_.event_store(*store);
    if (!events) return std::move(events).error();
    if (auto gone = (*events)->delete_topic(object.spec.source.topic); !gone) return gone;
  }
  if (object.status.subject_made.value_or(false)) {
    auto registry = platform_.registry_of(*store);
    if (!registry) return std::move(registry).error();
    if (auto gone = (*registry)->delete_subject(object.spec.subject()); !gone) return gone;
  }
  return {};
}

}  // namespace offtake::reconcile
