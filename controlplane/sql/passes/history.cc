// The history window of the driving sources. Scan => Filter (event_time >= start) over it, where the dataset
// declares an event-time column; a NULL event time is outside of every window. Else the source leaves out
// records whose own timestamp lies before it.
#include "controlplane/sql/passes/passes.h"
#include "controlplane/sql/passes/rebuild.h"

namespace offtake::passes {
namespace {

using enum types::TypeId;
using plan::ExpressionPtr;

types::Datum timestamp_literal(types::TypeId type, std::int64_t micros) {
  types::ColumnBuilder builder{types::Type(type)};
  builder.append<std::int64_t>(micros);
  return {builder.finish()};
}

plan::NodePtr windowed(const plan::NodePtr& node, const plan::Scan& scan, const Draft& draft,
                       std::int64_t start_us) {
  const auto source = static_cast<std::size_t>(scan.source);
  const auto& event_time = draft.facts[source].event_time;
  if (!draft.plan.sources[source].windowed || !event_time) return node;
  for (std::size_t i = 0; i < scan.columns.size(); ++i) {
    if (scan.columns[i] != *event_time) continue;
    const types::Field& field = node->output[i];
    ExpressionPtr column = plan::column(static_cast<int>(i), field.type, field.nullable);
    types::TypeId type = field.type.id;
    if (type == kDate) {
      type = kTimestamp;
      column = std::make_shared<const plan::Expression>(
          plan::Expression{plan::Cast{column}, types::Type(type), field.nullable, -1});
    }
    if (type != kTimestamp && type != kTimestampTz) return node;
    auto after = std::make_shared<const plan::Expression>(
        plan::Expression{plan::Call{">=", {column, plan::literal(timestamp_literal(type, start_us))}},
                         types::Type(kBoolean), field.nullable, -1});
    return make_filter(node, {std::move(after)});
  }
  return node;
}

}  // namespace

void apply_history(Draft& draft, std::int64_t start_us, Outcome&) {
  const std::function<plan::NodePtr(const plan::NodePtr&)> visit = [&](const plan::NodePtr& node) {
    if (const auto* scan = std::get_if<plan::Scan>(&node->node))
      return windowed(node, *scan, draft, start_us);
    return map_inputs(node, visit);
  };
  draft.plan.root = visit(draft.plan.root);
  for (std::size_t i = 0; i < draft.plan.sources.size(); ++i) {
    plan::SourceUse& source = draft.plan.sources[i];
    if (!source.windowed || draft.facts[i].event_time) continue;
    // Rounded up: a record's timestamp has whole milliseconds.
    source.min_timestamp_ms = start_us / 1000 + (start_us % 1000 > 0 ? 1 : 0);
  }
}

}  // namespace offtake::passes
