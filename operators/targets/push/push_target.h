// A Target whose rows are sent to a receiver as messages, which keeps nothing of ours (correctness: "What is
// pushed"). Engines bring the MessageSender.
//
// Control rows, settled keys (settled_keys.h) and retry queues (retry_queues.h) are in the product's journal.
// Epoch: intent; messages, each tried three times within five seconds; then one transaction: the control row
// without the intent, the keys that are settled now, the messages that were not taken, and the answers as
// records. The content at the cut is never sent: a fill keeps its keys alone. What was not taken is tried
// again beside the epochs (retry_lanes.h).
//
// Hand-over: a revision that is not published sends nothing and keeps the keys of its result. It gets no
// further than its predecessor and waits there (SwapResult::hold); where that is in the middle of an epoch,
// it asks for a moment between two (`handover/<revision>`). Then it opens the predecessor's producer, lets it
// stand, reads to exactly where it stands, and takes over: its settled keys, and the retry queues as they
// are.
#pragma once
#include <memory>

#include "operators/targets/push/senders.h"
#include "operators/targets/target.h"

namespace offtake::targets::push {

// REQUIRES: connection.events, connection.receiver, table.push.
base::Result<std::unique_ptr<Target>> make_target(const TargetConnection& connection, const TableSpec& table,
                                                  const std::string& product_uid, Senders senders);

// Codes of jobs that lack what make_target requires: BadJob (terminal).
base::Status check_connection(const TargetConnection& connection, const TableSpec& table);

}  // namespace offtake::targets::push
