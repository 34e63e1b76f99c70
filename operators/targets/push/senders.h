// How a push target gets to its receiver: as many senders as it has threads, and what they know together.
#pragma once
#include <functional>

#include "operators/targets/http/message_sender.h"

namespace offtake::targets::push {

struct Senders {
  std::shared_ptr<http::ReceiverNotes> notes;  // every sender's
  // A sender with so many messages in flight at most. Called by the thread that owns the target.
  std::function<base::Result<std::unique_ptr<http::MessageSender>>(std::size_t max_in_flight)> open;
};

}  // namespace offtake::targets::push
