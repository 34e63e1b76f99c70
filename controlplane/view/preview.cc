#include "controlplane/view/preview.h"

#include <algorithm>

#include "controlplane/planning/lookup.h"
#include "controlplane/view/preview_source.h"
#include "controlplane/view/preview_summary.h"
#include "controlplane/view/sent_objects.h"
#include "operators/plan/classified.h"

namespace offtake::view {
namespace {

// The product as a preview looks at it: one that begins now has no history, but would show what is newest.
resources::DataProduct subject_of(const PreviewRequest& request) {
  resources::DataProduct subject = request.product;
  if (request.stored) subject.status = request.stored->status;
  if (subject.spec.history.from.kind == resources::HistoryFrom::Kind::kNow) subject.spec.history.from = {};
  return subject;
}

// Whether all that is wrong is that the history has gone from the topic since the product was made.
bool only_history_gone(const planning::Draft& draft, const resources::DataProduct& subject) {
  return !draft.errors.empty() && subject.status.start_time &&
         std::all_of(draft.errors.begin(), draft.errors.end(),
                     [](const base::Error& error) { return error.code == "HistoryNotKept"; });
}

std::optional<std::string> shown(const targets::TargetEngine* engine, const types::Column& column,
                                 std::size_t row) {
  if (column.is_null(row)) return std::nullopt;
  if (engine != nullptr && engine->value_text != nullptr) return engine->value_text(column, row);
  return types::value_text(column, row);
}

}  // namespace

void PreparedPreview::file(base::Error error) {
  const bool waits = error.retry == base::Retry::kWaiting || error.retry == base::Retry::kTransient;
  (waits ? report_.waiting : report_.errors).push_back(std::move(error));
}

PreparedPreview PreparedPreview::make(const PreviewRequest& request, base::Micros now,
                                      store::ResourceClient& resources, platform::Platform& platform) {
  PreparedPreview out;
  auto sent = admit(request.overlay, request.product, SentUse::kShown, resources);
  if (!sent) {
    out.file(std::move(sent).error());
    return out;
  }
  const planning::Overlay& overlay = sent->overlay;
  resources::DataProduct subject = subject_of(request);
  const auto drafted = [&] {
    const planning::DraftInput input{subject, &overlay, now, {}, {}, false};
    return std::make_shared<planning::Draft>(planning::draft(input, resources, platform));
  };
  out.draft_ = drafted();
  if (only_history_gone(*out.draft_, subject)) {
    subject.spec.history.from = {};
    out.draft_ = drafted();
  }
  planning::Draft& draft = *out.draft_;
  out.report_.errors = draft.errors;
  for (const auto& waiting : draft.waiting) out.report_.waiting.push_back(waiting.error);
  out.report_.warnings = draft.warnings;
  out.report_.warnings.insert(out.report_.warnings.end(), sent->warnings.begin(), sent->warnings.end());
  if (!draft.ok()) return out;
  if (draft.target_class) out.engine_ = draft.target_class->spec.engine;
  out.input_.limits.rows = std::clamp<std::size_t>(request.limit, 1, kMostPreviewRows);
  if (request.from) out.input_.since = now - *request.from;
  out.open_sources(overlay, resources, platform);
  out.runnable_ = out.report_.errors.empty() && out.report_.waiting.empty();
  return out;
}

void PreparedPreview::open_sources(const planning::Overlay& overlay, store::ResourceClient& resources,
                                   platform::Platform& platform) {
  const worker::Job& job = draft_->job;
  input_.plan = &job.plan;
  if (const auto* engine = targets::find_engine(engine_)) {
    if (engine->table_image != nullptr) {
      input_.image = engine->table_image(job.table);
    } else if (engine->image != nullptr) {
      input_.image = engine->image(job.table.columns);
    }
  }
  for (std::size_t i = 0; i < job.plan.sources.size(); ++i) {
    const plan::SourceUse& use = job.plan.sources[i];
    const std::string dataset = use.dataset_namespace + "/" + use.dataset;
    report_.datasets.push_back(dataset);
    // A topic that is still to be made has no place in the job.
    if (i >= job.sources.size() || job.sources[i].dataset != dataset) {
      return file(
          base::waiting("TopicMissing", fmt::format("the topic of dataset {} does not exist yet", dataset))
              .with_hint("there is nothing to look at before it has records"));
    }
    const worker::SourceSpec& spec = job.sources[i];
    auto object =
        planning::look_up<resources::EventStore>(&overlay, resources, "", spec.store, "EventStoreMissing");
    if (!object) return file(std::move(object).error());
    auto store = platform.event_store(*object);
    if (!store) return file(std::move(store).error());
    auto registry = platform.registry_of(*object);
    if (!registry) return file(std::move(registry).error());
    input_.sources.push_back(
        preview_source({draft_, &draft_->job}, i, *std::move(store), *std::move(registry)));
  }
}

PreviewReport PreparedPreview::run(const std::function<bool()>& wanted) && {
  input_.wanted = wanted;
  auto made = preview::run(input_);
  if (!made) {
    file(std::move(made).error());
    return std::move(report_);
  }
  report_.found = *std::move(made);
  const auto* engine = targets::find_engine(engine_);
  const worker::Job& job = draft_->job;
  for (const auto& field : job.table.columns) {
    PreviewColumn column{field.name, types::to_string(field.type), "",
                         job.table.classified.contains(field.name)};
    if (engine != nullptr) {
      if (auto type = engine->column_type(field.type)) column.target_type = *type;
    }
    report_.columns.push_back(std::move(column));
  }
  const types::Batch& rows = report_.found.rows;
  for (std::size_t row = 0; row < rows.rows; ++row) {
    auto& cells = report_.rows.emplace_back();
    for (std::size_t i = 0; i < report_.columns.size(); ++i) {
      cells.push_back(report_.columns[i].masked ? std::string(plan::kHidden)
                                                : shown(engine, *rows.columns[i], row));
    }
  }
  report_.found.rows = {};
  report_.summary = summary_of(report_.found, report_.datasets);
  return std::move(report_);
}

}  // namespace offtake::view
