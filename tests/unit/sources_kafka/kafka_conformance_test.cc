// The conformance suite over a real broker, whose address is OFFTAKE_TEST_KAFKA (host:port).
#include <cstdlib>

#include "broker.h"
#include "conformance.h"
#include "operators/sources/kafka/store.h"

namespace offtake::sources {

KafkaConnection test_connection() {
  const char* address = std::getenv("OFFTAKE_TEST_KAFKA");
  if (address == nullptr) FAIL("OFFTAKE_TEST_KAFKA=host:port must name a Kafka broker");
  KafkaConnection connection;
  connection.bootstrap_servers = {address};
  return connection;
}

namespace conformance {

EventStore& store() {
  static const auto store = must(kafka::make_store(test_connection()));
  return *store;
}

bool keeps_compacted_whole() {
  return false;
}

}  // namespace conformance
}  // namespace offtake::sources
