#include "controlplane/console/object_watch.h"

#include "base/log.h"
#include "controlplane/console/frames.h"

namespace offtake::console {
namespace {

using namespace std::chrono_literals;

constexpr auto kPause = 1s;
constexpr auto kLook = 60s;

std::string id_of(const json::Value& object) {
  const json::Value& metadata = object["metadata"];
  const std::string space = metadata.string_or("namespace"), name = metadata.string_or("name");
  return space.empty() ? name : space + "/" + name;
}

ProductName name_of(const json::Value& metadata) {
  return {metadata.string_or("namespace"), metadata.string_or("name")};
}

}  // namespace

// Of one kind. One thread at a time uses it.
class ObjectWatch::Follower {
 public:
  Follower(store::ResourceClient& client, Hub& hub, const resources::Kind& kind,
           std::function<void(const ProductName&)> poke)
      : client_(client), hub_(hub), kind_(kind), poke_(std::move(poke)) {
    // What cannot be listed yet is told as changed when it can.
    (void)begin(false);
  }

  void run(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    while (!stop.stop_requested()) {
      if (watch_ == nullptr && !begin(true)) {
        std::unique_lock lock(mutex);
        wake.wait_for(lock, stop, kPause, [] { return false; });
        continue;
      }
      follow(stop);
      watch_.reset();
    }
  }

 private:
  struct Known {
    std::string topic, id, version;
  };

  // Lists and watches from there. `tell`: of what differs from what was known.
  bool begin(bool tell) {
    auto listed = client_.list(kind_);
    auto watch = listed ? client_.watch(kind_, listed->resource_version) : std::move(listed).error();
    if (!watch) {
      base::log_debug("the console cannot follow", {{"kind", kind_.kind}, {"error", watch.error().text()}});
      return false;
    }
    watch_ = *std::move(watch);
    std::map<std::string, Known, std::less<>> before = std::move(known_);
    known_.clear();
    for (json::Value& object : listed->items) {
      const std::string key = id_of(object);
      const auto found = before.find(key);
      const bool same =
          found != before.end() && found->second.version == object["metadata"].string_or("resourceVersion");
      if (found != before.end()) before.erase(found);
      note(std::move(object), tell && !same);
    }
    for (const auto& [key, gone] : before) tell_removed(gone);
    return true;
  }

  void follow(const std::stop_token& stop) {
    const std::stop_callback close(stop, [this] { watch_->close(); });
    while (!stop.stop_requested()) {
      auto event = watch_->next(kLook);
      if (!event) return;  // listed again
      if (!event->has_value()) continue;
      json::Value& object = (*event)->object;
      switch ((*event)->type) {
        case store::WatchEventType::kAdded:
        case store::WatchEventType::kModified:
          note(std::move(object), true);
          break;
        case store::WatchEventType::kDeleted:
          if (const auto found = known_.find(id_of(object)); found != known_.end()) {
            tell_removed(found->second);
            known_.erase(found);
          }
          break;
        case store::WatchEventType::kBookmark:
          break;
      }
    }
  }

  void note(json::Value object, bool tell) {
    const std::string key = id_of(object);
    Known now{kind_.plural, key, object["metadata"].string_or("resourceVersion")};
    if (&kind_ == &resources::kind_of<resources::Event>()) {
      const json::Value& about = object["involvedObject"];
      if (about.string_or("kind") != resources::kind_of<resources::DataProduct>().kind) return;
      now.topic = events_topic(name_of(about));
      now.id = object["metadata"].string_or("name");
    }
    if (tell) {
      if (is_product()) poke_(name_of(object["metadata"]));
      std::string data = changed_data(now.topic, now.id, std::move(object));
      hub_.changed(now.topic, now.id, std::move(data));
    }
    known_.insert_or_assign(key, std::move(now));
  }

  void tell_removed(const Known& gone) {
    hub_.removed(gone.topic, gone.id);
    if (!is_product()) return;
    const std::size_t slash = gone.id.find('/');
    poke_({gone.id.substr(0, slash), gone.id.substr(slash + 1)});
  }

  bool is_product() const { return &kind_ == &resources::kind_of<resources::DataProduct>(); }

  store::ResourceClient& client_;
  Hub& hub_;
  const resources::Kind& kind_;
  const std::function<void(const ProductName&)> poke_;
  std::unique_ptr<store::Watch> watch_;
  std::map<std::string, Known, std::less<>> known_;  // by namespace/name
};

ObjectWatch::ObjectWatch(store::ResourceClient& client, Hub& hub,
                         std::function<void(const ProductName&)> poke) {
  std::vector<const resources::Kind*> kinds = kinds_with_topic();
  kinds.push_back(&resources::kind_of<resources::Event>());
  for (const resources::Kind* kind : kinds)
    followers_.push_back(std::make_unique<Follower>(client, hub, *kind, poke));
  for (const auto& follower : followers_) {
    threads_.emplace_back([follower = follower.get()](const std::stop_token& stop) {
      try {
        follower->run(stop);
      } catch (const std::exception& bug) {
        (void)base::internal(bug.what());
      }
    });
  }
}

ObjectWatch::~ObjectWatch() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

}  // namespace offtake::console
