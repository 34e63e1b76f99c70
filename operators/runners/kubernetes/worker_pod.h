// What a pod says of its worker. Pure.
#pragma once
#include <optional>
#include <string>

#include "base/json/value.h"
#include "base/result.h"

namespace offtake::runners {

struct PodFacts {
  std::string name, uid, ip;
  bool ending = false;   // it was told to end
  bool running = false;  // its container runs
  int restarts = 0;
  std::int64_t created = 0;      // microseconds
  std::int64_t started = 0;      // the same; 0: not yet
  std::optional<int> last_exit;  // of the container before this one
  // Why it does not run: no node takes it, its image is not to be had, its container ends again and again.
  std::optional<base::Error> waits;
};

PodFacts pod_facts(const json::Value& pod);
// Of those of one revision the one that counts: not ending, the youngest; else one that ends; absent: none.
std::optional<PodFacts> present_pod(const std::vector<json::Value>& pods);

}  // namespace offtake::runners
