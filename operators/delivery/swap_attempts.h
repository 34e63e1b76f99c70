// Asks the target again and again to publish the revision, and says what keeps it from that. One thread.
#pragma once
#include <optional>

#include "operators/delivery/pipeline.h"
#include "operators/delivery/retry.h"
#include "operators/delivery/troubles.h"

namespace offtake::delivery {

class SwapAttempts {
 public:
  // REQUIRES: both outlive it.
  SwapAttempts(const Pipeline& pipeline, Troubles& troubles) : pipeline_(pipeline), troubles_(troubles) {}

  // None where it is not time for one, or where it failed: the earlier revision stays live meanwhile, so that
  // is only noted. Error: the revision is lost to this worker.
  base::Result<std::optional<targets::SwapResult>> next(bool at_once);
  // The next one is made when it is asked for.
  void do_not_wait() { after_ = {}; }

 private:
  void blocked(const std::string& by);
  void free();

  const Pipeline& pipeline_;
  Troubles& troubles_;
  std::chrono::steady_clock::time_point after_{};
  std::optional<base::Micros> blocked_since_;
  RetryPause pause_;
};

}  // namespace offtake::delivery
