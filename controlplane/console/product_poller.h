// Looks at the products that streams follow, about once a second and when they change, and tells the hub how
// they are. Nobody's product is looked at. Some threads share the work, so that a worker that does not answer
// holds up no other product. Thread-safe.
#pragma once
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "controlplane/console/hub.h"

namespace offtake::console {

class ProductPoller {
 public:
  // What a product is like, as changed_data writes it; absent: there is none; an error: not to be had at
  // present.
  using Look = std::function<base::Result<std::optional<std::string>>(const ProductName&)>;
  ProductPoller(Hub& hub, Look look, std::chrono::milliseconds every = std::chrono::milliseconds(1000),
                int threads = 4);
  ~ProductPoller();

  void follow(const ProductName& product);
  void leave(const ProductName& product);
  void poke(const ProductName& product);  // look now, if it is followed

 private:
  struct State {
    std::chrono::steady_clock::time_point due;
    bool looking = false;
    bool again = false;               // poked while being looked at
    std::optional<std::string> told;  // the last data; empty: removed
  };
  void run(const std::stop_token& stop);
  std::map<ProductName, State>::iterator next_due();

  Hub& hub_;
  const Look look_;
  const std::chrono::milliseconds every_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::map<ProductName, State> products_;
  std::vector<std::jthread> threads_;
};

}  // namespace offtake::console
