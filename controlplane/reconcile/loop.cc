#include "controlplane/reconcile/loop.h"

#include <exception>
#include <map>

#include "base/id.h"
#include "base/log.h"
#include "base/retry.h"

namespace offtake::reconcile {
namespace {

using namespace std::chrono_literals;

std::string key_of(const json::Value& object) {
  const json::Value& metadata = object["metadata"];
  return metadata.string_or("namespace") + "/" + metadata.string_or("name");
}

// What of an object asks for a look at it. A status that the reconciler wrote itself does not.
std::string asking_part(const json::Value& object) {
  const json::Value& metadata = object["metadata"];
  json::Value out = json::Value::array();
  for (const char* name : {"uid", "labels", "annotations", "finalizers", "deletionTimestamp"})
    out.push_back(metadata[name]);
  // Kinds without a generation, as Secrets, have no status either.
  const json::Value* generation = metadata.find("generation");
  out.push_back(generation != nullptr ? *generation : metadata["resourceVersion"]);
  return json::dump_canonical(out);
}

// What of an object those look at who wait for it: also its status, but for what only counts them.
std::string awaited_part(const json::Value& object) {
  json::Value status = object["status"];
  status.erase("products");
  return asking_part(object) + json::dump_canonical(status);
}

// Of a Namespace its labels alone are looked at: by them access is given.
std::string labels_part(const json::Value& object) {
  return json::dump_canonical(object["metadata"]["labels"]);
}

// What of a kind's objects was looked at already.
class Seen {
 public:
  explicit Seen(std::string (*part_of)(const json::Value&)) : part_of_(part_of) {}

  // Whether the event asks for a look.
  bool is_news(const store::WatchEvent& event) {
    const std::string key = key_of(event.object);
    if (event.type == store::WatchEventType::kDeleted) {
      parts_.erase(key);
      return true;
    }
    std::string part = part_of_(event.object);
    std::string& known = parts_[key];
    if (known == part) return false;
    known = std::move(part);
    return true;
  }

 private:
  std::string (*const part_of_)(const json::Value&);
  std::map<std::string, std::string> parts_;
};

constexpr base::Backoff kAfterConflict{50ms, 2s, 2.0};
constexpr base::Backoff kAfterFailure{500ms, 30s, 2.0};

}  // namespace

int Loop::Controller::count_failure(const std::string& key) {
  std::lock_guard lock(mutex);
  return ++failures[key];
}

void Loop::Controller::forget_failures(const std::string& key) {
  std::lock_guard lock(mutex);
  failures.erase(key);
}

void Loop::add(std::unique_ptr<Reconciler> reconciler, int threads) {
  auto controller = std::make_unique<Controller>();
  controller->reconciler = std::move(reconciler);
  controller->threads = threads;
  controllers_.push_back(std::move(controller));
}

void Loop::wake_on(const resources::Kind& cause, const resources::Kind& dependent) {
  wakes_.emplace_back(&cause, &dependent);
}

void Loop::look_at(const resources::Kind& kind, const std::string& key) {
  for (auto& controller : controllers_) {
    if (&controller->reconciler->kind() == &kind) controller->queue.add(key);
  }
}

void wake_dependents(Loop& loop) {
  using resources::kind_of;
  const auto& product = kind_of<resources::DataProduct>();
  const auto& dataset = kind_of<resources::Dataset>();
  const auto& event_store = kind_of<resources::EventStore>();
  const auto& target_class = kind_of<resources::TargetClass>();
  const auto& secret = kind_of<resources::Secret>();
  for (const auto* cause : {&event_store, &secret}) loop.wake_on(*cause, dataset);
  loop.wake_on(secret, event_store);
  loop.wake_on(secret, target_class);
  for (const auto* cause : {&dataset, &event_store, &target_class, &kind_of<resources::Namespace>()}) {
    loop.wake_on(*cause, product);
  }
}

void Loop::start() {
  for (auto& controller : controllers_) {
    threads_.emplace_back([this, c = controller.get()](std::stop_token stop) { watch(*c, stop); });
    for (int i = 0; i < controller->threads; ++i) {
      threads_.emplace_back([this, c = controller.get()](std::stop_token stop) { work(*c, stop); });
    }
    for (const auto& [cause, dependent] : wakes_) {
      if (dependent != &controller->reconciler->kind()) continue;
      threads_.emplace_back(
          [this, cause = cause, c = controller.get()](std::stop_token stop) { wake(*cause, *c, stop); });
    }
  }
}

void Loop::request_stop() {
  for (auto& thread : threads_) thread.request_stop();
}

void Loop::stop() {
  request_stop();
  threads_.clear();
}

void Loop::follow(const resources::Kind& kind, std::stop_token stop,
                  const std::function<void(const store::WatchEvent&)>& on_event,
                  const std::function<void()>& on_pause) {
  while (!stop.stop_requested()) {
    auto watch = client_.watch(kind, "");
    if (!watch) {
      base::log_warn("cannot watch", {{"kind", kind.kind}, {"error", watch.error().text()}});
      std::mutex mutex;
      std::condition_variable_any wake;
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, 500ms, [] { return false; });
      continue;
    }
    bool pausing = true;
    while (!stop.stop_requested()) {
      auto event = (*watch)->next(pausing ? 200ms : 0ms);
      if (!event) break;  // expired: list and watch again
      if (!event->has_value()) {
        if (!pausing && on_pause) on_pause();
        pausing = true;
      } else if ((*event)->type != store::WatchEventType::kBookmark) {
        on_event(**event);
        pausing = false;
      }
    }
    if (!pausing && on_pause) on_pause();
  }
}

