#include "controlplane/console/product_poller.h"

namespace offtake::console {

using Clock = std::chrono::steady_clock;

ProductPoller::ProductPoller(Hub& hub, Look look, std::chrono::milliseconds every, int threads)
    : hub_(hub), look_(std::move(look)), every_(every) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
}

ProductPoller::~ProductPoller() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

void ProductPoller::follow(const ProductName& product) {
  const std::lock_guard lock(mutex_);
  State& state = products_[product];
  state.due = Clock::now();
  state.told.reset();  // the hub has forgotten it
  wake_.notify_all();
}

void ProductPoller::leave(const ProductName& product) {
  const std::lock_guard lock(mutex_);
  // It may be followed again already: the two calls come from two streams.
  if (!hub_.is_followed(product_topic(product))) products_.erase(product);
}

void ProductPoller::poke(const ProductName& product) {
  const std::lock_guard lock(mutex_);
  const auto found = products_.find(product);
  if (found == products_.end()) return;
  found->second.due = Clock::now();
  found->second.again = true;
  wake_.notify_all();
}

std::map<ProductName, ProductPoller::State>::iterator ProductPoller::next_due() {
  auto out = products_.end();
  for (auto one = products_.begin(); one != products_.end(); ++one) {
    if (!one->second.looking && (out == products_.end() || one->second.due < out->second.due)) out = one;
  }
  return out;
}

void ProductPoller::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const auto next = next_due();
    const Clock::time_point now = Clock::now();
    if (next == products_.end() || next->second.due > now) {
      const auto until = next == products_.end() ? now + every_ : next->second.due;
      wake_.wait_until(lock, stop, until, [&] {
        const auto sooner = next_due();
        return sooner != products_.end() && sooner->second.due < until;
      });
      continue;
    }
    const ProductName product = next->first;
    next->second.looking = true;
    next->second.again = false;
    lock.unlock();
    base::Result<std::optional<std::string>> seen = std::optional<std::string>();
    try {
      seen = look_(product);
    } catch (const std::exception& bug) {
      seen = base::internal(bug.what());
    }
    lock.lock();
    const auto found = products_.find(product);
    if (found == products_.end()) continue;
    State& state = found->second;
    state.looking = false;
    state.due = state.again ? Clock::now() : Clock::now() + every_;
    if (!seen) continue;
    std::string data = seen->value_or("");
    if (state.told == data) continue;
    state.told = data;
    const std::string topic = product_topic(product);
    if (seen->has_value()) {
      hub_.changed(topic, product.key(), std::move(data));
    } else {
      hub_.removed(topic, product.key());
    }
  }
}

}  // namespace offtake::console
