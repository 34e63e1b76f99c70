#include "controlplane/resources/tables.h"

namespace offtake::resources {

base::Result<Retention> Retention::parse(std::string_view text) {
  if (text == "Forever") return Retention{};
  auto duration = Duration::parse(text);
  if (!duration) {
    return base::terminal("BadDuration", fmt::format("'{}' is no retention", text))
        .with_hint("write Forever, or whole days, hours, minutes or seconds: 90d");
  }
  return Retention{*duration};
}

std::string Retention::text() const {
  return duration ? duration->text() : "Forever";
}

template <>
const ObjectType& table<TopicConfig>() {
  static const ObjectType type =
      Table<TopicConfig>("TopicConfig", "How the topic is made where there is none yet")
          .field("partitions", &TopicConfig::partitions, "Number of partitions", between(1, 10'000),
                 default_to(1))
          .field("replicas", &TopicConfig::replicas, "Copies of each partition", between(1, 15),
                 default_to(1))
          .field("retention", &TopicConfig::retention, "How long records are kept: Forever, or a duration",
                 default_to("Forever"))
          .field("cleanupPolicy", &TopicConfig::cleanup_policy,
                 "Delete keeps records for the retention; Compact keeps the last record of each key",
                 default_to("Delete"))
          .done();
  return type;
}

template <>
const ObjectType& table<DatasetSource>() {
  static const ObjectType type =
      Table<DatasetSource>("DatasetSource", "Where the records are")
          .field("eventStoreName", &DatasetSource::event_store_name, "The event store", required(),
                 immutable(), like(kSubdomainName), refers_to("EventStore"))
          .field("topic", &DatasetSource::topic, "The topic", required(), immutable(), like(kTopicName))
          .plain("envelope", FieldKind::kString, "How the value is wrapped", one_of({"None"}),
                 not_yet({"Debezium", "CloudEvents"}), default_to("None"))
          .field("topicConfig", &DatasetSource::topic_config, "Absent: the topic is only read, never made")
          .done();
  return type;
}

template <>
const ObjectType& table<SchemaReference>() {
  static const ObjectType type =
      Table<SchemaReference>("SchemaReference", "A schema that the definition refers to")
          .field("name", &SchemaReference::name, "How the definition names it", required(), at_most(255))
          .field("subject", &SchemaReference::subject, "Where it is registered", required(), at_most(255))
          .field("version", &SchemaReference::version, "Which version of the subject", required(),
                 between(1, 1'000'000))
          .done();
  return type;
}

template <>
const ObjectType& table<DatasetSchema>() {
  static const ObjectType type =
      Table<DatasetSchema>("DatasetSchema", "Where the schema of the values is found")
          .plain("format", FieldKind::kString, "Schema language", one_of({"Avro"}),
                 not_yet({"Json", "Protobuf"}), default_to("Avro"))
          .plain("framing", FieldKind::kString, "How a record names its schema", one_of({"Confluent"}),
                 not_yet({"None"}), default_to("Confluent"))
          .field("subject", &DatasetSchema::subject, "Subject in the registry; absent: <topic>-value",
                 at_most(255))
          .field("definition", &DatasetSchema::definition, "The schema itself, registered under the subject",
                 at_most(256 << 10))
          .field("references", &DatasetSchema::references, "Schemas that the definition refers to",
                 at_most(64), map_list({"name"}))
          .done();
  return type;
}

template <>
const ObjectType& table<DatasetKey>() {
  static const ObjectType type =
      Table<DatasetKey>("DatasetKey", "What identifies a row")
          .field("columns", &DatasetKey::columns, "Columns of the key, in order", required(), between(1, 16),
                 each(like(kColumnPath)), each(at_most(255)))
          .field("from", &DatasetKey::from, "Where the key's values are found", default_to("Value"))
          .field("format", &DatasetKey::format,
                 "How the record's key is written; needed with from: RecordKey",
                 not_yet({"Json", "Protobuf"}))
          .done();
  return type;
}

template <>
const ObjectType& table<EventTime>() {
  static const ObjectType type =
      Table<EventTime>("EventTime", "When the thing happened; absent: the record's timestamp")
          .field("column", &EventTime::column, "A timestamp column", required(), like(kColumnPath),
                 at_most(255))
          .field("maxDelay", &EventTime::max_delay, "How late a record may arrive")
          .done();
  return type;
}

template <>
const ObjectType& table<ColumnNote>() {
  static const ObjectType type =
      Table<ColumnNote>("ColumnNote", "What the schema cannot say about a column")
          .field("path", &ColumnNote::path, "The column; a.b for nested ones", required(), like(kColumnPath),
                 at_most(255))
          .field("description", &ColumnNote::description, "What it means", at_most(4096))
          .field("classification", &ColumnNote::classification,
                 "pii.email and the like; values of pii* and secret* show in no message", at_most(63))
          .done();
  return type;
}

template <>
const ObjectType& table<DatasetName>() {
  static const ObjectType type =
      Table<DatasetName>("DatasetName", "A dataset")
          .field("name", &DatasetName::name, "Its name", required(), like(kLabelName), refers_to("Dataset"))
          .field("namespace", &DatasetName::namespace_name, "Absent: the same namespace", like(kLabelName))
          .done();
  return type;
}

template <>
const ObjectType& table<JoinColumns>() {
  static const ObjectType type =
      Table<JoinColumns>("JoinColumns", "Columns that are equal")
          .field("from", &JoinColumns::from, "Column of this dataset", required(), like(kColumnPath))
          .field("to", &JoinColumns::to, "Column of the other one", required(), like(kColumnPath))
          .done();
  return type;
}

template <>
const ObjectType& table<Relationship>() {
  static const ObjectType type =
      Table<Relationship>("Relationship", "A join that is offered to users")
          .field("name", &Relationship::name, "Name of the relationship", required(), like(kLabelName))
          .field("dataset", &Relationship::dataset, "The other dataset", required())
          .field("columns", &Relationship::columns, "Columns that are equal", required(), between(1, 16))
          .done();
  return type;
}

template <>
const ObjectType& table<SlaProperty>() {
  static const ObjectType type =
      Table<SlaProperty>("SlaProperty", "A promise of the owner")
          .field("property", &SlaProperty::property, "What is promised", required(), at_most(63))
          .field("value", &SlaProperty::value, "How much", required(), at_most(63))
          .field("unit", &SlaProperty::unit, "Of what", at_most(31))
          .done();
  return type;
}

template <>
const ObjectType& table<NamespaceAccess>() {
  static const ObjectType type =
      Table<NamespaceAccess>("NamespaceAccess", "Which namespaces are admitted")
          .field("from", &NamespaceAccess::from, "Same (its own), All, or those that a selector finds")
          .field("selector", &NamespaceAccess::selector, "Labels of the namespaces; with from: Selector")
          .done();
  return type;
}

template <>
const ObjectType& table<DatasetAccess>() {
  static const ObjectType type =
      Table<DatasetAccess>("DatasetAccess", "Who may read the dataset")
          .field("namespaces", &DatasetAccess::namespaces, "Absent: its own namespace")
          .done();
  return type;
}

template <>
const ObjectType& table<DatasetSpec>() {
  static const ObjectType type =
      Table<DatasetSpec>("DatasetSpec", "What the dataset is")
          .field("owner", &DatasetSpec::owner, "Who answers for it", at_most(253))
          .field("description", &DatasetSpec::description, "What one record means", at_most(4096))
          .field("type", &DatasetSpec::type,
                 "Event: every record is a fact. Entity: the last record of a key is its state", required(),
                 immutable())
          .field("source", &DatasetSpec::source, "Where the records are", required())
          .field("schema", &DatasetSpec::schema, "Where the schema of the values is found",
                 default_to(json::Value::object()))
          .field("key", &DatasetSpec::key, "What identifies a row; an Entity needs it")
          .field("eventTime", &DatasetSpec::event_time,
                 "Absent: the record's timestamp; records dated before the history are left out then")
          .field("columns", &DatasetSpec::columns, "What the schema cannot say", at_most(1000),
                 map_list({"path"}))
          .field("relationships", &DatasetSpec::relationships, "Joins that are offered", at_most(64),
                 map_list({"name"}))
          .field("tags", &DatasetSpec::tags, "Words to find it by", at_most(32), set_list(),
                 each(between(1, 63)))
          .field("slaProperties", &DatasetSpec::sla_properties, "Promises of the owner", at_most(32),
                 map_list({"property"}))
          .field("access", &DatasetSpec::access, "Absent: its own namespace may read it")
          .field("deletionPolicy", &DatasetSpec::deletion_policy,
                 "Delete removes topic and subject with the dataset, if Offtake made them",
                 default_to("Retain"))
          .done();
  return type;
}

template <>
const ObjectType& table<DatasetStatus>() {
  static const ObjectType type =
      Table<DatasetStatus>("DatasetStatus", "What was found")
          .field("observedGeneration", &DatasetStatus::observed_generation, "The spec that this speaks about")
          .field("conditions", &DatasetStatus::conditions, "Ready, TopicReady, SchemaRegistered", at_most(16),
                 map_list({"type"}))
          .field("subject", &DatasetStatus::subject, "The subject in use", at_most(255))
          .field("schemaVersion", &DatasetStatus::schema_version, "Its latest version")
          .field("schemaID", &DatasetStatus::schema_id, "Id of that version")
          .field("partitions", &DatasetStatus::partitions, "Partitions of the topic")
          .field("topicMade", &DatasetStatus::topic_made, "Whether Offtake made the topic")
          .field("subjectMade", &DatasetStatus::subject_made, "Whether Offtake made the subject")
          .done();
  return type;
}

template <>
const ObjectType& table<Dataset>() {
  static const ObjectType type =
      root_table<Dataset>("Dataset", "A topic with a schema, an owner and a meaning")
          .field("spec", &Dataset::spec, "What the dataset is", required())
          .field("status", &Dataset::status, "What was found")
          .done();
  return type;
}

template <>
const Kind& kind_of<Dataset>() {
  static const Kind kind{std::string(kGroup),
                         std::string(kVersion),
                         "Dataset",
                         "datasets",
                         "dataset",
                         {"dset"},
                         {"offtake"},
                         true,
                         true,
                         table<Dataset>().doc,
                         {ready_column(),
                          status_column(),
                          {"Type", "string", ".spec.type", 0, "Event or Entity"},
                          {"Topic", "string", ".spec.source.topic", 0, "The topic"},
                          {"Schema", "integer", ".status.schemaVersion", 0, "Latest version of the schema"},
                          age_column(),
                          {"Owner", "string", ".spec.owner", 1, "Who answers for it"}},
                         &table<Dataset>(),
                         &kLabelName};
  return kind;
}

}  // namespace offtake::resources
