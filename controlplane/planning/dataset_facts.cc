#include "controlplane/planning/dataset_facts.h"

#include <algorithm>

#include "controlplane/access/access.h"
#include "controlplane/resources/validate.h"
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

bool has_column(const std::vector<types::Field>& columns, const std::string& name) {
  return std::any_of(columns.begin(), columns.end(), [&](const auto& column) { return column.name == name; });
}

// Columns that only the record key has stand beside those of the value.
base::Status add_key_columns(const resources::DatasetKey& key, const std::string& key_schema,
                             std::vector<types::Field>& columns) {
  auto fields = key_fields(key, key_schema);
  if (!fields) return std::move(fields).error();
  for (types::Field& field : *fields) {
    if (!has_column(columns, field.name)) columns.push_back(std::move(field));
  }
  return {};
}

// A field that a newer schema calls otherwise is read from records of before by its aliases: what was said of
// it by those names holds for it.
void add_renamed(const avro::Schema& schema, std::vector<std::string>& classified) {
  if (schema.root().kind != avro::Kind::kRecord) return;
  const std::vector<std::string> paths = classified;
  for (const avro::Field& field : schema.root().fields) {
    for (const std::string& alias : field.aliases) {
      const bool said = std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
        return path == alias || path.starts_with(alias + ".");
      });
      if (said) classified.push_back(field.name);
    }
  }
}

base::Error not_there(std::string code, const char* field, const std::string& name,
                      const std::vector<types::Field>& columns) {
  base::Error error = base::terminal(
      std::move(code), fmt::format("{} names column {}, which the schema does not have", field, name));
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column.name);
  const std::string meant = resources::did_you_mean(name, names);
  error.hint = meant.empty() ? fmt::format("the columns are {}", fmt::join(names, ", "))
                             : fmt::format("did you mean {}?", meant);
  return error;
}

// What the spec says of columns must be true of the schema: a key or an event time that is passed over would
// silently change what the product holds.
base::Status check_columns(const resources::DatasetSpec& spec, const std::vector<types::Field>& columns) {
  if (spec.key) {
    for (const auto& name : spec.key->columns) {
      if (!has_column(columns, name)) return not_there("BadKey", "spec.key.columns", name, columns);
    }
  }
  if (!spec.event_time) return {};
  const std::string& name = spec.event_time->column;
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const auto& column) { return column.name == name; });
  if (found == columns.end()) return not_there("BadEventTime", "spec.eventTime.column", name, columns);
  const types::TypeId type = found->type.id;
  if (type == types::TypeId::kTimestamp || type == types::TypeId::kTimestampTz ||
      type == types::TypeId::kDate) {
    return {};
  }
  return base::terminal("BadEventTime", fmt::format("spec.eventTime.column names {}, which is {} and no time",
                                                    name, types::to_string(found->type)))
      .with_hint("name a timestamp or a date; without eventTime the record's timestamp counts");
}

}  // namespace

std::string key_subject(const resources::Dataset& dataset) {
  return dataset.spec.source.topic + "-key";
}

base::Result<sql::DatasetSchema> shape_of(const resources::Dataset& dataset, const std::string& value_schema,
                                          const std::string& key_schema) {
  sql::DatasetSchema shape;
  shape.id = {dataset.metadata.namespace_name, dataset.metadata.name};
  const std::string place = fmt::format("dataset {}", shape.id.text());
  auto parsed = avro::parse(value_schema);
  if (!parsed) return std::move(parsed).error().in("schema of " + place);
  const resources::DatasetSpec& spec = dataset.spec;
  shape.kind = spec.type == resources::DatasetType::kEntity ? plan::SourceUse::Kind::kEntity
                                                            : plan::SourceUse::Kind::kEvent;
  shape.columns = avro::columns_of(*parsed).fields;
  if (spec.key) {
    shape.key = spec.key->columns;
    shape.key_in_value = spec.key->from == resources::KeyFrom::kValue;
  }
  for (const resources::ColumnNote& note : spec.columns) {
    if (note.classification.starts_with("pii") || note.classification.starts_with("secret")) {
      shape.classified.push_back(note.path);
    }
  }
  add_renamed(*parsed, shape.classified);
  if (spec.event_time) shape.event_time = spec.event_time->column;
  if (!shape.key_in_value) {
    if (auto added = add_key_columns(*spec.key, key_schema, shape.columns); !added)
      return base::Error(added.error()).in(place);
  }
  if (auto fine = check_columns(spec, shape.columns); !fine) return base::Error(fine.error()).in(place);
  return shape;
}

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
  if (facts.dataset.metadata.deleting() && !reads_already(name)) {
    return base::waiting("DatasetMissing", fmt::format("dataset {} is being deleted", name.text()))
        .with_hint("it serves the products it has and takes no new ones");
  }
  const std::string& reader = product_.metadata.namespace_name;
  auto labels = labels_of(overlay_, resources_, reader);
  if (!labels) return std::move(labels).error();
  if (auto allowed = access::may_read(facts.dataset, reader, *labels); !allowed)
    return std::move(allowed).error();
  auto store = store_of(overlay_, resources_, facts.dataset);
  if (!store) return std::move(store).error();
  facts.store_resource = *std::move(store);
  if (auto schema = find_schema(facts); !schema) return std::move(schema).error();

  auto shape = shape_of(facts.dataset, facts.schema.text, facts.key_schema);
  if (!shape) return std::move(shape).error();
  facts.shape = *std::move(shape);
  return facts;
}

bool DatasetLookup::reads_already(const sql::DatasetName& name) const {
  const auto& sources = product_.status.sources;
  return std::any_of(sources.begin(), sources.end(), [&](const auto& source) {
    return source.namespace_name == name.dataset_namespace && source.name == name.name;
  });
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
  if (auto key = latest_schema(**registry, key_subject(dataset))) {
    facts.key_schema = key->text;
    facts.key_schema_id = key->id;
  }
  return {};
}

worker::SourceSpec source_spec(const DatasetFacts& facts) {
  const resources::DatasetSpec& dataset = facts.dataset.spec;
  worker::SourceSpec spec;
  spec.dataset = facts.dataset.metadata.key();
  spec.store = facts.store_resource.metadata.name;
  spec.topic = dataset.source.topic;
  spec.entity = dataset.type == resources::DatasetType::kEntity;
  if (dataset.key) {
    spec.key_columns = dataset.key->columns;
    spec.key_from_record = dataset.key->from == resources::KeyFrom::kRecordKey;
    if (dataset.key->format) spec.key_format = std::string(resources::text_of(*dataset.key->format));
  }
  // A key whose format nobody states is told by its subject.
  if (spec.key_format.empty() && !facts.key_schema.empty()) spec.key_format = "Avro";
  if (spec.key_format == "Avro") spec.key_schema = facts.key_schema;
  spec.reader = {facts.schema.id, facts.schema.text};
  if (facts.schema.id > 0) spec.schemas.push_back(spec.reader);
  // Keys are framed as well: a worker must read them while the registry is away.
  if (facts.key_schema_id > 0) spec.schemas.push_back({facts.key_schema_id, facts.key_schema});
  return spec;
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
