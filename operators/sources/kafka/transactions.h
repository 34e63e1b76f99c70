// Kafka's transactions through librdkafka: init_transactions on opening, which aborts what an earlier
// producer of the id left open and waits for that to be done; then one transaction after another.
#pragma once
#include <memory>
#include <string>

#include "base/result.h"
#include "operators/sources/event_store.h"

namespace offtake::sources::kafka {

// Errors: those of Client::error(); NotAuthorised where the user may not write under this id.
base::Result<std::unique_ptr<TransactionalProducer>> open_producer(const KafkaConnection& connection,
                                                                   const std::string& transactional_id);

}  // namespace offtake::sources::kafka
