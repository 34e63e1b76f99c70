// A Reader over Kafka: a librdkafka consumer that assigns partitions and never subscribes, read_committed.
//
// Traps it keeps clear of: it neither pauses nor seeks (rd_kafka_consume_batch_queue loses records then); it
// takes "reached" from end-of-partition events as well as from records, because aborted and control records
// are passed over silently; read-ahead is bounded by queued.max.messages.kbytes.
#pragma once
#include <memory>

#include "base/result.h"
#include "operators/sources/event_store.h"

namespace offtake::sources::kafka {

// REQUIRES: the topic exists. Codes BadProperty, CertificateRefused.
base::Result<std::unique_ptr<Reader>> make_reader(const KafkaConnection& connection, const std::string& topic,
                                                  const OffsetVector& from, const OffsetVector& until,
                                                  const ReadOptions& options);

}  // namespace offtake::sources::kafka
