#include "operators/targets/push/retries.h"

#include <algorithm>

namespace offtake::targets::push {
namespace {

using namespace std::chrono_literals;

constexpr auto kPause = 2s;  // after an error

}  // namespace

Retries::Retries(Senders senders, const PushSpec& spec, const Answers* answers, std::string source,
                 std::stop_token stop)
    : spec_(spec),
      notes_(senders.notes),
      lanes_(std::move(senders), static_cast<std::size_t>(spec.max_in_flight), answers, std::move(source),
             std::move(stop)) {}

Retries::Settled Retries::settle(RetryQueues& queues) {
  Settled out;
  for (auto& [head, fate] : lanes_.take()) {
    const auto queue = queues.queues().find(head.key);
    if (queue == queues.queues().end() || queue->second.front().epoch != head.epoch) continue;
    head = queue->second.front();  // a command may have given it new tries meanwhile
    if (fate.answer) out.answers.push_back(*std::move(fate.answer));
    if (fate.kind == Fate::Kind::kTaken) {
      out.changes.push_back(queues.drop_head(head.key));
    } else {
      try_later(head, fate, spec_);
      out.changes.push_back(queues.replace_head(std::move(head)));
    }
  }
  return out;
}

base::Status Retries::go_on(const RetryQueues& queues) {
  if (auto ended = lanes_.rounds()) note_round(*std::move(ended));
  if (queues.keys() == queues.parked_keys()) {
    last_ = {};
    return {};
  }
  if (std::chrono::steady_clock::now() >= next_) begin(queues);
  // What was wrong stays so until a try goes well.
  if (!last_) return last_;
  auto error = notes_->trouble();
  if (!error) return {};
  if (error->retry == base::Retry::kTerminal) error->retry = base::Retry::kTransient;
  error->message += fmt::format("; messages that wait and are tried again: {}", queues.messages());
  return *std::move(error);
}

bool Retries::tries(const std::set<std::string>& keys, const RetryQueues& queues) const {
  const base::Micros now = base::system_clock().now();
  return std::any_of(keys.begin(), keys.end(),
                     [&](const auto& key) { return lanes_.holds(key) || queues.is_due(key, now); });
}

void Retries::begin(const RetryQueues& queues) {
  const base::Micros now = base::system_clock().now();
  const std::size_t room = now < notes_->not_before() ? 0 : lanes_.room();
  if (room == 0) return;
  std::vector<Unsent> heads;
  for (const Unsent* head : queues.due(now, queues.keys())) {
    if (heads.size() == room) break;
    if (!lanes_.holds(head->key)) heads.push_back(*head);
  }
  if (heads.empty()) return;
  if (auto begun = lanes_.begin(std::move(heads)); !begun) note_round(std::move(begun));
}

void Retries::note_round(base::Status ended) {
  last_ = std::move(ended);
  if (!last_) next_ = std::chrono::steady_clock::now() + kPause;
}

}  // namespace offtake::targets::push
