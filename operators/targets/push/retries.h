// The retry queues between epochs: what tries of their heads made of them, which heads are tried next, and
// what there is to say about it. One thread; the tries are made by others (retry_lanes.h).
#pragma once
#include "operators/targets/push/retry_lanes.h"

namespace offtake::targets::push {

class Retries {
 public:
  // As RetryLanes.
  Retries(Senders senders, const PushSpec& spec, const Answers* answers, std::string source,
          std::stop_token stop);

  // What became of the tries since the last call, in `queues`, and what is to be written for that. Should
  // writing it fail, the queues are to be loaded again. A head that is not the message any more that was
  // tried was replayed or discarded meanwhile.
  struct Settled {
    std::vector<journal::Change> changes;
    std::vector<sources::NewRecord> answers;
  };
  Settled settle(RetryQueues& queues);

  // Begins to try heads whose time has come. Error: none can be sent just now, or messages wait for a
  // receiver that takes none.
  base::Status go_on(const RetryQueues& queues);
  // Whether the head of one of these keys' queues is being tried, or is to be now.
  bool tries(const std::set<std::string>& keys, const RetryQueues& queues) const;

 private:
  void begin(const RetryQueues& queues);
  void note_round(base::Status ended);

  const PushSpec spec_;
  const std::shared_ptr<http::ReceiverNotes> notes_;
  std::chrono::steady_clock::time_point next_{};  // not before
  base::Status last_;                             // how the last round went
  RetryLanes lanes_;
};

}  // namespace offtake::targets::push
