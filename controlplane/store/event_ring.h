// The last changes of the store, for watches: a ring that is read by cursor. Thread-safe.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "base/json/value.h"
#include "base/result.h"
#include "controlplane/resources/kind.h"

namespace offtake::store {

using ObjectPtr = std::shared_ptr<const json::Value>;

struct RingEvent {
  std::int64_t version = 0;
  const resources::Kind* kind = nullptr;
  ObjectPtr before;  // null: created
  ObjectPtr after;   // null: deleted
  ObjectPtr last;    // of a deletion: the last state, with this version
};

class EventRing {
 public:
  // `start`: the newest version at the time of opening; what was before is not known.
  EventRing(std::int64_t start, std::size_t capacity) : oldest_(start), newest_(start), capacity_(capacity) {}

  void push(RingEvent event);
  // The first change after `cursor` of that kind; moves the cursor to it, or to the newest version seen.
  // Waits until `deadline` or until `closed` (watched under the ring's lock). Code Expired when changes
  // after `cursor` are no longer known.
  base::Result<std::optional<RingEvent>> next(const resources::Kind& kind, std::int64_t& cursor,
                                              std::chrono::steady_clock::time_point deadline,
                                              const std::atomic<bool>& closed);
  // Calls `undo` with the changes of that kind after `version`, the newest first. False, and nothing done,
  // when they are no longer all known.
  bool each_since(const resources::Kind& kind, std::int64_t version,
                  const std::function<void(const RingEvent&)>& undo) const;
  void wake();                             // lets waiting readers look at their `closed`
  bool knows(std::int64_t version) const;  // whether a watch may start after it

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<RingEvent> events_;
  std::int64_t oldest_;  // changes after this version are all here
  std::int64_t newest_;
  std::size_t capacity_;
};

base::Error expired(std::int64_t version);

}  // namespace offtake::store
