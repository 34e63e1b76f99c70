// The client properties that may be set on a connection to Kafka (EventStore spec.kafka.properties): names of
// librdkafka. Every other is the product's own business: what it reads and how it signs in follow from the
// spec's own fields. Validation and the client look here.
#pragma once
#include <array>
#include <string_view>

namespace offtake::sources {

inline constexpr std::array<std::string_view, 26> kKafkaProperties{
    "broker.address.family",
    "broker.address.ttl",
    "client.rack",
    "compression.type",
    "connections.max.idle.ms",
    "fetch.max.bytes",
    "fetch.message.max.bytes",
    "fetch.min.bytes",
    "fetch.wait.max.ms",
    "max.partition.fetch.bytes",
    "message.max.bytes",
    "metadata.max.age.ms",
    "receive.message.max.bytes",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "socket.connection.setup.timeout.ms",
    "socket.keepalive.enable",
    "socket.nagle.disable",
    "socket.receive.buffer.bytes",
    "socket.send.buffer.bytes",
    "socket.timeout.ms",
    "ssl.cipher.suites",
    "ssl.curves.list",
    "ssl.endpoint.identification.algorithm",
    "ssl.sigalgs.list",
    "topic.metadata.refresh.interval.ms",
};

}  // namespace offtake::sources
