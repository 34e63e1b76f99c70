#include "operators/sources/kafka/errors.h"

#include <librdkafka/rdkafka.h>

namespace offtake::sources::kafka {
namespace {

std::string servers(const KafkaConnection& connection) {
  return fmt::format("{}", fmt::join(connection.bootstrap_servers, ", "));
}

base::Error authentication_failed(const KafkaConnection& connection, std::string detail) {
  if (scram_is_broken(connection.sasl_mechanism, rd_kafka_version())) {
    return base::terminal("LibraryTooOld",
                          fmt::format("Kafka at {} refused user '{}' by {}; this librdkafka {} cannot sign "
                                      "in by SCRAM at brokers "
                                      "of Kafka 4 and later even with the right password (fixed in 2.6.1)",
                                      servers(connection), connection.username, connection.sasl_mechanism,
                                      rd_kafka_version_str()))
        .with_hint(
            "run offtake with librdkafka 2.6.1 or later or use sasl mechanism PLAIN over TLS; if the brokers "
            "are older "
            "than Kafka 4, check user name and password")
        .with_detail(std::move(detail));
  }
  if (connection.sasl_mechanism.empty()) {
    return base::terminal("AuthenticationFailed",
                          fmt::format("Kafka at {} asks for credentials", servers(connection)))
        .with_hint("give the EventStore a sasl section")
        .with_detail(std::move(detail));
  }
  return base::terminal("AuthenticationFailed",
                        fmt::format("Kafka at {} refused user '{}' by {}: wrong user name or password",
                                    servers(connection), connection.username, connection.sasl_mechanism))
      .with_hint("correct the Secret that the EventStore's sasl.secretRef names")
      .with_detail(std::move(detail));
}

base::Error unreachable(const KafkaConnection& connection, const std::string& why) {
  return base::transient("Unreachable",
                         why.empty()
                             ? fmt::format("Kafka at {} does not answer", servers(connection))
                             : fmt::format("Kafka at {} cannot be reached: {}", servers(connection), why))
      .with_hint("check bootstrapServers, the network, and whether that listener wants TLS or credentials")
      .with_detail(why);
}

// Without the counts and times that the library adds: the same cause gives the same sentence.
std::string lasting_part(std::string_view text) {
  return std::string(text.substr(0, text.find(" (after ")));
}

bool is_connection_code(int code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool scram_is_broken(std::string_view sasl_mechanism, int library_version) {
  constexpr int kFixed = 0x020601ff;
  return sasl_mechanism.starts_with("SCRAM-") && library_version < kFixed;
}

base::Error topic_missing(std::string_view topic) {
  return base::waiting("TopicMissing", fmt::format("topic '{}' does not exist in Kafka", topic))
      .with_hint("create it, or give its Dataset a topicConfig");
}

base::Error error_of(int code, const std::optional<Trouble>& trouble, const KafkaConnection& connection,
                     std::string_view doing) {
  // A call that timed out says nothing; what the brokers' connections met meanwhile does.
  std::string why;
  if (is_connection_code(code) && trouble) {
    code = trouble->code;
    why = lasting_part(trouble->text);
  }
  const auto error = static_cast<rd_kafka_resp_err_t>(code);
  const std::string said = rd_kafka_err2str(error);
  switch (error) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return authentication_failed(connection, why);
    case RD_KAFKA_RESP_ERR__SSL:
      return base::terminal("CertificateRefused", fmt::format("no TLS connection to Kafka at {}: {}",
                                                              servers(connection), why.empty() ? said : why))
          .with_hint(
              "give the CA that signed the brokers' certificates as tls.caSecretRef, and the names in them "
              "as "
              "bootstrapServers");
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return base::terminal("NotAuthorised", fmt::format("Kafka does not allow user '{}' {}: {}",
                                                         connection.username, doing, said))
          .with_hint("grant it: Describe, DescribeConfigs and Read on the topics that are read");
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return base::terminal("NotAuthorised", fmt::format("Kafka does not allow user '{}' {}: {}",
                                                         connection.username, doing, said))
          .with_hint("grant it Write and Describe on transactional ids that begin with offtake.");
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      return base::waiting("TopicMissing", fmt::format("{}: the topic does not exist in Kafka", doing))
          .with_hint("create it, or give its Dataset a topicConfig");
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS:
      return base::terminal("TopicExists", fmt::format("{}: the topic exists already", doing));
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return base::terminal("PartitionMissing", fmt::format("{}: there is no such partition", doing));
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      return base::terminal("OffsetOutOfRange", fmt::format("{}: the offset is not there (any more)", doing));
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
      return base::terminal("RecordInFuture",
                            fmt::format("{}: a record's time is further from the present than the "
                                        "topic allows (message.timestamp.after.max.ms)",
                                        doing));
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return base::terminal(
          "RecordTooLarge",
          fmt::format("{}: a record is larger than Kafka takes (message.max.bytes)", doing));
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return base::terminal("TopicRefused", fmt::format("{}: Kafka refuses: {}", doing, said));
    default:
      break;
  }
  if (is_connection_code(code)) return unreachable(connection, why);
  return base::transient("KafkaFailed", fmt::format("{}: {}", doing, said)).with_detail(why);
}

}  // namespace offtake::sources::kafka
