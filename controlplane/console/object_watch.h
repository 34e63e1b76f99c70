// Follows the objects of the kinds that streams are about, by one watch a kind, into the hub. Made once; the
// threads end with it.
#pragma once
#include <thread>
#include <vector>

#include "controlplane/console/hub.h"
#include "controlplane/store/resource_client.h"

namespace offtake::console {

class ObjectWatch {
 public:
  // Knows what is there when it returns: nothing that changes afterwards is missed. `poke` is told of each
  // product that changed. REQUIRES: client and hub outlive it.
  ObjectWatch(store::ResourceClient& client, Hub& hub, std::function<void(const ProductName&)> poke);
  ~ObjectWatch();

 private:
  class Follower;
  std::vector<std::unique_ptr<Follower>> followers_;
  std::vector<std::jthread> threads_;
};

}  // namespace offtake::console
