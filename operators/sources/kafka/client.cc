#include "operators/sources/kafka/client.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "operators/sources/kafka/errors.h"
#include "operators/sources/kafka_properties.h"

namespace offtake::sources::kafka {
namespace {

constexpr std::string_view kQueueBackoff = "fetch.queue.backoff.ms";

using Conf = std::unique_ptr<rd_kafka_conf_t, decltype(&rd_kafka_conf_destroy)>;

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) {
    if (!out.empty()) out += ',';
    out += text;
  }
  return out;
}

std::map<std::string, std::string> settings_of(const KafkaConnection& connection) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : connection.properties) out[name] = value;
  out["bootstrap.servers"] = joined(connection.bootstrap_servers);
  out["client.id"] = "offtake";
  const bool sasl = !connection.sasl_mechanism.empty();
  out["security.protocol"] =
      connection.tls ? (sasl ? "SASL_SSL" : "SSL") : (sasl ? "SASL_PLAINTEXT" : "PLAINTEXT");
  if (connection.tls && !connection.ca_pem.empty()) out["ssl.ca.pem"] = connection.ca_pem;
  if (sasl) {
    out["sasl.mechanisms"] = connection.sasl_mechanism;
    out["sasl.username"] = connection.username;
    out["sasl.password"] = connection.password;
  }
  out["log.connection.close"] = "false";
  out["allow.auto.create.topics"] = "false";
  out["reconnect.backoff.ms"] = out.contains("reconnect.backoff.ms") ? out["reconnect.backoff.ms"] : "100";
  out["reconnect.backoff.max.ms"] =
      out.contains("reconnect.backoff.max.ms") ? out["reconnect.backoff.max.ms"] : "2000";
  return out;
}

}  // namespace

base::Result<std::shared_ptr<Client>> Client::make(const KafkaConnection& connection, Role role,
                                                   const std::map<std::string, std::string>& settings,
                                                   OnDelivery on_delivery) {
  for (const auto& [name, value] : connection.properties) {
    const auto& allowed = kKafkaProperties;
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      return base::terminal("BadProperty", fmt::format("the Kafka property '{}' cannot be set", name))
          .with_hint(fmt::format("possible are {}", fmt::join(allowed, ", ")));
    }
  }
  auto all = settings_of(connection);
  for (const auto& [name, value] : settings) {
    // What the user set by hand stays.
    if (!connection.properties.contains(name)) all[name] = value;
  }
  Conf conf(rd_kafka_conf_new(), &rd_kafka_conf_destroy);
  std::array<char, 512> why{};
  for (const auto& [name, value] : all) {
    const auto set = rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), why.data(), why.size());
    if (set == RD_KAFKA_CONF_UNKNOWN && name == kQueueBackoff) continue;  // from 2.2 on: see wake_fetchers
    if (set != RD_KAFKA_CONF_OK) {
      if (name == "ssl.ca.pem") {
        return base::terminal("CertificateRefused",
                              "the CA certificate of the event store is no PEM certificate")
            .with_detail(why.data());
      }
      return base::terminal("BadProperty",
                            fmt::format("the Kafka property '{}' is refused: {}", name, why.data()));
    }
  }
  std::shared_ptr<Client> client(new Client(connection));
  rd_kafka_conf_set_opaque(conf.get(), client.get());
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t* handle, int code, const char* reason, void* opaque) {
    on_error(handle, code, reason, opaque);
  });
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t* handle, int level, const char* facility,
                                          const char* text) { on_log(handle, level, facility, text); });
  if (on_delivery != nullptr) rd_kafka_conf_set_dr_msg_cb(conf.get(), on_delivery);
  client->handle_ = rd_kafka_new(role == Role::kConsumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf.get(),
                                 why.data(), why.size());
  if (client->handle_ == nullptr) {
    const std::string_view text = why.data();
    if (text.find("ssl.ca") != std::string_view::npos || text.find("certificate") != std::string_view::npos) {
      return base::terminal("CertificateRefused",
                            fmt::format("the event store's certificates are refused: {}", text));
    }
    return base::terminal("BadProperty", fmt::format("the connection to Kafka cannot be set up: {}", text));
  }
  (void)conf.release();  // the handle owns it now
  return client;
}

Client::~Client() {
  if (handle_ == nullptr) return;
  // Without an application that still polls there is nobody to wait for.
  rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void Client::on_error(rd_kafka_s*, int code, const char* reason, void* opaque) {
  // No group is ever joined: not being allowed to is no trouble.
  if (code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) return;
  auto& client = *static_cast<Client*>(opaque);
  const auto now = std::chrono::steady_clock::now();
  const std::string text = reason == nullptr ? "" : reason;
  bool tells = false;
  {
    const std::lock_guard lock(client.mutex_);
    // "All brokers down" says less than what came before it; a refused sign-in says most.
    const bool keeps = client.trouble_ && (client.trouble_->code == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
                                           client.trouble_->code == RD_KAFKA_RESP_ERR__SSL ||
                                           code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
    if (keeps && code != RD_KAFKA_RESP_ERR__AUTHENTICATION) {
      client.trouble_->at = now;
    } else {
      client.trouble_ = Trouble{code, text, now};
    }
    // The library repeats itself several times a second.
    tells = now - client.told_ >= std::chrono::seconds(30);
    if (tells) client.told_ = now;
  }
  if (tells) base::log_warn(text, {{"component", "kafka"}});
}

void Client::on_log(const rd_kafka_s*, int level, const char* facility, const char* text) {
  // Lost connections come through on_error as well, and to the user from there.
  constexpr int kWarning = 4;
  const std::string_view about = facility;
  const bool quiet = level > kWarning || about == "FAIL" || about == "ERROR";
  base::log(quiet ? base::LogLevel::kDebug : base::LogLevel::kWarn, text,
            {{"component", "kafka"}, {"facility", facility}});
}

void Client::wake_fetchers() {
  constexpr int kNoticesByItself = 0x020200ff;
  if (rd_kafka_version() >= kNoticesByItself) return;
  // The one call that wakes the brokers' threads and changes nothing: the credentials are those it has.
  auto* error =
      rd_kafka_sasl_set_credentials(handle_, connection_.username.c_str(), connection_.password.c_str());
  if (error != nullptr) rd_kafka_error_destroy(error);
}

std::optional<Trouble> Client::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void Client::forget_trouble() {
  const std::lock_guard lock(mutex_);
  trouble_.reset();
}

base::Error Client::error(int code, std::string_view doing) const {
  return error_of(code, trouble(), connection_, doing);
}

base::Status Client::reach(std::chrono::milliseconds timeout) {
  constexpr int kSliceMs = 300;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  forget_trouble();
  for (;;) {
    const rd_kafka_metadata_t* metadata = nullptr;
    const auto code = rd_kafka_metadata(handle_, 0, nullptr, &metadata, kSliceMs);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy(metadata);
      forget_trouble();
      return {};
    }
    rd_kafka_poll(handle_, 0);  // delivers what the library has to say about it
    const auto known = trouble();
    const bool hopeless =
        known && (known->code == RD_KAFKA_RESP_ERR__AUTHENTICATION || known->code == RD_KAFKA_RESP_ERR__SSL);
    if (hopeless || std::chrono::steady_clock::now() >= deadline) return error(code, "reaching Kafka");
  }
}

}  // namespace offtake::sources::kafka
