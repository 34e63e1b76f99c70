#include "operators/delivery/source_thread.h"

#include "base/log.h"

namespace offtake::delivery {
namespace {

using namespace std::chrono_literals;

constexpr auto kPollTimeout = 100ms;
constexpr auto kLookForPartitions = 30s;
// Of held partitions; beyond it nothing is read until the first one goes on.
constexpr std::size_t kHeldBytes = 8 << 20;

}  // namespace

void SourceThread::run() {
  look_again_ = std::chrono::steady_clock::now() + kLookForPartitions;
  while (!stop_.stop_requested() && step()) {
  }
}

bool SourceThread::step() {
  const Time now = std::chrono::steady_clock::now();
  if (!held_.empty() && now >= retry_held_at_ && !retry_held()) return false;
  if (!live_ && held_.empty() && input_.finished()) {
    push(SourceFinished{index_});
    return false;
  }
  if (held_bytes_ > kHeldBytes || (!live_ && input_.finished())) return sleep_for(kPollTimeout, stop_);
  auto polled = input_.poll(kPollTimeout);
  if (!polled) return recover(std::move(polled).error());
  if (!look_at_store()) return false;
  if (polled->has_value() && !take(**std::move(polled))) return false;
  return !live_ || now < look_again_ || look_for_partitions();
}

// A reader goes on trying by itself for a while. What comes after that must be of the same topic.
bool SourceThread::look_at_store() {
  away_.look(input_);
  const auto error = input_.away();
  if (error) {
    if (!was_away_) stopped(*error);
    was_away_ = true;
    return true;
  }
  if (!was_away_) return true;
  was_away_ = false;
  if (auto same = input_.check_same(stop_); !same) {
    if (!insist(std::move(same).error(), [&] { return input_.check_same(stop_); })) return false;
  }
  goes_on();
  return true;
}

// The reader gave up: another one takes its place as soon as the store answers.
bool SourceThread::recover(base::Error error) {
  if (passes_by_itself(error) && !was_away_) stopped(error);
  if (!insist(std::move(error), [&] { return input_.reopen(stop_); })) return false;
  was_away_ = false;
  away_.look(input_);
  goes_on();
  return true;
}

bool SourceThread::insist(base::Error error, const std::function<base::Status()>& call) {
  RetryPause pause;
  while (passes_by_itself(error)) {
    if (!say(error)) return false;
    if (!sleep_for(pause.next(), stop_)) return false;
    auto done = call();
    if (done) return say(std::nullopt);
    error = std::move(done).error();
  }
  return fail(std::move(error));
}

void SourceThread::stopped(const base::Error& error) const {
  base::log_warn("reading stopped", {{"dataset", input_.source().dataset}, {"error", error.text()}});
}
void SourceThread::goes_on() const {
  base::log_info("reading goes on", {{"dataset", input_.source().dataset}});
}

bool SourceThread::take(sources::RecordBatch records) {
  if (const auto held = held_.find(records.partition); held != held_.end()) {
    held_bytes_ += records.bytes;
    held->second.batches.push_back(std::move(records));
    return true;
  }
  auto batch = input_.decode(records);
  if (!batch) return hold(std::move(records), std::move(batch).error());
  const std::size_t bytes = batch->bytes + 256;
  return push(*std::move(batch), bytes);
}

bool SourceThread::hold(sources::RecordBatch records, base::Error error) {
  if (error.retry != base::Retry::kRow && !passes_by_itself(error)) return fail(std::move(error));
  if (held_.empty()) {
    held_pause_.reset();
    retry_held_at_ = std::chrono::steady_clock::now() + held_pause_.next();
  }
  if (!say(error)) return false;
  held_bytes_ += records.bytes;
  Held& held = held_[records.partition];
  held.error = std::move(error);
  held.batches.push_back(std::move(records));
  return true;
}

bool SourceThread::retry_held() {
  for (auto at = held_.begin(); at != held_.end();) {
    if (!drain(at->second)) return false;
    at = at->second.batches.empty() ? held_.erase(at) : std::next(at);
  }
  if (held_.empty()) return say(std::nullopt);
  retry_held_at_ = std::chrono::steady_clock::now() + held_pause_.next();
  return say(held_.begin()->second.error);
}

bool SourceThread::drain(Held& held) {
  while (!held.batches.empty()) {
    auto batch = input_.decode(held.batches.front());
    if (!batch) {
      held.error = std::move(batch).error();
      const bool row = held.error.retry == base::Retry::kRow;
      if (!row && !passes_by_itself(held.error)) return fail(std::move(held.error));
      // A record that never decodes goes with its retention; whoever starts again begins after it.
      if (row && removed_by_retention(held)) return fail(std::move(held.error));
      return true;
    }
    held_bytes_ -= held.batches.front().bytes;
    held.batches.pop_front();
    const std::size_t bytes = batch->bytes + 256;
    if (!push(*std::move(batch), bytes)) return false;
  }
  return true;
}

bool SourceThread::removed_by_retention(const Held& held) const {
  const auto& first = held.batches.front();
  auto bounds = input_.source().store->bounds(input_.source().topic);
  if (!bounds || first.records.empty()) return false;
  const auto bound = bounds->find(first.partition);
  return bound != bounds->end() && bound->second.earliest > first.records.front().offset;
}

bool SourceThread::look_for_partitions() {
  look_again_ = std::chrono::steady_clock::now() + kLookForPartitions;
  // A store that does not answer shows in poll(); looking again later is enough.
  if (auto looked = input_.look_for_partitions(*pipeline_.progress); !looked) {
    base::log_warn("cannot look for new partitions", {{"error", looked.error().text()}});
  }
  return true;
}

bool SourceThread::say(std::optional<base::Error> error) {
  return push(SourceTrouble{index_, std::move(error)});
}

bool SourceThread::fail(base::Error error) {
  push(std::move(error));
  return false;
}

}  // namespace offtake::delivery
