#include "controlplane/resources/meta.h"

namespace offtake::resources {
namespace {

constexpr std::size_t kMaxMessageBytes = 1024;

// Cuts at a character's start, so that the text stays UTF-8.
std::string cut(std::string text) {
  if (text.size() <= kMaxMessageBytes) return text;
  std::size_t end = kMaxMessageBytes - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text + "…";
}

std::string found_or_empty(const std::map<std::string, std::string>& map, std::string_view name) {
  const auto it = map.find(std::string(name));
  return it == map.end() ? std::string() : it->second;
}

}  // namespace

bool ObjectMeta::has_finalizer(std::string_view finalizer) const {
  return std::find(finalizers.begin(), finalizers.end(), finalizer) != finalizers.end();
}

std::string ObjectMeta::label(std::string_view label_name) const {
  return found_or_empty(labels, label_name);
}

std::string ObjectMeta::annotation(std::string_view annotation_name) const {
  return found_or_empty(annotations, annotation_name);
}

std::string ObjectMeta::key() const {
  return namespace_name.empty() ? name : namespace_name + "/" + name;
}

const Condition* find_condition(const Conditions& conditions, std::string_view type) {
  for (const Condition& condition : conditions) {
    if (condition.type == type) return &condition;
  }
  return nullptr;
}

bool is_true(const Conditions& conditions, std::string_view type) {
  const Condition* found = find_condition(conditions, type);
  return found != nullptr && found->status == Truth::kTrue;
}

bool set_condition(Conditions& conditions, Condition condition, base::Micros now) {
  condition.message = cut(std::move(condition.message));
  for (Condition& present : conditions) {
    if (present.type != condition.type) continue;
    const bool flipped = present.status != condition.status;
    const bool changed = flipped || present.reason != condition.reason;
    condition.last_transition_time = flipped || !present.last_transition_time ? Instant{now - now % 1'000'000}
                                                                              : *present.last_transition_time;
    present = std::move(condition);
    return changed;
  }
  condition.last_transition_time = Instant{now - now % 1'000'000};
  conditions.push_back(std::move(condition));
  return true;
}

bool remove_condition(Conditions& conditions, std::string_view type) {
  return std::erase_if(conditions, [&](const Condition& condition) { return condition.type == type; }) > 0;
}

bool LabelSelector::matches(const std::map<std::string, std::string>& labels) const {
  for (const auto& [key, value] : match_labels) {
    const auto it = labels.find(key);
    if (it == labels.end() || it->second != value) return false;
  }
  for (const LabelRequirement& requirement : match_expressions) {
    const auto it = labels.find(requirement.key);
    const bool there = it != labels.end();
    const bool listed = there && std::find(requirement.values.begin(), requirement.values.end(),
                                           it->second) != requirement.values.end();
    if (requirement.op == "In" && !listed) return false;
    if (requirement.op == "NotIn" && listed) return false;
    if (requirement.op == "Exists" && !there) return false;
    if (requirement.op == "DoesNotExist" && there) return false;
  }
  return true;
}

}  // namespace offtake::resources