void Loop::watch(Controller& controller, std::stop_token stop) {
  Seen seen(asking_part);
  follow(controller.reconciler->kind(), stop, [&](const store::WatchEvent& event) {
    const std::string key = key_of(event.object);
    if (event.type == store::WatchEventType::kDeleted) {
      controller.queue.forget(key);
    } else if (!event.object.at({"status", "observedGeneration"}).is_null()) {
      controller.queue.is_known(key);
    }
    if (seen.is_news(event)) controller.queue.add(key);
  });
}

void Loop::wake(const resources::Kind& cause, Controller& dependent, std::stop_token stop) {
  // Of many that come at once all are told together.
  Seen seen(&cause == &resources::kind_of<resources::Namespace>() ? labels_part : awaited_part);
  bool news = false;
  follow(
      cause, stop, [&](const store::WatchEvent& event) { news = seen.is_news(event) || news; },
      [&] {
        if (std::exchange(news, false)) queue_all(dependent);
      });
}

void Loop::queue_all(Controller& controller) {
  auto objects = client_.list(controller.reconciler->kind());
  if (!objects) return;
  for (const json::Value& object : objects->items) controller.queue.add(key_of(object));
}

void Loop::work(Controller& controller, std::stop_token stop) {
  while (auto key = controller.queue.take(stop)) {
    const auto slash = key->find('/');
    const std::string namespace_name = key->substr(0, slash), name = key->substr(slash + 1);
    base::LogScope scope({{"component", "reconcile"},
                          {"kind", controller.reconciler->kind().kind},
                          {"namespace", namespace_name},
                          {"name", name}});
    base::Result<Again> result = Again{};
    try {
      result = controller.reconciler->reconcile(namespace_name, name);
    } catch (const std::exception& bug) {
      result = base::internal(bug.what());
    }
    controller.queue.done(*key);
    if (result) {
      controller.forget_failures(*key);
      if (result->after > 0ms) controller.queue.add_after(*key, result->after);
      continue;
    }
    // A conflict is somebody else's write that came in between: look at once at what is there now.
    const bool conflict = result.error().code == "Conflict";
    if (!conflict) base::log_warn("will be tried again", {{"error", result.error().text()}});
    const int failures = controller.count_failure(*key);
    controller.queue.add_after(
        *key, base::backoff_delay(conflict ? kAfterConflict : kAfterFailure, failures, base::random_u64()));
  }
}

}  // namespace offtake::reconcile
