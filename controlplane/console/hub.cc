#include "controlplane/console/hub.h"

#include "base/id.h"
#include "controlplane/console/frames.h"

namespace offtake::console {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBatchBytes = 64 << 10;
constexpr auto kLookForOld = 10s;

// Differences of time are what counts here, and the wall clock may be set.
base::Micros steady_micros(const base::Clock& clock) {
  return std::chrono::duration_cast<std::chrono::microseconds>(clock.steady().time_since_epoch()).count();
}

}  // namespace

Hub::Hub(const base::Clock& clock, ChangeLog::Rules rules)
    : clock_(clock),
      log_(base::random_id(), rules),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Hub::~Hub() = default;

void Hub::changed(std::string_view topic, std::string_view id, std::string data) {
  offer(topic, id, "changed", std::move(data));
}

void Hub::removed(std::string_view topic, std::string_view id) {
  offer(topic, id, "removed", removed_data(topic, id));
}

bool Hub::is_followed(std::string_view topic) const {
  const std::lock_guard lock(mutex_);
  return followed_.find(topic) != followed_.end();
}

void Hub::offer(std::string_view topic, std::string_view id, std::string_view event, std::string data) {
  const std::lock_guard lock(mutex_);
  // Nobody would ever forget it.
  if (product_of(topic) && followed_.find(topic) == followed_.end()) return;
  const std::uint64_t before = log_.newest();
  log_.offer(topic, id, event, std::move(data), steady_micros(clock_));
  wake_readers(before);
  if (log_.newest() == before) due_.notify_all();
}

void Hub::wake_readers(std::uint64_t after) {
  for (const Change* change = log_.after(after); change != nullptr; change = log_.after(change->number)) {
    for (Reader& reader : readers_) {
      if (reader.woken || reader.topics->find(change->topic) == reader.topics->end()) continue;
      reader.woken = true;
      reader.wake.notify_one();
    }
  }
}

void Hub::wake_all() {
  const std::lock_guard lock(mutex_);
  for (Reader& reader : readers_) {
    reader.woken = true;
    reader.wake.notify_one();
  }
}

// Takes in what waits for its time.
void Hub::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const base::Micros now = steady_micros(clock_);
    const std::uint64_t before = log_.newest();
    log_.advance(now);
    wake_readers(before);
    std::chrono::microseconds wait = kLookForOld;
    if (const auto due = log_.next_due())
      wait = std::clamp<std::chrono::microseconds>(std::chrono::microseconds(*due - now), 1ms, wait);
    due_.wait_for(lock, stop, wait, [&, known = log_.next_due()] { return log_.next_due() != known; });
  }
}

std::size_t Hub::bytes() const {
  const std::lock_guard lock(mutex_);
  return log_.bytes();
}

std::unique_ptr<Hub::Subscription> Hub::subscribe(Topics topics, std::string_view after) {
  std::unique_ptr<Subscription> out(new Subscription(*this, std::move(topics)));
  std::vector<ProductName> first;
  {
    const std::lock_guard lock(mutex_);
    out->reader_ = readers_.emplace(readers_.end());
    Reader& reader = *out->reader_;
    reader.topics = &out->topics_;
    reader.cursor = log_.newest();
    if (const auto number = log_.number_of(after); number && log_.knows(*number)) {
      reader.cursor = *number;
      out->resumed_ = true;
    }
    out->lost_ = !after.empty() && !out->resumed_;
    for (const std::string& topic : out->topics_) {
      const int count = ++followed_[topic];
      const auto product = product_of(topic);
      if (!product) continue;
      if (count == 1) first.push_back(*product);
      const Change* present = log_.newest_of(topic, product->key());
      if (present != nullptr && present->number <= reader.cursor) out->first_ += *present->frame;
    }
  }
  if (followers_.first) {
    for (const ProductName& product : first) followers_.first(product);
  }
  return out;
}

Hub::Subscription::~Subscription() {
  std::vector<ProductName> last;
  {
    const std::lock_guard lock(hub_.mutex_);
    hub_.readers_.erase(reader_);
    for (const std::string& topic : topics_) {
      const auto followed = hub_.followed_.find(topic);
      if (--followed->second > 0) continue;
      hub_.followed_.erase(followed);
      if (const auto product = product_of(topic)) {
        hub_.log_.forget(topic, product->key());
        last.push_back(*product);
      }
    }
  }
  if (hub_.followers_.last) {
    for (const ProductName& product : last) hub_.followers_.last(product);
  }
}

// With the lock. True: there is something to tell.
bool Hub::Subscription::take(Batch& batch) {
  Reader& reader = *reader_;
  if (!hub_.log_.knows(reader.cursor)) {
    reader.cursor = hub_.log_.newest();
    batch.reset = true;
    return true;
  }
  const Change* change = nullptr;
  while (batch.text.size() < kBatchBytes && (change = hub_.log_.after(reader.cursor)) != nullptr) {
    reader.cursor = change->number;
    if (topics_.find(change->topic) != topics_.end()) batch.text += *change->frame;
  }
  // What was replaced in between has left no change behind; the cursor is past it all the same.
  if (change == nullptr) reader.cursor = hub_.log_.newest();
  return !batch.text.empty();
}

Hub::Subscription::Batch Hub::Subscription::next(std::chrono::milliseconds timeout, std::stop_token stop) {
  Batch out;
  out.text.swap(first_);
  std::unique_lock lock(hub_.mutex_);
  Reader& reader = *reader_;
  if (!take(out) && out.text.empty()) {
    reader.wake.wait_for(lock, stop, timeout, [&] { return reader.woken; });
    take(out);
  }
  reader.woken = false;
  return out;
}

std::string Hub::Subscription::position() const {
  const std::lock_guard lock(hub_.mutex_);
  return hub_.log_.id_of(reader_->cursor);
}

}  // namespace offtake::console
