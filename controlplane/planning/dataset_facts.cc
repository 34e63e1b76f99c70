#include "controlplane/planning/dataset_facts.h"

#include <algorithm>

#include "controlplane/access/access.h"
#include "schemas/avro/columns.h"
#include "schemas/avro/schema.h"

namespace offtake::planning {

namespace {

types::TypeId key_type(resources::RecordKeyFormat format) {
  switch (format) {
    case resources::RecordKeyFormat::kInt32:
      return types::TypeId::kInt4;
    case resources::RecordKeyFormat::kInt64:
      return types::TypeId::kInt8;
    case resources::RecordKeyFormat::kUuid:
      return types::TypeId::kUuid;
    default:
      return types::TypeId::kText;
  }
}

// The columns of a record key: the fields of an Avro record, or the one value under the declared name.
base::Result<std::vector<types::Field>> key_fields(const resources::DatasetKey& key,
                                                   const std::string& key_schema) {
  const bool avro_key = !key.format || *key.format == resources::RecordKeyFormat::kAvro;
  if (!avro_key) {
    return std::vector<types::Field>{{key.columns.front(), types::Type(key_type(*key.format)), false}};
  }
  if (key_schema.empty()) {
    return base::waiting("SubjectMissing", "the registry has no subject for the schema of the record keys")
        .with_hint("it is waited for; or say spec.key.format");
  }
  auto parsed = avro::parse(key_schema);
  if (!parsed) return std::move(parsed).error();
  if (parsed->root().kind == avro::Kind::kRecord) return avro::columns_of(*parsed).fields;
  auto field = avro::column_of(parsed->root(), key.columns.front());
  if (!field) return std::move(field).error();
  return std::vector<types::Field>{*std::move(field)};
}

}  // namespace

base::Result<sql::DatasetSchema> DatasetLookup::schema(const sql::DatasetName& name) {
  const auto known = found_.find(name);
  if (known != found_.end()) return known->second.shape;
  auto facts = look_up_facts(name);
  if (!facts) return std::move(facts).error();
  const auto [entry, added] = found_.emplace(name, *std::move(facts));
  return entry->second.shape;
}

std::vector<sql::DatasetName> DatasetLookup::names() {
  std::vector<sql::DatasetName> out;
  if (auto datasets = store::list<resources::Dataset>(resources_)) {
    for (const auto& dataset : *datasets)
      out.push_back({dataset.metadata.namespace_name, dataset.metadata.name});
  }
  if (overlay_ != nullptr) {
    for (const json::Value& object : overlay_->objects) {
      if (object.string_or("kind") != resources::kind_of<resources::Dataset>().kind) continue;
      out.push_back({object["metadata"].string_or("namespace"), object["metadata"].string_or("name")});
    }
  }
  return out;
}

base::Result<DatasetFacts> DatasetLookup::look_up_facts(const sql::DatasetName& name) {
  DatasetFacts facts;
  auto dataset =
      look_up<resources::Dataset>(overlay_, resources_, name.dataset_namespace, name.name, "DatasetMissing");
  if (!dataset) return std::move(dataset).error();
  facts.dataset = *std::move(dataset);
  if (facts.dataset.metadata.deleting()) {
    return base::waiting("DatasetMissing", fmt::format("dataset {} is being deleted", name.text()));
  }
  auto labels = labels_of(overlay_, resources_, reader_);
  if (!labels) return std::move(labels).error();
  if (auto allowed = access::may_read(facts.dataset, reader_, *labels); !allowed)
    return std::move(allowed).error();
  auto store = look_up<resources::EventStore>(
      overlay_, resources_, "", facts.dataset.spec.source.event_store_name, "EventStoreMissing");
  if (!store) return std::move(store).error();
  facts.store_resource = *std::move(store);
  if (auto schema = find_schema(facts); !schema) return std::move(schema).error();

  auto parsed = avro::parse(facts.schema.text);
  if (!parsed) return std::move(parsed).error().in(fmt::format("schema of dataset {}", name.text()));
  const resources::DatasetSpec& spec = facts.dataset.spec;
  facts.shape.id = name;
  facts.shape.kind = spec.type == resources::DatasetType::kEntity ? plan::SourceUse::Kind::kEntity
                                                                  : plan::SourceUse::Kind::kEvent;
  facts.shape.columns = avro::columns_of(*parsed).fields;
  if (spec.key) {
    facts.shape.key = spec.key->columns;
    facts.shape.key_in_value = spec.key->from == resources::KeyFrom::kValue;
  }
  for (const resources::ColumnNote& note : spec.columns) {
    if (note.classification.starts_with("pii") || note.classification.starts_with("secret")) {
      facts.shape.classified.push_back(note.path);
    }
  }
  if (spec.event_time) facts.shape.event_time = spec.event_time->column;
  if (!facts.shape.key_in_value) {
    if (auto added = add_key_columns(facts); !added) return std::move(added).error();
  }
  return facts;
}

// Columns that only the record key has stand beside those of the value.
base::Status DatasetLookup::add_key_columns(DatasetFacts& facts) const {
  auto fields = key_fields(*facts.dataset.spec.key, facts.key_schema);
  if (!fields) return std::move(fields).error().in(fmt::format("dataset {}", facts.shape.id.text()));
  for (types::Field& field : *fields) {
    const bool known = std::any_of(facts.shape.columns.begin(), facts.shape.columns.end(),
                                   [&](const types::Field& column) { return column.name == field.name; });
    if (!known) facts.shape.columns.push_back(std::move(field));
  }
  return {};
}

base::Status DatasetLookup::find_schema(DatasetFacts& facts) {
  const resources::Dataset& dataset = facts.dataset;
  auto registry = platform_.registry_of(facts.store_resource);
  if (!registry) return std::move(registry).error();
  auto latest = latest_schema(**registry, dataset.spec.subject());
  if (latest) {
    facts.schema = *std::move(latest);
  } else if (latest.error().code == "SubjectMissing" && !dataset.spec.schema.definition.empty()) {
    // It is registered when the dataset is reconciled; until then the definition is what it will be.
    facts.schema.text = dataset.spec.schema.definition;
  } else {
    return std::move(latest).error().in(fmt::format("dataset {}", dataset.metadata.key()));
  }
  // Record keys in Avro are found by their subject; where it is missing the key's own schema id tells.
  if (auto key = latest_schema(**registry, dataset.spec.source.topic + "-key")) {
    facts.key_schema = key->text;
    facts.key_schema_id = key->id;
  }
  return {};
}

base::Result<registry::SchemaVersion> latest_schema(registry::Client& registry, const std::string& subject) {
  auto found = registry.version(subject, registry::kLatest);
  if (found || found.error().retry != base::Retry::kWaiting) return found;
  return base::waiting("SubjectMissing", fmt::format("the registry has no subject {}", subject))
      .with_hint("it is waited for; a producer registers it, or give spec.schema.definition");
}

base::Status check_topic(const resources::Dataset& dataset, sources::EventStore& store) {
  auto topic = store.describe(dataset.spec.source.topic);
  if (!topic) return std::move(topic).error();
  const bool entity = dataset.spec.type == resources::DatasetType::kEntity;
  const bool compacted = topic->cleanup != sources::CleanupPolicy::kDelete;
  if (entity && topic->cleanup != sources::CleanupPolicy::kCompact &&
      (topic->retention_ms >= 0 || topic->retention_bytes >= 0)) {
    const std::string limit = topic->retention_ms >= 0
                                  ? "for " + base::format_duration(topic->retention_ms * 1000)
                                  : fmt::format("up to {} bytes", topic->retention_bytes);
    return base::terminal(
               "TopicNotSuitable",
               fmt::format("dataset {} is an Entity, but topic {} keeps records only {}: values would "
                           "vanish with age",
                           dataset.metadata.key(), topic->topic, limit))
        .with_hint("set retention.ms and retention.bytes to -1, or cleanup.policy to compact");
  }
  if (!entity && compacted && !topic->kept_whole) {
    return base::terminal(
               "TopicNotSuitable",
               fmt::format("dataset {} is of type Event, but topic {} is compacted: earlier records of a "
                           "key vanish",
                           dataset.metadata.key(), topic->topic))
        .with_hint("declare it type: Entity, or set cleanup.policy to delete");
  }
  return {};
}

}  // namespace offtake::planning
