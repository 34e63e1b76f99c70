// Objects of a kind as they are stored, followed by a watch that is read when somebody wants to know.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "controlplane/store/resource_client.h"

namespace offtake::catalog {

template <class T>
class Follower {
 public:
  explicit Follower(store::ResourceClient& resources) : resources_(resources) {}

  // Calls `change` with everything that changed since the last call (null: it is gone), and `forget` before
  // everything comes again: at first, and where the changes in between are no longer known. Waits for
  // nothing.
  base::Status catch_up(const std::function<void()>& forget,
                        const std::function<void(const std::string& key, std::unique_ptr<T>)>& change) {
    using namespace std::chrono_literals;
    for (int tries = 0; tries < 2; ++tries) {
      if (watch_ == nullptr) {
        auto opened = resources_.watch(resources::kind_of<T>(), "");
        if (!opened) return std::move(opened).error();
        watch_ = *std::move(opened);
        forget();
      }
      for (;;) {
        auto event = watch_->next(0ms);
        if (!event) {
          watch_ = nullptr;
          if (event.error().code != "Expired") return std::move(event).error();
          break;
        }
        if (!event->has_value()) return {};
        if ((*event)->type == store::WatchEventType::kBookmark) continue;
        auto object = std::make_unique<T>(resources::from_json<T>((*event)->object));
        const std::string key = object->metadata.key();
        if ((*event)->type == store::WatchEventType::kDeleted) object = nullptr;
        change(key, std::move(object));
      }
    }
    return {};
  }

 private:
  store::ResourceClient& resources_;
  std::unique_ptr<store::Watch> watch_;
};

}  // namespace offtake::catalog
