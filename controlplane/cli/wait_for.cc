#include "controlplane/cli/wait_for.h"

#include "controlplane/cli/progress.h"

namespace offtake::cli {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Looks at the object again whenever it changes, and every 300 ms, until `look` gives true or an error other
// than NotFound.
base::Result<bool> look_until(ApiClient& client, const ObjectName& object, const WaitChoices& choices,
                              const std::function<base::Result<bool>()>& look) {
  const auto end = Clock::now() + choices.timeout;
  std::unique_ptr<store::Watch> watch;
  for (;;) {
    auto seen = look();
    if (!seen || *seen) return seen;
    if (choices.stop.stop_requested()) return base::terminal("Cancelled", "stopped");
    if (Clock::now() >= end) return false;
    if (watch == nullptr) {
      store::ListOptions options;
      options.namespace_name = object.namespace_name;
      options.field_selector = "metadata.name=" + object.name;
      auto opened = client.watch(*object.kind, "", options);
      if (!opened) return std::move(opened).error();
      watch = *std::move(opened);
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    auto event = watch->next(std::clamp(left, 1ms, 300ms));
    if (!event) watch.reset();
  }
}

const json::Value& find_condition(const json::Value& object, const std::string& type) {
  static const json::Value kNone;
  const json::Value& conditions = object["status"]["conditions"];
  if (!conditions.is_array()) return kNone;
  for (const json::Value& condition : conditions.as_array()) {
    if (condition.string_or("type") == type) return condition;
  }
  return kNone;
}

std::string condition_text(const json::Value& condition, const std::string& type) {
  if (condition.is_null()) return fmt::format("there is no condition {} yet", type);
  std::string out =
      fmt::format("{} is {}, {}", type, condition.string_or("status"), condition.string_or("reason"));
  if (const std::string message = condition.string_or("message"); !message.empty()) out += ": " + message;
  return out;
}

// How long the fill took or takes, by the worker's own clock.
std::optional<double> show_progress(ApiClient& client, const ObjectName& object, ProgressBar& bar) {
  http::ClientRequest request;
  request.path = view_path(object.namespace_name, object.name, "progress");
  auto progress = client.call(std::move(request));
  if (!progress) return std::nullopt;
  const json::Value newest = newest_progress(*progress);
  if (newest.int_or("recordsTotal") > 0)
    bar.update(newest.int_or("recordsRead"), newest.int_or("recordsTotal"));
  auto from = base::parse_instant(newest.string_or("fillStarted"));
  auto to = base::parse_instant(newest.string_or("fillCompleted"));
  if (!from || !to) return std::nullopt;
  return static_cast<double>(*to - *from) / 1e6;
}

}  // namespace

base::Status wait_for_condition(ApiClient& client, const ObjectName& object, const std::string& type,
                                const std::string& status, const WaitChoices& choices, Console& console) {
  const bool progress = choices.show_progress && object.kind == &resources::kind_of<resources::DataProduct>();
  ProgressBar bar(console, object.namespace_name + "/" + object.name, "records");
  std::optional<double> fill_seconds;
  std::string last = fmt::format("{} does not exist", object.title());
  auto reached = look_until(client, object, choices, [&]() -> base::Result<bool> {
    auto found = client.get(*object.kind, object.namespace_name, object.name);
    if (!found) return std::move(found).error();
    const json::Value& condition = find_condition(*found, type);
    last = condition_text(condition, type);
    const auto observed = condition.int_or("observedGeneration"),
               generation = (*found)["metadata"].int_or("generation");
    if (progress) fill_seconds = show_progress(client, object, bar);
    return condition.string_or("status") == status && (observed == 0 || observed >= generation);
  });
  if (progress && reached && *reached) {
    bar.finish(fill_seconds);
  } else {
    console.end_moving();
  }
  if (!reached) return std::move(reached).error();
  if (*reached) return {};
  return base::terminal("TimedOut", fmt::format("{}: not {}={} after {}: {}", object.title(), type, status,
                                                base::format_duration(choices.timeout.count() * 1000), last))
      .with_hint(fmt::format("`offtake describe {} {}{}` tells more", object.kind->singular, object.name,
                             object.namespace_name.empty() ? "" : " -n " + object.namespace_name));
}

base::Status wait_for_deletion(ApiClient& client, const ObjectName& object, const std::string& uid,
                               const WaitChoices& choices) {
  std::string held;
  auto gone = look_until(client, object, choices, [&]() -> base::Result<bool> {
    auto found = client.get(*object.kind, object.namespace_name, object.name);
    if (!found) {
      if (found.error().code == "NotFound") return true;
      return std::move(found).error();
    }
    const json::Value& metadata = (*found)["metadata"];
    if (!uid.empty() && metadata.string_or("uid") != uid) return true;
    held.clear();
    if (const json::Value& finalizers = metadata["finalizers"]; finalizers.is_array()) {
      for (const json::Value& finalizer : finalizers.as_array()) held += " " + finalizer.as_string();
    }
    if (const json::Value& ready = find_condition(*found, "Ready"); !ready.is_null()) {
      held += "; " + condition_text(ready, "Ready");
    }
    return false;
  });
  if (!gone) return std::move(gone).error();
  if (*gone) return {};
  return base::terminal("TimedOut", fmt::format("{}: still there after {}, held by{}", object.title(),
                                                base::format_duration(choices.timeout.count() * 1000),
                                                held.empty() ? " nothing that it says" : held));
}

}  // namespace offtake::cli
