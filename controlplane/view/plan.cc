#include "controlplane/view/plan.h"

#include <set>

#include "controlplane/planning/publication.h"
#include "controlplane/planning/receiver.h"
#include "controlplane/view/sent_objects.h"
#include "operators/delivery/pipeline.h"

namespace offtake::view {
namespace {

std::string joined(const std::vector<int>& key, const std::vector<types::Field>& columns) {
  std::string out;
  for (const int index : key)
    out += (out.empty() ? "" : ", ") + columns[static_cast<std::size_t>(index)].name;
  return out;
}

// spec.runner: the worker is started again. What that means depends on its state.
void compare_runner(PlanReport& report) {
  const planning::Draft& draft = report.draft;
  if (!draft.job.plan.root || delivery::runs_without_state(draft.job.plan)) {
    report.reasons.push_back(
        "spec.runner changes in place: the worker is started again and goes on where it was");
    return;
  }
  for (const auto& source : draft.sources) {
    if (source.rereadable) continue;
    report.action = Action::kRebuild;
    report.reasons.push_back(
        fmt::format("spec.runner starts the worker again, and its state over {} cannot be "
                    "read anew: records of the topic have been removed",
                    source.use.id.text()));
    return;
  }
  report.reasons.push_back(
      "spec.runner changes in place: the worker is started again and reads its state anew");
}

}  // namespace

std::string identity_text(const plan::Plan& plan) {
  using Kind = plan::Identity::Kind;
  const std::string key = joined(plan.identity.key, plan.root->output);
  switch (plan.identity.kind) {
    case Kind::kProvedKey:
      return key.empty() ? "one row" : fmt::format("key ({}), proved by the query", key);
    case Kind::kWatchedKey:
      return fmt::format("key ({}), not proved by the query: two rows of one key stall the product", key);
    case Kind::kPosition:
      return "no key: rows are told apart by their place in the topic";
    case Kind::kBag:
      return "no key: equal rows are counted";
  }
  return "";
}

void compare(const resources::DataProduct& now, const resources::DataProduct& before, PlanReport& report) {
  const json::Value mine = resources::pipeline_spec(now), theirs = resources::pipeline_spec(before);
  for (const auto& [name, value] : mine.as_object()) {
    if (!(value == theirs[name])) report.reasons.push_back(fmt::format("spec.{} changed", name));
  }
  for (const auto& [name, value] : theirs.as_object()) {
    if (mine.find(name) == nullptr) report.reasons.push_back(fmt::format("spec.{} was removed", name));
  }
  if (!report.reasons.empty()) {
    report.action = Action::kRebuild;
    return;
  }
  json::Value all_mine = resources::to_json(now)["spec"], all_theirs = resources::to_json(before)["spec"];
  report.action = all_mine == all_theirs ? Action::kNone : Action::kInPlace;
  std::set<std::string> names;
  for (const auto* spec : {&all_mine, &all_theirs}) {
    for (const auto& [name, value] : spec->as_object()) {
      if (!(all_mine[name] == all_theirs[name])) names.insert(name);
    }
  }
  for (const std::string& name : names) {
    if (name == "runner") {
      compare_runner(report);
    } else if (name == "rollout") {
      report.reasons.push_back("spec.rollout counts from the next fill on");
    } else {
      report.reasons.push_back(fmt::format("spec.{} changes in place", name));
    }
  }
}

namespace {

// What the target says of the product as it is: where its history began, and who uses its view.
struct Present {
  std::map<std::string, sources::OffsetVector> starts;
  provision::ProductTarget target;
  std::shared_ptr<provision::Provisioner> provisioner;
};

// Empty where nothing is there yet or the target does not answer: then less is known.
Present present_of(const resources::DataProduct& stored, store::ResourceClient& resources,
                   platform::Platform& platform) {
  Present out;
  if (stored.status.class_name.empty()) return out;
  auto target_class = store::get<resources::TargetClass>(resources, "", stored.status.class_name);
  if (!target_class) return out;
  auto provisioner = planning::provisioner_of(stored, *target_class, "", nullptr, resources, platform);
  if (!provisioner) return out;
  out.target = planning::target_of(stored, platform.settings().installation);
  auto controls = (*provisioner)->controls(out.target);
  if (!controls || controls->empty()) return out;
  out.provisioner = *std::move(provisioner);
  if (stored.status.history_from == stored.spec.history.from.text()) {
    for (auto& [dataset, starts] : controls->back().start_offsets) out.starts[dataset] = starts;
  }
  return out;
}

void check_publication(const Present& present, PlanReport& report) {
  if (!present.provisioner || !report.draft.ok()) return;
  auto publication = planning::check_publication(present.target, report.engine,
                                                 report.draft.job.plan.root->output, *present.provisioner);
  if (!publication) return;
  report.dependants = publication->dependants;
  if (report.action != Action::kRebuild) return;
  if (!publication->allowed) report.draft.errors.push_back(publication->allowed.error());
  if (publication->allowed && publication->drops_view) {
    report.draft.warnings.push_back(
        "the view is dropped and made anew at the swap, as a column is removed, retyped or moved");
  }
}

// What a creation or rebuild makes: by the provisioner once, and by the revision.
void list_what_is_made(const resources::DataProduct& subject, store::ResourceClient& resources,
                       platform::Platform& platform, const planning::Overlay* overlay, PlanReport& report) {
  const planning::Draft& draft = report.draft;
  const bool creates = report.action == Action::kCreate;
  if ((!creates && report.action != Action::kRebuild) || !draft.job.plan.root || !draft.target_class) return;
  if (creates) {
    if (auto provisioner =
            planning::provisioner_of(subject, *draft.target_class, "", overlay, resources, platform)) {
      report.makes = (*provisioner)->makes(planning::target_of(subject, platform.settings().installation));
    }
  }
  const auto* engine = targets::find_engine(report.engine);
  if (engine == nullptr || engine->makes == nullptr) return;
  targets::TableSpec table = draft.job.table;
  if (const auto& revision = subject.status.revision) {
    for (const auto& number : {revision->current, revision->filling})
      table.revision = std::max<int>(table.revision, static_cast<int>(number.value_or(0)) + 1);
  }
  for (auto& made : engine->makes(table)) report.makes.push_back(std::move(made));
}

void estimate(const resources::DataProduct& subject, store::ResourceClient& resources, PlanReport& report) {
  if (report.action != Action::kCreate && report.action != Action::kRebuild) return;
  if (report.draft.sources.empty()) return;
  // Without the others only what is assumed is known.
  auto all = store::list<resources::DataProduct>(resources);
  report.estimate =
      estimate_fill(report.records, subject, all ? *all : std::vector<resources::DataProduct>());
}

}  // namespace

PlanReport plan_product(const resources::DataProduct& product,
                        const std::optional<resources::DataProduct>& stored, const planning::Overlay& overlay,
                        base::Micros now, store::ResourceClient& resources, platform::Platform& platform) {
  PlanReport report;
  auto sent = admit(overlay, product, SentUse::kPlanned, resources);
  if (!sent) {
    report.draft.errors.push_back(std::move(sent).error());
    return report;
  }
  Present present;
  resources::DataProduct subject = product;
  if (stored) {
    subject.status = stored->status;
    subject.metadata.uid = stored->metadata.uid;
    present = present_of(*stored, resources, platform);
  } else {
    report.action = Action::kCreate;
    report.reasons.push_back("the product does not exist yet");
  }
  planning::DraftInput input{subject, &sent->overlay, now, {}, {}, true};
  // An edit of the history resolves it anew.
  if (stored && stored->spec.history.from == product.spec.history.from) input.kept_starts = present.starts;
  report.draft = planning::draft(input, resources, platform);
  if (stored) compare(product, *stored, report);
  const planning::Draft& draft = report.draft;
  if (draft.target_class) {
    report.class_name = draft.target_class->metadata.name;
    report.engine = draft.target_class->spec.engine;
    report.object = subject.target_name();
    if (const auto* engine = targets::find_engine(report.engine)) {
      report.guarantee = fmt::format("{}: {}", targets::to_string(engine->traits.guarantee),
                                     targets::reason_of(engine->traits));
    }
  }
  check_publication(present, report);
  for (const auto& source : draft.sources) {
    report.records += source.records;
    report.bytes += source.bytes;
  }
  list_what_is_made(subject, resources, platform, &sent->overlay, report);
  estimate(subject, resources, report);
  if (!draft.job.plan.root) return report;
  const auto* engine = targets::find_engine(report.engine);
  for (const auto& column : draft.job.plan.root->output) {
    PlanColumn shown{column.name, types::to_string(column.type), ""};
    if (engine != nullptr) {
      if (auto type = engine->column_type(column.type)) shown.target_type = *type;
    }
    report.columns.push_back(std::move(shown));
  }
  report.identity = identity_text(draft.job.plan);
  return report;
}

std::string_view to_string(Action action) {
  switch (action) {
    case Action::kNone:
      return "None";
    case Action::kInPlace:
      return "InPlace";
    case Action::kCreate:
      return "Create";
    case Action::kRebuild:
      return "Rebuild";
  }
  return "";
}

}  // namespace offtake::view
