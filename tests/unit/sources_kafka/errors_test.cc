// What users read when Kafka cannot be used. The secured listener is OFFTAKE_TEST_KAFKA_SASL (host:port,
// SASL_SSL with PLAIN, user alice, password alice-secret), its CA the file OFFTAKE_TEST_KAFKA_CA.
#include "operators/sources/kafka/errors.h"

#include <librdkafka/rdkafka.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "broker.h"
#include "conformance.h"
#include "operators/sources/kafka/reader.h"
#include "operators/sources/kafka/store.h"
#include "operators/sources/kafka_properties.h"

namespace offtake::sources::kafka {
namespace {

using conformance::must;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) FAIL(std::string(name) << " must be set");
  return value;
}

KafkaConnection secured() {
  KafkaConnection connection;
  connection.bootstrap_servers = {environment("OFFTAKE_TEST_KAFKA_SASL")};
  connection.tls = true;
  std::ifstream file(environment("OFFTAKE_TEST_KAFKA_CA"));
  std::ostringstream pem;
  pem << file.rdbuf();
  connection.ca_pem = pem.str();
  connection.sasl_mechanism = "PLAIN";
  connection.username = "alice";
  connection.password = "alice-secret";
  return connection;
}

// A port that nothing listens on: bound, and not accepting.
class DeadPort {
 public:
  DeadPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    socklen_t size = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~DeadPort() { ::close(socket_); }
  int port() const { return port_; }

 private:
  int socket_;
  int port_ = 0;
};

base::Error ping_error(const KafkaConnection& connection) {
  const auto before = std::chrono::steady_clock::now();
  auto pinged = must(make_store(connection))->ping();
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(5));
  REQUIRE(!pinged.ok());
  MESSAGE(pinged.error().text());
  return pinged.error();
}

}  // namespace

TEST_CASE("a broker that is not there is said within five seconds") {
  const DeadPort port;
  KafkaConnection connection;
  connection.bootstrap_servers = {fmt::format("127.0.0.1:{}", port.port())};
  const auto error = ping_error(connection);
  CHECK(error.code == "Unreachable");
  CHECK(error.retry == base::Retry::kTransient);
  CHECK(error.message.find(connection.bootstrap_servers.front()) != std::string::npos);
  CHECK(must(make_store(connection))->describe("t").error().code == "Unreachable");
}

TEST_CASE("a reader says after some seconds that its store is away, and goes on trying") {
  const DeadPort port;
  KafkaConnection connection;
  connection.bootstrap_servers = {fmt::format("127.0.0.1:{}", port.port())};
  auto reader = must(make_reader(connection, "t", {{0, 0}}, {}, {}));
  const auto begun = std::chrono::steady_clock::now();
  while (!reader->away() && std::chrono::steady_clock::now() - begun < std::chrono::seconds(15)) {
    CHECK(!must(reader->poll(std::chrono::milliseconds(100))).has_value());
  }
  const auto said = std::chrono::steady_clock::now() - begun;
  REQUIRE(reader->away().has_value());
  CHECK(reader->away()->code == "Unreachable");
  CHECK(said >= std::chrono::seconds(3));
  CHECK(said < std::chrono::seconds(7));
  CHECK(!must(reader->poll(std::chrono::milliseconds(1500))).has_value());
  CHECK(reader->away().has_value());
}

TEST_CASE("a name that does not resolve") {
  KafkaConnection connection;
  connection.bootstrap_servers = {"no-such-host.invalid:9092"};
  const auto error = ping_error(connection);
  CHECK(error.code == "Unreachable");
  CHECK(error.message.find("no-such-host.invalid") != std::string::npos);
}

TEST_CASE("TLS with a CA, and SASL with a password") {
  auto store = must(make_store(secured()));
  must(store->ping());
  TopicSpec spec;
  spec.topic = "secured-" + std::to_string(::getpid());
  must(store->create_topic(spec));
  must(store->append(spec.topic, std::vector{conformance::record("k", "v")}));
  CHECK(conformance::read_all(*store, spec.topic).size() == 1);
  must(store->delete_topic(spec.topic));
}

TEST_CASE("a wrong password") {
  auto connection = secured();
  connection.password = "wrong";
  const auto error = ping_error(connection);
  CHECK(error.code == "AuthenticationFailed");
  CHECK(error.retry == base::Retry::kTerminal);
  CHECK(error.message.find("refused user 'alice' by PLAIN") != std::string::npos);
}

TEST_CASE("a CA that did not sign the broker's certificate") {
  auto connection = secured();
  connection.ca_pem.clear();
  const auto error = ping_error(connection);
  CHECK(error.code == "CertificateRefused");
  CHECK(error.retry == base::Retry::kTerminal);
}

TEST_CASE("a CA that is none") {
  auto connection = secured();
  connection.ca_pem = "not a certificate";
  auto made = make_store(connection);
  REQUIRE(!made.ok());
  CHECK(made.error().code == "CertificateRefused");
}

TEST_CASE("a refused SCRAM sign-in names the library when the library is to blame") {
  auto connection = secured();
  connection.sasl_mechanism = "SCRAM-SHA-512";
  const auto error = error_of(RD_KAFKA_RESP_ERR__AUTHENTICATION, {}, connection, "reaching Kafka");
  if (scram_is_broken("SCRAM-SHA-512", rd_kafka_version())) {
    CHECK(error.code == "LibraryTooOld");
    CHECK(error.message.find("fixed in 2.6.1") != std::string::npos);
  } else {
    CHECK(error.code == "AuthenticationFailed");
  }
  CHECK(error.retry == base::Retry::kTerminal);
  CHECK(scram_is_broken("SCRAM-SHA-256", 0x020002ff));
  CHECK(scram_is_broken("SCRAM-SHA-512", 0x020600ff));
  CHECK(!scram_is_broken("SCRAM-SHA-512", 0x020601ff));
  CHECK(!scram_is_broken("PLAIN", 0x020002ff));
}

TEST_CASE("properties outside of the list are refused by name") {
  auto connection = test_connection();
  connection.properties["group.id"] = "mine";
  auto made = make_store(connection);
  REQUIRE(!made.ok());
  CHECK(made.error().code == "BadProperty");
  CHECK(made.error().message == "the Kafka property 'group.id' cannot be set");

  connection = test_connection();
  connection.properties["client.rack"] = "eu-west-1a";
  must(must(make_store(connection))->ping());
  connection.properties["socket.timeout.ms"] = "soon";
  made = make_store(connection);
  REQUIRE(!made.ok());
  CHECK(made.error().code == "BadProperty");
}

TEST_CASE("every allowed property exists in the library") {
  for (const auto name : kKafkaProperties) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    char why[256];
    CHECK_MESSAGE(
        rd_kafka_conf_set(conf, std::string(name).c_str(), "1", why, sizeof why) != RD_KAFKA_CONF_UNKNOWN,
        name);
    rd_kafka_conf_destroy(conf);
  }
}

TEST_CASE("compacted topics that we make keep young records") {
  const conformance::TestTopic topic(1, CleanupPolicy::kCompactAndDelete, 3'600'000);
  const auto described = must(conformance::store().describe(topic.name()));
  CHECK(described.cleanup == CleanupPolicy::kCompactAndDelete);
  CHECK(described.retention_ms == 3'600'000);
  CHECK(described.delete_retention_ms == 86'400'000);
}

}  // namespace offtake::sources::kafka
