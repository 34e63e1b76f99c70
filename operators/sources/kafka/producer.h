// Writing to Kafka: acks=all and idempotent, without a transaction. Thread-safe; one append at a time.
#pragma once
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "operators/sources/event_store.h"
#include "operators/sources/kafka/client.h"

namespace offtake::sources::kafka {

class Producer {
 public:
  static base::Result<std::unique_ptr<Producer>> make(const KafkaConnection& connection);
  // Returns when every record is acknowledged; on an error some of them may have been written.
  // REQUIRES: the partitions exist.
  base::Result<std::vector<WrittenRecord>> append(const std::string& topic,
                                                  std::span<const NewRecord> records);
  Client& client() { return *client_; }

 private:
  explicit Producer(std::shared_ptr<Client> client) : client_(std::move(client)) {}
  std::mutex mutex_;
  std::shared_ptr<Client> client_;
};

}  // namespace offtake::sources::kafka
