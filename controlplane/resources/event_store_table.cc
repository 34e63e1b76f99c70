#include "controlplane/resources/tables.h"

namespace offtake::resources {

template <>
const ObjectType& table<KafkaTls>() {
  static const ObjectType type =
      Table<KafkaTls>("KafkaTls", "TLS towards the brokers; {} uses the machine's own certificates")
          .field("caSecretRef", &KafkaTls::ca_secret_ref, "PEM of the certificate authority")
          .done();
  return type;
}

template <>
const ObjectType& table<KafkaSasl>() {
  static const ObjectType type =
      Table<KafkaSasl>("KafkaSasl", "How we identify ourselves to the brokers")
          .field("mechanism", &KafkaSasl::mechanism, "SASL mechanism", required(),
                 not_yet({"GSSAPI", "OAUTHBEARER", "AWS_MSK_IAM"}))
          .field("secretRef", &KafkaSasl::secret_ref,
                 "Secret in offtake-system with the keys username and password", required())
          .done();
  return type;
}

template <>
const ObjectType& table<KafkaStore>() {
  static const ObjectType type =
      Table<KafkaStore>("KafkaStore", "A Kafka cluster")
          .field("bootstrapServers", &KafkaStore::bootstrap_servers, "Brokers to ask first, host:port",
                 required(), between(1, 32), each(like(kHostPort)), each(at_most(260)))
          .field("tls", &KafkaStore::tls, "Absent: plain text")
          .field("sasl", &KafkaStore::sasl, "Absent: anonymous")
          .field("properties", &KafkaStore::properties, "Client properties, from an allow-list", at_most(32),
                 each(at_most(256)))
          .done();
  return type;
}

template <>
const ObjectType& table<EmbeddedStore>() {
  static const ObjectType type = Table<EmbeddedStore>("EmbeddedStore", "The log of this installation").done();
  return type;
}

template <>
const ObjectType& table<ConfluentRegistry>() {
  static const ObjectType type =
      Table<ConfluentRegistry>("ConfluentRegistry", "A registry that speaks Confluent's REST API")
          .field("urls", &ConfluentRegistry::urls, "Tried in order", required(), between(1, 8),
                 each(like(kHttpUrl)), each(at_most(512)))
          .field("secretRef", &ConfluentRegistry::secret_ref,
                 "Secret in offtake-system with the keys username and password")
          .unavailable({"caSecretRef"})
          .done();
  return type;
}

template <>
const ObjectType& table<EmbeddedRegistry>() {
  static const ObjectType type =
      Table<EmbeddedRegistry>("EmbeddedRegistry", "The registry of this installation").done();
  return type;
}

template <>
const ObjectType& table<RegistryChoice>() {
  static const ObjectType type =
      Table<RegistryChoice>("RegistryChoice", "Where the schemas of the topics are registered")
          .field("confluent", &RegistryChoice::confluent, "A registry elsewhere")
          .field("embedded", &RegistryChoice::embedded, "The one of this installation")
          .exactly_one({"confluent", "embedded"})
          .done();
  return type;
}

template <>
const ObjectType& table<EventStoreSpec>() {
  static const ObjectType type =
      Table<EventStoreSpec>("EventStoreSpec", "What the event store is")
          .field("kafka", &EventStoreSpec::kafka, "A Kafka cluster")
          .field("embedded", &EventStoreSpec::embedded, "The log of this installation")
          .exactly_one({"kafka", "embedded"}, true)
          .field("region", &EventStoreSpec::region, "Where it runs", at_most(63))
          .field("registry", &EventStoreSpec::registry, "Absent: the registry of this installation")
          .done();
  return type;
}

template <>
const ObjectType& table<EventStoreStatus>() {
  static const ObjectType type =
      Table<EventStoreStatus>("EventStoreStatus", "What was found")
          .field("observedGeneration", &EventStoreStatus::observed_generation,
                 "The spec that this speaks about")
          .field("conditions", &EventStoreStatus::conditions, "Ready, Reachable, RegistryReachable",
                 at_most(16), map_list({"type"}))
          .done();
  return type;
}

template <>
const ObjectType& table<EventStore>() {
  static const ObjectType type =
      root_table<EventStore>("EventStore", "A Kafka cluster, or the embedded log of this installation")
          .field("spec", &EventStore::spec, "What the event store is", required())
          .field("status", &EventStore::status, "What was found")
          .done();
  return type;
}

template <>
const Kind& kind_of<EventStore>() {
  static const Kind kind{std::string(kGroup),
                         std::string(kVersion),
                         "EventStore",
                         "eventstores",
                         "eventstore",
                         {"evs"},
                         {"offtake"},
                         false,
                         true,
                         table<EventStore>().doc,
                         {ready_column(),
                          status_column(),
                          {"Region", "string", ".spec.region", 0, "Where it runs"},
                          age_column()},
                         &table<EventStore>(),
                         &kSubdomainName};
  return kind;
}

}  // namespace offtake::resources
