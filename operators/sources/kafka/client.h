// One librdkafka handle: made from a connection, closed when the last owner lets go. Records whatever the
// library reports beside its results (lost brokers, refused credentials), because its calls then only time
// out. Thread-safe.
#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "operators/sources/event_store.h"

struct rd_kafka_s;
struct rd_kafka_message_s;

namespace offtake::sources::kafka {

enum class Role { kConsumer, kProducer };

// What the library said last about the brokers.
struct Trouble {
  int code = 0;  // rd_kafka_resp_err_t; 0: nothing
  std::string text;
  std::chrono::steady_clock::time_point at;
};

using OnDelivery = void (*)(rd_kafka_s* handle, const rd_kafka_message_s* message, void* opaque);

class Client {
 public:
  // `settings` are added to those of the connection; `on_delivery` is a producer's. Codes BadProperty (not
  // allowed, or its value is refused), CertificateRefused.
  static base::Result<std::shared_ptr<Client>> make(const KafkaConnection& connection, Role role,
                                                    const std::map<std::string, std::string>& settings,
                                                    OnDelivery on_delivery = nullptr);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  rd_kafka_s* handle() const { return handle_; }
  const KafkaConnection& connection() const { return connection_; }

  std::optional<Trouble> trouble() const;
  void forget_trouble();

  // The error to return for a call that failed with `code`: what is behind it, if the library said so.
  base::Error error(int code, std::string_view doing) const;

  // Makes the library look at once whether there is room to fetch more. Before 2.2 it otherwise notices only
  // when something else wakes it, up to a second after its queue had been full. A few microseconds.
  void wake_fetchers();

  // Asks the brokers for metadata until they answer. Codes of error(); gives up early once it is clear that
  // credentials are refused or no broker can be reached.
  base::Status reach(std::chrono::milliseconds timeout);

 private:
  explicit Client(const KafkaConnection& connection) : connection_(connection) {}
  static void on_error(rd_kafka_s* handle, int code, const char* reason, void* opaque);
  static void on_log(const rd_kafka_s* handle, int level, const char* facility, const char* text);

  const KafkaConnection connection_;
  rd_kafka_s* handle_ = nullptr;
  mutable std::mutex mutex_;
  std::optional<Trouble> trouble_;
  std::chrono::steady_clock::time_point told_{};  // when the log was last told of trouble
};

}  // namespace offtake::sources::kafka
