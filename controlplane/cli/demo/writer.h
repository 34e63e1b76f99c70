// Records of the retail company, encoded by the schemas of their datasets and sent through the public events
// API. One thread.
#pragma once
#include <array>
#include <memory>

#include "controlplane/cli/demo/retail.h"
#include "controlplane/cli/event_sender.h"
#include "schemas/avro/schema.h"

namespace offtake::cli::demo {

class RetailWriter {
 public:
  // Looks the datasets up in `company` (the namespace) and their schemas in the registry.
  static base::Result<std::unique_ptr<RetailWriter>> open(ApiClient& client, const std::string& company,
                                                          std::size_t batch_records);
  base::Status write(const Event& event);
  base::Status flush();
  std::int64_t sent() const;
  // "retail/orders" -> partition -> one past the last record written.
  std::map<std::string, std::map<int, std::int64_t>> ends() const;

 private:
  struct Stream {
    std::string dataset;  // "retail/orders"
    avro::Schema schema;
    std::uint32_t schema_id;
    EventSender sender;
  };
  std::vector<Stream> streams_;  // by Topic
  std::string bytes_;
};

}  // namespace offtake::cli::demo
