// Records into the embedded log through POST /offtake/v1/events, as any program would send them. One thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/cli/api_client.h"

namespace offtake::cli {

class EventSender {
 public:
  // Records are sent in batches; each batch is durable when its call returns.
  EventSender(ApiClient& client, std::string topic, std::size_t batch_records = 500);
  // An absent value is a tombstone. `timestamp_ms` below 0: the time at which it arrives.
  base::Status add(std::optional<std::string_view> key, std::optional<std::string_view> value,
                   std::int64_t timestamp_ms = -1);
  base::Status flush();
  std::int64_t sent() const { return sent_; }  // acknowledged
  // One past the last record of each partition that this sender wrote to.
  const std::map<int, std::int64_t>& ends() const { return ends_; }

 private:
  ApiClient& client_;
  std::string topic_;
  std::size_t batch_records_, waiting_ = 0;
  std::string body_;
  std::int64_t sent_ = 0;
  std::map<int, std::int64_t> ends_;
};

// The schema that values of a dataset are written with now, from the installation's registry.
struct WriterSchema {
  std::uint32_t id = 0;
  std::string text;
};
base::Result<WriterSchema> latest_schema(ApiClient& client, const std::string& subject);

}  // namespace offtake::cli
