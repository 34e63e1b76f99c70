#include "controlplane/console/change_log.h"

#include <charconv>

#include "controlplane/console/frames.h"

namespace offtake::console {
namespace {

constexpr std::size_t kOverhead = 256;  // of a change beside its texts, about

// Neither part has a line break in it.
std::string subject_of(std::string_view topic, std::string_view id) {
  return fmt::format("{}\n{}", topic, id);
}

std::size_t size_of(const Change& change) {
  return kOverhead + change.frame->size() + 2 * (change.topic.size() + change.id.size());
}

}  // namespace

void ChangeLog::offer(std::string_view topic, std::string_view id, std::string_view event, std::string data,
                      base::Micros now) {
  const std::string subject = subject_of(topic, id);
  if (const auto waiting = waiting_.find(subject); waiting != waiting_.end()) {
    waiting->second.event = event;
    waiting->second.data = std::move(data);
    return;
  }
  const Change* last = newest_of(topic, id);
  if (last != nullptr && now < last->at + rules_.apart) {
    waiting_.emplace(subject, Waiting{std::string(topic), std::string(id), std::string(event),
                                      std::move(data), last->at + rules_.apart});
    return;
  }
  publish(topic, id, event, data, now);
}

void ChangeLog::advance(base::Micros now) {
  for (auto one = waiting_.begin(); one != waiting_.end();) {
    if (one->second.due > now) {
      ++one;
      continue;
    }
    const Waiting due = std::move(one->second);
    one = waiting_.erase(one);
    publish(due.topic, due.id, due.event, due.data, now);
  }
  while (!changes_.empty() && changes_.begin()->second.at + rules_.kept <= now) {
    floor_ = changes_.begin()->first;
    drop(changes_.begin());
  }
}

std::optional<base::Micros> ChangeLog::next_due() const {
  std::optional<base::Micros> out;
  for (const auto& [subject, one] : waiting_) {
    if (!out || one.due < *out) out = one.due;
  }
  return out;
}

const Change* ChangeLog::after(std::uint64_t number) const {
  const auto found = changes_.upper_bound(number);
  return found == changes_.end() ? nullptr : &found->second;
}

const Change* ChangeLog::newest_of(std::string_view topic, std::string_view id) const {
  const auto found = by_subject_.find(subject_of(topic, id));
  return found == by_subject_.end() ? nullptr : &changes_.at(found->second);
}

void ChangeLog::forget(std::string_view topic, std::string_view id) {
  const std::string subject = subject_of(topic, id);
  waiting_.erase(subject);
  const auto found = by_subject_.find(subject);
  if (found != by_subject_.end()) drop(changes_.find(found->second));
}

std::optional<std::uint64_t> ChangeLog::number_of(std::string_view id) const {
  if (id.size() <= epoch_.size() || !id.starts_with(epoch_) || id[epoch_.size()] != '-') return std::nullopt;
  id.remove_prefix(epoch_.size() + 1);
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(id.data(), id.data() + id.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != id.data() + id.size()) return std::nullopt;
  return number;
}

void ChangeLog::publish(std::string_view topic, std::string_view id, std::string_view event,
                        std::string_view data, base::Micros now) {
  const std::string subject = subject_of(topic, id);
  // What takes its place is newer than any cursor, so nobody misses it: the floor stays.
  if (const auto before = by_subject_.find(subject); before != by_subject_.end())
    drop(changes_.find(before->second));
  ++newest_;
  Change change{newest_, std::string(topic), std::string(id), now,
                std::make_shared<const std::string>(frame(event, id_of(newest_), data))};
  bytes_ += size_of(change);
  by_subject_.emplace(subject, newest_);
  changes_.emplace(newest_, std::move(change));
  while (bytes_ > rules_.most_bytes && changes_.size() > 1) {
    floor_ = changes_.begin()->first;
    drop(changes_.begin());
  }
}

void ChangeLog::drop(std::map<std::uint64_t, Change>::iterator change) {
  bytes_ -= size_of(change->second);
  by_subject_.erase(subject_of(change->second.topic, change->second.id));
  changes_.erase(change);
}

}  // namespace offtake::console
