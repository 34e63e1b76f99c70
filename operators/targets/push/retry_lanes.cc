#include "operators/targets/push/retry_lanes.h"

#include <algorithm>

namespace offtake::targets::push {
namespace {

constexpr std::size_t kMostLanes = 4;
constexpr std::size_t kAtOnce = 128;  // messages of a lane's round

std::size_t share_of(std::size_t max_in_flight) {
  return std::max<std::size_t>(max_in_flight / 4, 1);
}
std::size_t lanes_for(std::size_t max_in_flight) {
  return std::min(share_of(max_in_flight), kMostLanes);
}

}  // namespace

RetryLanes::RetryLanes(Senders senders, std::size_t max_in_flight, const Answers* answers, std::string source,
                       std::stop_token stop)
    : senders_(std::move(senders)),
      each_(share_of(max_in_flight) / lanes_for(max_in_flight)),
      answers_(answers),
      source_(std::move(source)),
      follows_(std::move(stop), [this] { ends_.request_stop(); }) {
  for (std::size_t i = 0; i < lanes_for(max_in_flight); ++i) lanes_.push_back(std::make_unique<Lane>());
}

RetryLanes::~RetryLanes() {
  ends_.request_stop();
}

std::size_t RetryLanes::room() const {
  const std::lock_guard lock(mutex_);
  const auto idle = std::count_if(lanes_.begin(), lanes_.end(), [](const auto& lane) { return !lane->busy; });
  return static_cast<std::size_t>(idle) * kAtOnce;
}

bool RetryLanes::holds(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  return held_.contains(key);
}

base::Status RetryLanes::begin(std::vector<Unsent> heads) {
  std::vector<Lane*> idle;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& lane : lanes_) {
      if (!lane->busy) idle.push_back(lane.get());
    }
  }
  if (idle.size() > heads.size()) idle.resize(heads.size());
  for (Lane* lane : idle) {
    if (lane->sender) continue;
    auto sender = senders_.open(each_);
    if (!sender) return std::move(sender).error();
    lane->sender = *std::move(sender);
  }
  std::vector<std::vector<Unsent>> parts(idle.size());
  for (std::size_t i = 0; i < heads.size(); ++i) parts[i % idle.size()].push_back(std::move(heads[i]));
  for (std::size_t i = 0; i < idle.size(); ++i) {
    {
      const std::lock_guard lock(mutex_);
      idle[i]->busy = true;
      for (const Unsent& head : parts[i]) held_.insert(head.key);
    }
    // The one of its last round has ended, or is about to.
    idle[i]->thread = std::jthread(
        [this, lane = idle[i], mine = std::move(parts[i])]() mutable { run(*lane, std::move(mine)); });
  }
  return {};
}

void RetryLanes::run(Lane& lane, std::vector<Unsent> heads) {
  std::vector<http::Message> messages;
  for (const Unsent& head : heads) {
    http::Message& message = messages.emplace_back();
    message.key = head.key;
    message.event = head.event;
    message.event.source = source_;
    message.attempt = head.attempts + 1;
  }
  Sending sending(std::move(messages), answers_);
  std::vector<bool> tried(heads.size(), false);
  base::Status sent =
      sending.run_once(*lane.sender, ends_.get_token(), [&](std::size_t index, const Fate& fate) {
        tried[index] = true;
        const std::lock_guard lock(mutex_);
        ended_.push_back({heads[index], fate});
      });
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < heads.size(); ++i) {
    if (!tried[i]) held_.erase(heads[i].key);
  }
  // Of several rounds the one that failed is told of.
  if (!rounds_ || rounds_->ok()) rounds_ = std::move(sent);
  lane.busy = false;
}

std::vector<RetryLanes::Ended> RetryLanes::take() {
  const std::lock_guard lock(mutex_);
  for (const Ended& one : ended_) held_.erase(one.head.key);
  return std::exchange(ended_, {});
}

std::optional<base::Status> RetryLanes::rounds() {
  const std::lock_guard lock(mutex_);
  return std::exchange(rounds_, std::nullopt);
}

}  // namespace offtake::targets::push
