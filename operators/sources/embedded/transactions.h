// Transactions of the embedded log: gathered in memory and written as one append, whole. The log is opened by
// one process, so the fence is a count in it.
#pragma once
#include <memory>
#include <string>

#include "operators/sources/embedded/log.h"
#include "operators/sources/event_store.h"

namespace offtake::sources::embedded {

std::unique_ptr<TransactionalProducer> open_producer(std::shared_ptr<Log> log, const std::string& id);

// The views live as long as the records.
std::vector<NewRecordView> views_of(std::span<const NewRecord> records);

}  // namespace offtake::sources::embedded
