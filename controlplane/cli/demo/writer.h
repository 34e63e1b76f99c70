// Records of a company, encoded by the schemas of their datasets and sent to where these are: through the
// public events API into the embedded log, or with a client of its own to Kafka. One thread.
#pragma once
#include <map>
#include <memory>

#include "controlplane/cli/api_client.h"
#include "controlplane/cli/demo/company.h"
#include "controlplane/cli/event_sender.h"
#include "controlplane/resources/dataset.h"
#include "controlplane/resources/event_store.h"
#include "schemas/avro/schema.h"

namespace offtake::platform {
class Platform;
}

namespace offtake::cli::demo {

class RecordWriter {
 public:
  // Looks the datasets up in the namespace and their schemas in the registry of their event store. Records
  // are sent in batches, each durable when it is acknowledged.
  static base::Result<std::unique_ptr<RecordWriter>> open(ApiClient& client,
                                                          const std::string& namespace_name,
                                                          std::span<const std::string_view> datasets,
                                                          std::size_t batch_records);
  explicit RecordWriter(ApiClient& client);
  ~RecordWriter();
  base::Status write(const Event& event);
  base::Status flush();
  std::int64_t sent() const;
  // "retail/orders" -> partition -> one past the last record written.
  std::map<std::string, std::map<int, std::int64_t>> ends() const;

  class Sink;

 private:
  struct Stream {
    std::string dataset;  // "retail/orders"
    avro::Schema schema;
    std::uint32_t schema_id;
    std::unique_ptr<Sink> sink;
  };
  base::Result<Stream> open_stream(const resources::Dataset& dataset, std::size_t batch_records);
  base::Result<WriterSchema> writer_schema(const resources::EventStore& store, const std::string& subject);
  ApiClient& client_;
  std::unique_ptr<platform::Platform> platform_;  // opens event stores other than the embedded one
  std::map<std::string_view, Stream> streams_;
  std::string bytes_;
};

}  // namespace offtake::cli::demo
