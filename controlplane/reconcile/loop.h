// The control loop: watches kinds, queues keys, runs reconcilers. Level-triggered: a reconciler looks at what
// is there, never at what happened. Writes of a status alone do not queue the object. A failure is tried
// again with backoff.
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "controlplane/reconcile/queue.h"
#include "controlplane/store/resource_client.h"

namespace offtake::reconcile {

// When to look again without being asked; zero: not before something changes.
struct Again {
  std::chrono::milliseconds after{0};
};

// One kind's reconciler. Called for one key at a time, by any of the loop's threads.
class Reconciler {
 public:
  virtual ~Reconciler() = default;
  virtual const resources::Kind& kind() const = 0;
  virtual base::Result<Again> reconcile(const std::string& namespace_name, const std::string& name) = 0;
};

class Loop {
 public:
  explicit Loop(store::ResourceClient& client) : client_(client) {}
  ~Loop() { stop(); }

  // REQUIRES: before start(). `threads` reconcile in parallel, different keys.
  void add(std::unique_ptr<Reconciler> reconciler, int threads);
  // Every change of an object of `cause` queues all objects of `dependent`: who waits for it looks again.
  void wake_on(const resources::Kind& cause, const resources::Kind& dependent);
  // Asks for a look at one object ("namespace/name", "/name"): something beside the resources has changed.
  void look_at(const resources::Kind& kind, const std::string& key);
  void start();
  // No further reconcile is begun; does not wait.
  void request_stop();
  // Ends after the reconciles in work; idempotent.
  void stop();

 private:
  struct Controller {
    std::unique_ptr<Reconciler> reconciler;
    int threads = 1;
    WorkQueue queue;
    std::mutex mutex;
    std::map<std::string, int> failures;  // in a row, by key; guarded by mutex
    int count_failure(const std::string& key);
    void forget_failures(const std::string& key);
  };
  void watch(Controller& controller, std::stop_token stop);
  void wake(const resources::Kind& cause, Controller& dependent, std::stop_token stop);
  void work(Controller& controller, std::stop_token stop);
  void queue_all(Controller& controller);
  // Follows a kind for ever, listing again when the watch has expired.
  // `on_pause`, which may be null: after one event or more, when there is no further one at present.
  void follow(const resources::Kind& kind, std::stop_token stop,
              const std::function<void(const store::WatchEvent&)>& on_event,
              const std::function<void()>& on_pause = nullptr);

  store::ResourceClient& client_;
  std::vector<std::unique_ptr<Controller>> controllers_;
  std::vector<std::pair<const resources::Kind*, const resources::Kind*>> wakes_;
  std::vector<std::jthread> threads_;
};

// Who waits for something looks again when it changes; the order of `apply` never matters.
void wake_dependents(Loop& loop);

}  // namespace offtake::reconcile
