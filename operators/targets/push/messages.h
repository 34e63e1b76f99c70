// An epoch's changes as messages: the same changes give the same messages, ids included. Pure.
#pragma once
#include <vector>

#include "operators/targets/http/message_sender.h"
#include "operators/targets/push/row_keys.h"
#include "operators/targets/push/settled_keys.h"

namespace offtake::targets::push {

// What stays the same in every message of a product.
struct MessageForm {
  std::string product_uid;
  std::string source;
  std::vector<types::Field> columns;
  plan::Identity identity;
  plan::SentChanges changes = plan::SentChanges::kAll;
};

struct EpochMessages {
  std::vector<http::Message> messages;  // at most one of a key; Message::key is the digest in hex
  std::vector<KeyDigest> settled;       // keys of the upserts that were not
};
// `Created`: keys that are not settled; `All`: every net change, with its old row. REQUIRES: old rows for
// `All`.
EpochMessages messages_of(const MessageForm& form, const EpochCommit& epoch, const SettledKeys& settled);

}  // namespace offtake::targets::push
