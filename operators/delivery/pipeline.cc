#include "operators/delivery/pipeline.h"

namespace offtake::delivery {
namespace {

std::string place_of(int partition, std::int64_t offset) {
  return partition < 0 ? std::string() : fmt::format(" (partition {}, offset {})", partition, offset);
}

}  // namespace

base::Result<std::unique_ptr<engine::Dataflow>> make_dataflow(const Pipeline& pipeline) {
  engine::DataflowOptions options;
  options.image = pipeline.image;
  options.memory_limit_bytes = pipeline.memory_bytes;
  options.old_rows = pipeline.old_rows;
  return engine::Dataflow::build(*pipeline.plan, std::move(options));
}

bool runs_without_state(const plan::Plan& plan) {
  return plan.stateless && plan.identity.kind == plan::Identity::Kind::kPosition;
}

base::Result<targets::SourceOffsets> current_ends(const Pipeline& pipeline) {
  targets::SourceOffsets ends;
  for (const Source& source : pipeline.sources) {
    auto bounds = source.store->bounds(source.topic);
    if (!bounds) return std::move(bounds).error().in(fmt::format("dataset {}", source.dataset));
    auto& mine = ends[source.dataset];
    for (const auto& [partition, bound] : *bounds) mine[partition] = bound.last_stable;
  }
  return ends;
}

void report_key_spans(const Pipeline& pipeline, const engine::Dataflow& dataflow) {
  std::set<std::string> spanning, single;
  for (std::size_t i = 0; i < pipeline.sources.size(); ++i) {
    if (!pipeline.sources[i].entity) continue;
    const bool spans = dataflow.key_spans_partitions(static_cast<int>(i));
    (spans ? spanning : single).insert(pipeline.sources[i].dataset);
  }
  pipeline.progress->update([&](ProgressSnapshot& s) {
    s.keys_span_partitions = std::move(spanning);
    s.keys_in_one_partition = std::move(single);
  });
}

base::Status check_rows(const engine::Dataflow& dataflow) {
  constexpr std::size_t kShown = 3;
  const auto errors = dataflow.error_rows(kShown + 1);
  if (!errors.empty()) {
    std::string text;
    for (std::size_t i = 0; i < errors.size() && i < kShown; ++i) {
      const auto& error = errors[i];
      text += fmt::format("{}{} for row {}{}", i == 0 ? "" : "; ", error.message, error.row,
                          place_of(error.partition, error.offset));
    }
    if (errors.size() > kShown) text += "; and more";
    return base::row_error("RowError", std::move(text))
        .with_hint("correct the record at its source, or guard the expression in spec.sql (CASE, NULLIF)");
  }
  const auto violations = dataflow.key_violations(kShown + 1);
  if (!violations.empty()) {
    std::string text;
    for (std::size_t i = 0; i < violations.size() && i < kShown; ++i) {
      const auto& violation = violations[i];
      if (i > 0) text += "; ";
      if (!violation.dataset.empty()) {
        text += fmt::format("key {} of dataset {} is claimed by two record keys: {} and {}", violation.key,
                            violation.dataset, violation.first, violation.second);
        continue;
      }
      text += fmt::format("key {} is claimed by two rows: {} and {}{}", violation.key, violation.first,
                          violation.second, place_of(violation.partition, violation.offset));
    }
    if (violations.size() > kShown) text += "; and more";
    if (!violations.front().dataset.empty()) {
      return base::row_error("KeyNotUnique", std::move(text))
          .with_hint("correct or delete one of the records, or declare a spec.key that tells them apart");
    }
    return base::row_error("KeyNotUnique", std::move(text))
        .with_hint("choose a target.key that tells the rows apart, or correct the records");
  }
  return {};
}

base::Error drained() {
  return base::terminal("Drained", "stopped at an epoch boundary");
}
bool is_drained(const base::Error& error) {
  return error.code == "Drained";
}

}  // namespace offtake::delivery
