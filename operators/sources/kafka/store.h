// Apache Kafka as an EventStore, through librdkafka: one handle for questions, one more for the high
// watermark and one for writing, made when first needed; each Reader has its own. Thread-safe.
#pragma once
#include <memory>

#include "base/result.h"
#include "operators/sources/event_store.h"

namespace offtake::sources::kafka {

// Does not connect: ping() tells whether the cluster answers. Codes BadProperty, CertificateRefused.
base::Result<std::unique_ptr<EventStore>> make_store(const KafkaConnection& connection);

}  // namespace offtake::sources::kafka
