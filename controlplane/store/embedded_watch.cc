#include "controlplane/store/embedded_watch.h"

#include "controlplane/store/write_rules.h"

namespace offtake::store {
namespace {

class EmbeddedWatch final : public Watch {
 public:
  EmbeddedWatch(std::shared_ptr<EventRing> ring, WatchFilter filter, std::int64_t version,
                std::vector<ObjectPtr> present)
      : ring_(std::move(ring)), filter_(std::move(filter)), cursor_(version), present_(std::move(present)) {}

  base::Result<std::optional<WatchEvent>> next(std::chrono::milliseconds timeout) override {
    if (shown_ < present_.size()) {
      const ObjectPtr object = std::move(present_[shown_++]);
      return std::optional<WatchEvent>(WatchEvent{WatchEventType::kAdded, *object});
    }
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (!closed_.load()) {
      auto event = ring_->next(*filter_.kind, cursor_, deadline, closed_);
      if (!event) return std::move(event).error();
      if (!event->has_value()) break;
      if (auto seen = as_seen(**event)) return seen;
    }
    return std::optional<WatchEvent>();
  }

  void close() override {
    closed_ = true;
    ring_->wake();
  }

  std::string position() const override { return std::to_string(cursor_); }

 private:
  // What a change is to somebody who only sees what the filter lets through.
  std::optional<WatchEvent> as_seen(const RingEvent& event) const {
    const bool was = event.before != nullptr && filter_.matches(*event.before);
    if (event.after == nullptr) {
      if (!was) return std::nullopt;
      return WatchEvent{WatchEventType::kDeleted, *event.last};
    }
    const bool is = filter_.matches(*event.after);
    if (!was && !is) return std::nullopt;
    if (was && !is) {
      json::Value last = *event.before;
      last.get_or_add("metadata").set("resourceVersion", version_of(*event.after));
      return WatchEvent{WatchEventType::kDeleted, std::move(last)};
    }
    return WatchEvent{was ? WatchEventType::kModified : WatchEventType::kAdded, *event.after};
  }

  std::shared_ptr<EventRing> ring_;
  WatchFilter filter_;
  std::int64_t cursor_;
  std::vector<ObjectPtr> present_;
  std::size_t shown_ = 0;
  std::atomic<bool> closed_{false};
};

}  // namespace

bool WatchFilter::matches(const json::Value& object) const {
  if (!namespace_name.empty() && namespace_of(object) != namespace_name) return false;
  return labels.matches(object) && fields.matches(object);
}

std::unique_ptr<Watch> make_embedded_watch(std::shared_ptr<EventRing> ring, WatchFilter filter,
                                           std::int64_t version, std::vector<ObjectPtr> present) {
  return std::make_unique<EmbeddedWatch>(std::move(ring), std::move(filter), version, std::move(present));
}

}  // namespace offtake::store
