#include "operators/targets/push/queue_ledger.h"

#include <algorithm>

namespace offtake::targets::push {
namespace {

using Status = LedgerEntry::Status;

LedgerEntry entry_of(const Unsent& message, bool head, bool classified) {
  LedgerEntry out;
  out.kind = LedgerEntry::Kind::kOutput;
  out.id = id_of_text(out.kind, fmt::format("{}/{}", message.key, message.epoch));
  out.status = !head ? Status::kWaiting : message.parked ? Status::kParked : Status::kRetrying;
  out.key_digest = message.key;
  out.key = classified ? "•••" : message.event.subject;
  if (message.attempts > 0) {
    out.code = "MessageNotTaken";
    out.error = fmt::format("{} ({} tries)", message.error, message.attempts);
  }
  out.epoch = message.epoch;
  out.at = message.since;
  return out;
}

Unsent as_if_new(Unsent message) {
  message.attempts = 0;
  message.parked = false;
  message.next = 0;
  return message;
}

}  // namespace

bool hides_keys(const TableSpec& table) {
  return std::any_of(table.identity.key.begin(), table.identity.key.end(), [&](int column) {
    return table.classified.contains(table.columns[static_cast<std::size_t>(column)].name);
  });
}

std::string note_of(const Unsent& message) {
  return fmt::format("{}: {}; {}", entry_of(message, true, false).id,
                     message.error.empty() ? "not tried yet" : message.error,
                     message.parked ? "it stays parked" : "it is tried again");
}

LedgerEntries entries_of(const RetryQueues& queues, bool classified, std::size_t limit) {
  LedgerEntries out;
  const auto add = [&](const Unsent& message, bool head) {
    if (out.size() >= limit) return;
    LedgerEntry entry = entry_of(message, head, classified);
    std::string id = entry.id;
    out.emplace(std::move(id), std::move(entry));
  };
  for (const auto& [key, queue] : queues.queues()) add(queue.front(), true);
  for (const auto& [key, queue] : queues.queues()) {
    for (std::size_t i = 1; i < queue.size() && out.size() < limit; ++i) add(queue[i], false);
  }
  return out;
}

QueueCommand apply(const LedgerCommand& command, bool classified, RetryQueues& queues) {
  QueueCommand out;
  std::vector<Unsent> dropped;
  for (const auto& [key, queue] : queues.queues()) {
    bool head = true, any = false, head_goes = false;
    for (const Unsent& message : queue) {
      const LedgerEntry entry = entry_of(message, head, classified);
      const bool asked = selects(command, entry);
      any = any || asked;
      if (asked && command.verb == LedgerCommand::Verb::kDiscard &&
          (entry.status == Status::kParked || !command.ids.empty())) {
        dropped.push_back(message);
        head_goes = head_goes || head;
      }
      head = false;
    }
    const bool replays = any && command.verb == LedgerCommand::Verb::kReplay;
    if (replays || head_goes) out.keys.insert(key);
  }
  for (const Unsent& message : dropped) out.changes.push_back(queues.drop(message.key, message.epoch));
  out.discarded = static_cast<std::int64_t>(dropped.size());
  for (auto key = out.keys.begin(); key != out.keys.end();) {
    const auto queue = queues.queues().find(*key);
    if (queue == queues.queues().end()) {
      key = out.keys.erase(key);
      continue;
    }
    out.changes.push_back(queues.replace_head(as_if_new(queue->second.front())));
    ++key;
  }
  return out;
}

}  // namespace offtake::targets::push
