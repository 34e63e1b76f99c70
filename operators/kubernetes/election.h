// One leader among several processes, by a coordination.k8s.io/v1 Lease. Whoever holds it renews it every
// `retry_period`; one that was not renewed for `lease_duration`, counted by the watcher's own clock from when
// it saw the last renewal, may be taken. A leader that could not renew for `renew_deadline` leads no longer,
// by its own clock: leads() says no from then on, also when the process was held and goes on later.
//
// A Lease is no fence: a write that is on its way arrives. What is written to targets has fences of its own.
//
// After client-go's tools/leaderelection (its times and its way of observing).
#pragma once
#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "operators/kubernetes/client.h"

namespace offtake::kubernetes {

struct ElectionOptions {
  std::string namespace_name, lease_name;
  std::string identity;  // unique among the processes: host name and a random part
  std::chrono::milliseconds lease_duration{15'000};
  std::chrono::milliseconds renew_deadline{10'000};
  std::chrono::milliseconds retry_period{2'000};
};

class Election {
 public:
  // `client` outlives it and is not held back by leads(), for it makes leaders.
  Election(Client& client, ElectionOptions options);

  // Campaigns until `stop`: calls `lead` in a thread of its own whenever this process has become the leader,
  // with a token by which it is asked to end. The Lease is given back, and another campaign begun, after it
  // has returned.
  void run(const std::function<void(std::stop_token)>& lead, std::stop_token stop);

  bool leads() const;
  std::string leader() const;  // as last seen; empty: nobody
  // What keeps it from reading or writing the Lease at present; empty: nothing.
  std::string trouble() const;

 private:
  bool try_acquire();
  bool try_renew();
  void release();
  bool write_lease(json::Value lease, bool create, bool held);
  void observe(const json::Value& lease);
  std::chrono::milliseconds jittered(std::chrono::milliseconds period) const;
  void note(std::string trouble);

  Client& client_;
  ElectionOptions options_;
  std::atomic<std::int64_t> renewed_ns_ = 0;  // steady clock; 0: does not lead
  mutable std::mutex mutex_;
  std::string leader_, trouble_;
  // The Lease as last seen, and when it changed last. Of the campaign's thread.
  std::string observed_record_;
  std::chrono::steady_clock::time_point observed_at_{};
};

}  // namespace offtake::kubernetes
