// Dataset: a topic with a schema, an owner, a meaning; the unit of the catalogue. Namespaced.
#pragma once
#include "controlplane/resources/meta.h"

namespace offtake::resources {

enum class DatasetType { kEvent, kEntity };
template <>
struct EnumText<DatasetType> {
  static constexpr std::array<std::pair<DatasetType, std::string_view>, 2> values{
      {{DatasetType::kEvent, "Event"}, {DatasetType::kEntity, "Entity"}}};
};

enum class TopicCleanup { kDelete, kCompact };
template <>
struct EnumText<TopicCleanup> {
  static constexpr std::array<std::pair<TopicCleanup, std::string_view>, 2> values{
      {{TopicCleanup::kDelete, "Delete"}, {TopicCleanup::kCompact, "Compact"}}};
};

enum class KeyFrom { kValue, kRecordKey };
template <>
struct EnumText<KeyFrom> {
  static constexpr std::array<std::pair<KeyFrom, std::string_view>, 2> values{
      {{KeyFrom::kValue, "Value"}, {KeyFrom::kRecordKey, "RecordKey"}}};
};

enum class RecordKeyFormat { kAvro, kString, kInt32, kInt64, kUuid };
template <>
struct EnumText<RecordKeyFormat> {
  static constexpr std::array<std::pair<RecordKeyFormat, std::string_view>, 5> values{
      {{RecordKeyFormat::kAvro, "Avro"},
       {RecordKeyFormat::kString, "String"},
       {RecordKeyFormat::kInt32, "Int32"},
       {RecordKeyFormat::kInt64, "Int64"},
       {RecordKeyFormat::kUuid, "UUID"}}};
};

enum class DeletionPolicy { kDelete, kRetain };
template <>
struct EnumText<DeletionPolicy> {
  static constexpr std::array<std::pair<DeletionPolicy, std::string_view>, 2> values{
      {{DeletionPolicy::kDelete, "Delete"}, {DeletionPolicy::kRetain, "Retain"}}};
};

enum class AccessFrom { kSame, kAll, kSelector };
template <>
struct EnumText<AccessFrom> {
  static constexpr std::array<std::pair<AccessFrom, std::string_view>, 3> values{
      {{AccessFrom::kSame, "Same"}, {AccessFrom::kAll, "All"}, {AccessFrom::kSelector, "Selector"}}};
};

// "Forever", or a duration.
struct Retention {
  std::optional<Duration> duration;  // absent: for ever
  static base::Result<Retention> parse(std::string_view text);
  std::string text() const;
};

struct TopicConfig {
  std::int64_t partitions = 1;
  std::int64_t replicas = 1;
  Retention retention;
  TopicCleanup cleanup_policy = TopicCleanup::kDelete;
};

struct DatasetSource {
  std::string event_store_name;
  std::string topic;
  std::optional<TopicConfig> topic_config;  // absent: the topic is only read, never made
};

struct SchemaReference {
  std::string name;
  std::string subject;
  std::int64_t version = 0;
};

struct DatasetSchema {     // format Avro, framing Confluent: all that this version has
  std::string subject;     // absent: "<topic>-value"
  std::string definition;  // registered under the subject when given
  std::vector<SchemaReference> references;
};

struct DatasetKey {
  std::vector<std::string> columns;
  KeyFrom from = KeyFrom::kValue;
  std::optional<RecordKeyFormat> format;  // with from: RecordKey
};

struct EventTime {
  std::string column;
  std::optional<Duration> max_delay;
};

struct ColumnNote {
  std::string path;  // a.b for nested
  std::string description;
  std::string classification;  // pii.email
};

struct DatasetName {
  std::string name;
  std::string namespace_name;  // empty: the same namespace
};
struct JoinColumns {
  std::string from;
  std::string to;
};
struct Relationship {
  std::string name;
  DatasetName dataset;
  std::vector<JoinColumns> columns;
};

struct SlaProperty {
  std::string property;
  std::string value;
  std::string unit;
};

struct NamespaceAccess {
  AccessFrom from = AccessFrom::kSame;
  std::optional<LabelSelector> selector;  // with from: Selector
};
struct DatasetAccess {
  NamespaceAccess namespaces;
};

struct DatasetSpec {
  std::string owner;
  std::string description;
  DatasetType type = DatasetType::kEvent;
  DatasetSource source;
  DatasetSchema schema;
  std::optional<DatasetKey> key;
  std::optional<EventTime> event_time;
  std::vector<ColumnNote> columns;
  std::vector<Relationship> relationships;
  std::vector<std::string> tags;
  std::vector<SlaProperty> sla_properties;
  DatasetAccess access;
  DeletionPolicy deletion_policy = DeletionPolicy::kRetain;

  std::string subject() const { return schema.subject.empty() ? source.topic + "-value" : schema.subject; }
};

struct DatasetStatus {
  std::optional<std::int64_t> observed_generation;
  Conditions conditions;  // Ready, TopicReady, SchemaRegistered
  std::string subject;
  std::optional<std::int64_t> schema_version;
  std::optional<std::int64_t> schema_id;
  std::optional<std::int64_t> partitions;
  std::optional<bool> topic_made;  // by Offtake: what deletionPolicy Delete may remove
  std::optional<bool> subject_made;
};

struct Dataset {
  ObjectMeta metadata;
  DatasetSpec spec;
  DatasetStatus status;
};

}  // namespace offtake::resources
