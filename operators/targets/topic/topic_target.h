// A Target over a keyed topic of an event store: the latest record of a key is its row, a tombstone its end
// (correctness: "topic (Kafka)").
//
// The control rows are in the product's journal; an epoch's records and its control row are one transaction
// under the revision's transactional id. A revision that is not published yet writes no record: it gathers
// what the topic is to hold (stage.h), so its control row stays at Filling and a restart fills anew. swap()
// lets the current revision stand still (opening its producer), waits until this one is there (`reach`), and
// writes the difference between what is wanted and what the topic holds, tombstones included: up to 100,000
// records in the transaction that makes it Current; more of them in transactions before it, of which a
// restart finds the difference smaller.
#pragma once
#include <memory>

#include "operators/targets/target.h"

namespace offtake::targets::topic {

const TargetEngine& engine();

base::Result<std::unique_ptr<Target>> open_target(const TargetConnection& connection, const TableSpec& table,
                                                  const std::string& product_uid);

}  // namespace offtake::targets::topic
