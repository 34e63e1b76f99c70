#include "operators/targets/push/hand_over.h"

#include <charconv>

#include "operators/targets/intent/control_steps.h"
#include "operators/targets/protocol/ownership.h"

namespace offtake::targets::push {
namespace {

constexpr base::Micros kWishLasts = 10'000'000;

template <class Number>
Number number_from(std::string_view digits) {
  Number out = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return out;
}

}  // namespace

journal::Change wish_of(int revision, base::Micros now) {
  return {fmt::format("{}{}", kWishPrefix, revision), std::to_string(now)};
}

std::optional<int> who_waits(std::span<const journal::Change> wishes, int revision, base::Micros now) {
  for (const auto& wish : wishes) {
    const int who = number_from<int>(std::string_view(wish.key).substr(kWishPrefix.size()));
    if (who > revision && now - number_from<base::Micros>(wish.value.value_or("")) <= kWishLasts) return who;
  }
  return std::nullopt;
}

bool is_near_enough(const ControlRow& next, const ControlRow& current, SwapResult& result) {
  if (protocol::is_past(next, current)) {
    result.hold = true;
    result.blocked_by = fmt::format("revision {}, which has not read as far yet", current.revision);
    return false;
  }
  result.behind =
      !protocol::may_replace(next, current) && !protocol::is_near(next, current, intent::kNearRecords);
  return !result.behind;
}

}  // namespace offtake::targets::push
