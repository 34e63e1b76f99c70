#include "controlplane/reconcile/key_spans.h"

namespace offtake::reconcile {

void KeySpans::tell(const std::string& product_uid, std::set<std::string> spanning,
                    std::set<std::string> single) {
  std::lock_guard lock(mutex_);
  if (spanning.empty() && single.empty()) {
    said_.erase(product_uid);
  } else {
    said_[product_uid] = {std::move(spanning), std::move(single)};
  }
}

std::optional<bool> KeySpans::spans(const std::string& dataset) const {
  std::lock_guard lock(mutex_);
  std::optional<bool> out;
  for (const auto& [product, said] : said_) {
    if (said.spanning.contains(dataset)) return true;
    if (said.single.contains(dataset)) out = false;
  }
  return out;
}

void report_key_spans(std::optional<bool> spans, std::int64_t generation, base::Micros now,
                      resources::Conditions& conditions) {
  namespace condition = resources::condition;
  if (!spans) return;
  if (!*spans && resources::find_condition(conditions, condition::kKeySpansPartitions) == nullptr) return;
  resources::Condition out;
  out.type = std::string(condition::kKeySpansPartitions);
  out.observed_generation = generation;
  out.status = *spans ? resources::Truth::kTrue : resources::Truth::kFalse;
  out.reason = *spans ? "KeySpansPartitions" : "KeysInOnePartition";
  out.message = *spans
                    ? "Records of one key were read from more than one partition, as after a topic grew. The "
                      "one with the later timestamp counts, then the one of the higher partition."
                    : "Every key was read from one partition.";
  set_condition(conditions, std::move(out), now);
}

}  // namespace offtake::reconcile
