#include "controlplane/reconcile/report.h"

namespace offtake::reconcile {

resources::Condition from_result(std::string_view type, const base::Status& result, std::string_view reason,
                                 std::string_view message, std::int64_t generation) {
  resources::Condition condition;
  condition.type = std::string(type);
  condition.observed_generation = generation;
  if (result) {
    condition.status = resources::Truth::kTrue;
    condition.reason = std::string(reason);
    condition.message = std::string(message);
  } else {
    condition.status = resources::Truth::kFalse;
    condition.reason = result.error().code;
    condition.message = result.error().text();
  }
  return condition;
}

resources::Condition ready_from(const resources::Conditions& conditions,
                                std::initializer_list<std::string_view> parts, std::string_view reason,
                                std::string_view message, std::int64_t generation) {
  resources::Condition ready;
  ready.type = std::string(resources::condition::kReady);
  ready.observed_generation = generation;
  ready.status = resources::Truth::kTrue;
  ready.reason = std::string(reason);
  ready.message = std::string(message);
  for (const auto part : parts) {
    const auto* condition = resources::find_condition(conditions, part);
    if (condition != nullptr && condition->status == resources::Truth::kTrue) continue;
    ready.status = resources::Truth::kFalse;
    ready.reason = condition == nullptr ? "Pending" : condition->reason;
    ready.message = condition == nullptr ? fmt::format("{} is not known yet", part) : condition->message;
    break;
  }
  return ready;
}

std::string listed(const std::vector<std::string>& users) {
  constexpr std::size_t kShown = 10;
  std::string out;
  for (std::size_t i = 0; i < users.size() && i < kShown; ++i) out += (i == 0 ? "" : ", ") + users[i];
  if (users.size() > kShown) out += fmt::format(" and {} more", users.size() - kShown);
  return out;
}

}  // namespace offtake::reconcile
