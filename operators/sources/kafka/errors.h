// What librdkafka's error codes mean for a data product: a sentence, a hint and a retry class. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "operators/sources/kafka/client.h"

namespace offtake::sources::kafka {

// Codes: AuthenticationFailed, LibraryTooOld, CertificateRefused, NotAuthorised, TopicMissing, TopicExists,
// OffsetOutOfRange, RecordInFuture, RecordTooLarge, PartitionMissing (all but TopicMissing terminal),
// Unreachable, KafkaFailed (transient).
base::Error error_of(int code, const std::optional<Trouble>& trouble, const KafkaConnection& connection,
                     std::string_view doing);

base::Error topic_missing(std::string_view topic);

// Whether this version of librdkafka (as rd_kafka_version() counts) cannot sign in by SCRAM at brokers from
// Kafka 4 on: it sends a wrong nonce before 2.6.1.
bool scram_is_broken(std::string_view sasl_mechanism, int library_version);

}  // namespace offtake::sources::kafka
