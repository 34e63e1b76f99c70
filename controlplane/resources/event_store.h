// EventStore: a Kafka cluster, or the embedded log of this installation. Cluster-scoped.
#pragma once
#include "controlplane/resources/meta.h"

namespace offtake::resources {

enum class SaslMechanism { kPlain, kScramSha256, kScramSha512 };
template <>
struct EnumText<SaslMechanism> {
  static constexpr std::array<std::pair<SaslMechanism, std::string_view>, 3> values{
      {{SaslMechanism::kPlain, "PLAIN"},
       {SaslMechanism::kScramSha256, "SCRAM-SHA-256"},
       {SaslMechanism::kScramSha512, "SCRAM-SHA-512"}}};
};

struct KafkaTls {
  std::optional<SecretKeyRef> ca_secret_ref;  // absent: the machine's own certificates
};
struct KafkaSasl {
  SaslMechanism mechanism = SaslMechanism::kPlain;
  SecretRef secret_ref;  // keys username, password; in offtake-system
};
struct KafkaStore {
  std::vector<std::string> bootstrap_servers;
  std::optional<KafkaTls> tls;
  std::optional<KafkaSasl> sasl;
  std::map<std::string, std::string> properties;  // an allow-list, see event_store_table.cc
};
struct EmbeddedStore {};

struct ConfluentRegistry {
  std::vector<std::string> urls;
  std::optional<SecretRef> secret_ref;  // keys username, password
};
struct EmbeddedRegistry {};
struct RegistryChoice {  // exactly one; absent altogether: the embedded one
  std::optional<ConfluentRegistry> confluent;
  std::optional<EmbeddedRegistry> embedded;
};

struct EventStoreSpec {
  std::optional<KafkaStore> kafka;  // exactly one of kafka, embedded
  std::optional<EmbeddedStore> embedded;
  std::string region;
  std::optional<RegistryChoice> registry;
};

struct EventStoreStatus {
  std::optional<std::int64_t> observed_generation;
  Conditions conditions;  // Ready, Reachable, RegistryReachable
};

struct EventStore {
  ObjectMeta metadata;
  EventStoreSpec spec;
  EventStoreStatus status;
};

}  // namespace offtake::resources
