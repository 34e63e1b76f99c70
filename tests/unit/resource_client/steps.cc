#include "steps.h"

#include <algorithm>
#include <set>

namespace offtake::resource_client_test {
namespace {

using namespace std::chrono_literals;
using json::Value;

constexpr auto kSoon = 10s;
// How long nothing must come where nothing is expected.
constexpr auto kQuiet = 100ms;

constexpr std::array<std::string_view, 11> kVerbs{"create",       "update", "update_status", "apply",
                                                  "apply_status", "merge",  "json",          "get",
                                                  "delete",       "list",   "watch"};
constexpr std::array<std::string_view, 32> kOthers{
    "manager", "dry_run", "force",     "with",     "status",     "uid",      "version", "orphan",
    "labels",  "fields",  "limit",     "continue", "everywhere", "from",     "events",  "error",
    "causes",  "says",    "is",        "created",  "changed",    "gone",     "warns",   "names",
    "items",   "next",    "remaining", "differs",  "kubernetes", "embedded", "listed",  "quiet"};

// What came of a step, whichever verb it was.
struct Outcome {
  std::optional<base::Error> error;
  Value object;
  std::optional<bool> created, changed, gone;
  std::vector<std::string> warnings;
  std::optional<store::ObjectList> list;

  void take(base::Result<store::Written> written) {
    if (!written) {
      error = std::move(written).error();
      return;
    }
    object = std::move(written->object);
    created = written->created;
    changed = written->changed;
    warnings = std::move(written->warnings);
  }
};

const resources::Kind& kind_named(const std::string& name) {
  for (const resources::Kind* kind : resources::all_kinds()) {
    if (kind->kind == name) return *kind;
  }
  FAIL("there is no kind " << name);
  return products();
}

std::string_view verb_of(const Value& step) {
  std::string_view found;
  for (const auto& [name, value] : step.as_object()) {
    if (std::find(kVerbs.begin(), kVerbs.end(), name) != kVerbs.end()) {
      found = name;
    } else if (std::find(kOthers.begin(), kOthers.end(), name) == kOthers.end()) {
      FAIL("a step has no member " << name);
    }
  }
  return found;
}

store::ListOptions list_options(const World& world, const resources::Kind& kind, const Value& step) {
  store::ListOptions out;
  if (kind.namespaced && !step.bool_or("everywhere")) out.namespace_name = world.space;
  out.label_selector = step.string_or("labels");
  out.field_selector = step.string_or("fields");
  out.limit = static_cast<int>(step.int_or("limit"));
  out.continue_token = step.string_or("continue");
  return out;
}

Outcome carry_out(World& world, std::string_view verb, const Value& step) {
  Outcome out;
  if (verb == "list") {
    const resources::Kind& kind = kind_named(step.string_or("list"));
    auto listed = world.client.list(kind, list_options(world, kind, step));
    if (listed) out.list = *std::move(listed);
    if (!listed) out.error = std::move(listed).error();
    return out;
  }
  const Value object = whole_object(world, step[verb]);
  const Value& metadata = object["metadata"];
  const resources::Kind& kind = kind_named(object.string_or("kind"));
  const std::string space = metadata.string_or("namespace"), name = metadata.string_or("name");
  const std::string manager = step.string_or("manager", "tests");
  const bool dry_run = step.bool_or("dry_run");
  if (verb == "create") out.take(world.client.create(object, {manager, dry_run}));
  if (verb == "update") out.take(world.client.update(object, {manager, dry_run}));
  if (verb == "update_status") out.take(world.client.update_status(object, {manager, dry_run}));
  if (verb == "apply" || verb == "apply_status") {
    out.take(world.client.apply(object, {manager, step.bool_or("force"), dry_run, verb == "apply_status"}));
  }
  if (verb == "merge" || verb == "json") {
    const auto type = verb == "merge" ? store::PatchType::kMerge : store::PatchType::kJson;
    out.take(world.client.patch(kind, space, name, type, step["with"],
                                {manager, dry_run, step.bool_or("status")}));
  }
  if (verb == "get") {
    auto found = world.client.get(kind, space, name);
    if (found) out.object = *std::move(found);
    if (!found) out.error = std::move(found).error();
  }
  if (verb == "delete") {
    auto deleted = world.client.remove(
        kind, space, name,
        {step.string_or("uid"), step.string_or("version"), step.bool_or("orphan"), dry_run, std::nullopt});
    if (deleted) {
      out.object = std::move(deleted->object);
      out.gone = deleted->gone;
    } else {
      out.error = std::move(deleted).error();
    }
  }
  return out;
}

std::string event_text(store::WatchEventType type) {
  using Type = store::WatchEventType;
  return type == Type::kAdded      ? "ADDED"
         : type == Type::kModified ? "MODIFIED"
         : type == Type::kDeleted  ? "DELETED"
                                   : "";
}

// The next change; a bookmark is none.
base::Result<std::optional<store::WatchEvent>> next_change(store::Watch& watch,
                                                           std::chrono::milliseconds timeout) {
  while (true) {
    auto event = watch.next(timeout);
    if (!event || !event->has_value() || (*event)->type != store::WatchEventType::kBookmark) return event;
  }
}

Outcome watched(World& world, const Value& step, Variables& variables) {
  Outcome out;
  const resources::Kind& kind = kind_named(step.string_or("watch"));
  auto watch = world.client.watch(kind, step.string_or("from"), list_options(world, kind, step));
  if (!watch) {
    out.error = std::move(watch).error();
    return out;
  }
  const Value none = Value::array();
  const Value& expected = step["events"].is_array() ? step["events"] : none;
  for (const Value& one : expected.as_array()) {
    const auto& [type, object] = one.as_object().at(0);
    auto event = next_change(**watch, kSoon);
    if (!event) {
      out.error = std::move(event).error();
      return out;
    }
    if (!event->has_value()) {
      FAIL_CHECK("nothing came where this was expected: " << json::dump(one));
      return out;
    }
    CHECK_MESSAGE(event_text((*event)->type) == type, json::dump((*event)->object));
    const std::string found = difference(object, &(*event)->object, variables);
    CHECK_MESSAGE(found.empty(), type << " " << found);
  }
  // A refusal may come with the first look.
  auto more = next_change(**watch, step.find("error") != nullptr ? std::chrono::milliseconds(kSoon) : kQuiet);
  if (!more) {
    out.error = std::move(more).error();
  } else if (more->has_value()) {
    FAIL_CHECK("one more event: " << event_text((**more).type) << " " << json::dump((**more).object));
  }
  return out;
}

void check_error(const base::Error& error, const Value& wanted) {
  CHECK_MESSAGE(error.code == wanted.string_or("error"), error.text());
  const std::string says = wanted.string_or("says");
  CHECK_MESSAGE(error.message.find(says) != std::string::npos, error.message);
  if (const Value* causes = wanted.find("causes"); causes != nullptr) {
    std::set<std::string> fields, expected;
    for (const base::Error& cause : error.causes) {
      // Kubernetes says in a cause without a field that it did not come to its other rules.
      if (cause.location.field != "<nil>") fields.insert(cause.location.field);
    }
    for (const Value& field : causes->as_array()) expected.insert(field.as_string());
    CHECK_MESSAGE(fields == expected, fmt::format("causes at {}: {}", fmt::join(fields, ", "), error.text()));
  }
}

void check_list(const store::ObjectList& list, const Value& wanted, Variables& variables) {
  Value names = Value::array(), items = Value::array();
  for (const Value& item : list.items) {
    names.push_back(item["metadata"]["name"]);
    items.push_back(item);
  }
  const Value found = json::Object{{"names", std::move(names)},
                                   {"items", std::move(items)},
                                   {"listed", list.resource_version},
                                   {"next", list.continue_token},
                                   {"remaining", list.remaining}};
  for (const char* member : {"names", "items", "listed", "next", "remaining"}) {
    if (wanted.find(member) == nullptr) continue;
    const std::string unlike = difference(wanted[member], found.find(member), variables);
    CHECK_MESSAGE(unlike.empty(), member << unlike);
  }
}

void check_outcome(const Outcome& outcome, const Value& wanted, Variables& variables) {
  if (outcome.error) {
    if (wanted.find("error") == nullptr)
      FAIL("refused: " << outcome.error->code << ": " << outcome.error->text());
    check_error(*outcome.error, wanted);
    return;
  }
  if (wanted.find("error") != nullptr) {
    FAIL("not refused: " << json::dump(outcome.object));
  }
  for (const auto& [member, found] :
       {std::pair("created", outcome.created), std::pair("changed", outcome.changed),
        std::pair("gone", outcome.gone)}) {
    if (wanted.find(member) == nullptr) continue;
    CHECK_MESSAGE(found == wanted.bool_or(member), member << ": " << json::dump(outcome.object));
  }
  if (const Value* is = wanted.find("is"); is != nullptr) {
    const std::string found = difference(*is, &outcome.object, variables);
    CHECK_MESSAGE(found.empty(), found << " in " << json::dump(outcome.object));
  }
  if (const Value* warns = wanted.find("warns"); warns != nullptr) {
    const bool found = std::any_of(
        outcome.warnings.begin(), outcome.warnings.end(),
        [&](const std::string& warning) { return warning.find(warns->as_string()) != std::string::npos; });
    CHECK_MESSAGE(found, "the warnings are: " << fmt::format("{}", fmt::join(outcome.warnings, "\n")));
  }
  if (outcome.list) check_list(*outcome.list, wanted, variables);
}

}  // namespace

void run_step(World& world, const Value& step, Variables& variables) {
  const Value filled = with_values(step, variables);
  // What is expected keeps its variables' names.
  Value wanted = step;
  const Value* own = step.find(world.is_kubernetes() ? "kubernetes" : "embedded");
  if (own != nullptr) {
    for (const auto& [member, value] : own->as_object()) wanted.set(member, value);
  }
  for (const char* member : {"error", "says", "warns"}) {
    if (const Value* text = wanted.find(member)) wanted.set(member, with_values(*text, variables));
  }
  Value asked = filled;
  if (const Value* events = wanted.find("events")) asked.set("events", *events);
  const std::string_view verb = verb_of(step);
  INFO(json::dump(filled));
  if (verb.empty()) FAIL("a step without a verb");
  const Outcome outcome = verb == "watch" ? watched(world, asked, variables) : carry_out(world, verb, filled);
  check_outcome(outcome, wanted, variables);
}

}  // namespace offtake::resource_client_test
