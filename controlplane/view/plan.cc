#include "controlplane/view/plan.h"

namespace offtake::view {
namespace {

std::string joined(const std::vector<int>& key, const std::vector<types::Field>& columns) {
  std::string out;
  for (const int index : key)
    out += (out.empty() ? "" : ", ") + columns[static_cast<std::size_t>(index)].name;
  return out;
}

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

// What differs between two products, in words: the pipeline part and the rest.
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
  const json::Value all_mine = resources::to_json(now)["spec"],
                    all_theirs = resources::to_json(before)["spec"];
  for (const auto& [name, value] : all_mine.as_object()) {
    if (!(value == all_theirs[name])) report.reasons.push_back(fmt::format("spec.{} changes in place", name));
  }
  for (const auto& [name, value] : all_theirs.as_object()) {
    if (all_mine.find(name) == nullptr)
      report.reasons.push_back(fmt::format("spec.{} changes in place", name));
  }
  report.action = report.reasons.empty() ? Action::kNone : Action::kInPlace;
}

}  // namespace

PlanReport plan_product(const resources::DataProduct& product,
                        const std::optional<resources::DataProduct>& stored, const planning::Overlay& overlay,
                        base::Micros now, store::ResourceClient& resources, platform::Platform& platform) {
  PlanReport report;
  resources::DataProduct subject = product;
  if (stored) {
    subject.status = stored->status;
    compare(product, *stored, report);
  } else {
    report.action = Action::kCreate;
    report.reasons.push_back("the product does not exist yet");
  }
  planning::DraftInput input{subject, &overlay, now, {}};
  report.draft = planning::draft(input, resources, platform);
  const planning::Draft& draft = report.draft;
  if (draft.target_class) {
    report.class_name = draft.target_class->metadata.name;
    report.engine = std::string(resources::text_of(draft.target_class->spec.engine));
    report.object = subject.target_name();
    report.guarantee = "ExactlyOnce: rows and offsets are committed in one transaction of the target";
  }
  for (const auto& source : draft.sources) report.records += source.records;
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
