#include "operators/targets/push/retry_queues.h"

#include <algorithm>

#include "base/json/value.h"

namespace offtake::targets::push {
namespace {

std::string entry_key(const Unsent& message) {
  return fmt::format("{}{}/{:020}", kRetryPrefix, message.key, message.epoch);
}

std::string entry_text(const Unsent& message) {
  json::Value out = json::Value::object();
  out.set("key", message.key);
  out.set("epoch", message.epoch);
  out.set("id", message.event.id);
  out.set("type", message.event.type);
  out.set("subject", message.event.subject);
  out.set("time", message.event.time);
  out.set("data", message.event.data);
  out.set("attempts", message.attempts);
  out.set("parked", message.parked);
  out.set("next", message.next);
  out.set("since", message.since);
  out.set("error", message.error);
  return json::dump(out);
}

base::Result<Unsent> parse_entry(const journal::Change& entry) {
  auto value = json::parse(entry.value.value_or(""));
  Unsent out;
  if (value) {
    out.key = value->string_or("key");
    out.epoch = value->int_or("epoch");
    out.event.id = value->string_or("id");
    out.event.type = value->string_or("type");
    out.event.subject = value->string_or("subject");
    out.event.time = value->string_or("time");
    out.event.data = value->string_or("data");
    out.attempts = static_cast<int>(value->int_or("attempts"));
    out.parked = value->bool_or("parked");
    out.next = value->int_or("next");
    out.since = value->int_or("since");
    out.error = value->string_or("error");
  }
  if (!value || entry_key(out) != entry.key) {
    return base::terminal("BadRetryQueue", fmt::format("the journal's entry {} is damaged", entry.key));
  }
  return out;
}

std::size_t size_of(const Unsent& message) {
  return message.event.data.size() + message.event.id.size();
}

bool head_is_due(const std::deque<Unsent>& queue, base::Micros now) {
  return !queue.front().parked && queue.front().next <= now;
}

}  // namespace

Unsent unsent_of(const http::Message& message, std::int64_t epoch) {
  Unsent out;
  out.key = message.key;
  out.epoch = epoch;
  out.event = message.event;
  out.since = base::system_clock().now();
  return out;
}

base::Status RetryQueues::load(std::span<const journal::Change> entries) {
  queues_.clear();
  messages_ = bytes_ = 0;
  for (const auto& entry : entries) {
    auto message = parse_entry(entry);
    if (!message) return std::move(message).error();
    push(*std::move(message));
  }
  return {};
}

std::size_t RetryQueues::messages_of(const std::set<std::string>& keys) const {
  std::size_t out = 0;
  for (const auto& key : keys) {
    const auto queue = queues_.find(key);
    if (queue != queues_.end()) out += queue->second.size();
  }
  return out;
}

std::size_t RetryQueues::parked_keys() const {
  return static_cast<std::size_t>(std::count_if(
      queues_.begin(), queues_.end(), [](const auto& queue) { return queue.second.front().parked; }));
}

std::vector<const Unsent*> RetryQueues::due(base::Micros now, std::size_t limit) const {
  std::vector<const Unsent*> out;
  for (const auto& [key, queue] : queues_) {
    if (head_is_due(queue, now)) out.push_back(&queue.front());
  }
  std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->next < b->next; });
  if (out.size() > limit) out.resize(limit);
  return out;
}

bool RetryQueues::is_due(const std::string& key, base::Micros now) const {
  const auto queue = queues_.find(key);
  return queue != queues_.end() && head_is_due(queue->second, now);
}

base::Micros RetryQueues::next_due() const {
  base::Micros out = 0;
  for (const auto& [key, queue] : queues_) {
    const Unsent& head = queue.front();
    if (!head.parked && (out == 0 || head.next < out)) out = std::max<base::Micros>(head.next, 1);
  }
  return out;
}

journal::Change RetryQueues::push(Unsent message) {
  journal::Change out{entry_key(message), entry_text(message)};
  ++messages_;
  bytes_ += size_of(message);
  auto& queue = queues_[message.key];
  queue.push_back(std::move(message));
  return out;
}

journal::Change RetryQueues::drop_head(const std::string& key) {
  return drop(key, queues_.at(key).front().epoch);
}

journal::Change RetryQueues::drop(const std::string& key, std::int64_t epoch) {
  const auto queue = queues_.find(key);
  const auto message = std::find_if(queue->second.begin(), queue->second.end(),
                                    [&](const Unsent& each) { return each.epoch == epoch; });
  journal::Change out{entry_key(*message), std::nullopt};
  --messages_;
  bytes_ -= size_of(*message);
  queue->second.erase(message);
  if (queue->second.empty()) queues_.erase(queue);
  return out;
}

journal::Change RetryQueues::replace_head(Unsent message) {
  journal::Change out{entry_key(message), entry_text(message)};
  queues_.at(message.key).front() = std::move(message);
  return out;
}

}  // namespace offtake::targets::push
