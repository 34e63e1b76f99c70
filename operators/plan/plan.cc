#include "operators/plan/plan.h"

#include <fmt/format.h>

#include "base/clock.h"

namespace offtake::plan {
namespace {

using Fields = std::vector<types::Field>;

std::string name_of(const Fields& fields, int index) {
  const auto at = static_cast<std::size_t>(index);
  return at < fields.size() && !fields[at].name.empty() ? fields[at].name : fmt::format("#{}", index);
}

std::string names_of(const Fields& fields, const std::vector<int>& indexes) {
  std::string out;
  for (int index : indexes) {
    if (!out.empty()) out += ", ";
    out += name_of(fields, index);
  }
  return out;
}

struct Explainer {
  const Plan& plan;
  std::string out;

  void line(int depth, std::string_view text) {
    out.append(static_cast<std::size_t>(depth) * 2, ' ').append(text).push_back('\n');
  }

  void print(const NodePtr& node, int depth) {
    if (!node) return line(depth, "(none)");
    std::visit([&](const auto& kind) { print(kind, *node, depth); }, node->node);
  }

  void print(const Scan& scan, const Node&, int depth) {
    const SourceUse& use = plan.sources[static_cast<std::size_t>(scan.source)];
    std::string text = fmt::format("Scan {}.{} ({})", use.dataset_namespace, use.dataset,
                                   names_of(use.columns, scan.columns));
    text += use.kind == SourceUse::Kind::kEntity ? " entity" : " event";
    if (!use.key.empty()) text += fmt::format(" key ({})", names_of(use.columns, use.key));
    text += use.windowed ? ", windowed" : ", whole";
    if (use.min_timestamp_ms)
      text += " from " + base::format_instant(base::Micros{*use.min_timestamp_ms} * 1000);
    for (std::size_t i = 0; i < use.classified.size(); ++i)
      text += (i == 0 ? ", classified " : ", ") + use.classified[i];
    line(depth, text);
  }

  void print(const Filter& filter, const Node&, int depth) {
    line(depth, "Filter " + to_string(*filter.predicate, filter.input->output));
    print(filter.input, depth + 1);
  }

  void print(const Project& project, const Node& self, int depth) {
    std::string text;
    for (std::size_t i = 0; i < project.expressions.size(); ++i) {
      if (i > 0) text += ", ";
      const std::string expression = to_string(*project.expressions[i], project.input->output);
      text += expression;
      if (expression != self.output[i].name) text += " AS " + self.output[i].name;
    }
    line(depth, "Project " + text);
    print(project.input, depth + 1);
  }

  void print(const Join& join, const Node& self, int depth) {
    std::string text = join.kind == JoinKind::kLeft ? "LeftJoin on " : "InnerJoin on ";
    for (std::size_t i = 0; i < join.left_keys.size(); ++i) {
      if (i > 0) text += " AND ";
      text += fmt::format("{} = {}", name_of(join.left->output, join.left_keys[i]),
                          name_of(join.right->output, join.right_keys[i]));
    }
    if (join.residual) text += ", residual " + to_string(*join.residual, self.output);
    line(depth, text);
    print(join.left, depth + 1);
    print(join.right, depth + 1);
  }

  void print(const GroupBy& group, const Node& self, int depth) {
    std::string text = "GroupBy (" + names_of(group.input->output, group.group) + ")";
    for (std::size_t i = 0; i < group.aggregates.size(); ++i) {
      const AggregateCall& call = group.aggregates[i];
      const std::string argument = call.argument < 0 ? "*" : name_of(group.input->output, call.argument);
      text += fmt::format("{} {}({}) AS {}", i > 0 ? "," : "", to_string(call.function), argument,
                          self.output[group.group.size() + i].name);
    }
    line(depth, text);
    print(group.input, depth + 1);
  }
};

std::string identity_text(const Plan& plan) {
  const std::string key = plan.root ? names_of(plan.root->output, plan.identity.key) : "";
  switch (plan.identity.kind) {
    case Identity::Kind::kProvedKey:
      return "key (" + key + "), proved";
    case Identity::Kind::kWatchedKey:
      return "key (" + key + "), watched";
    case Identity::Kind::kPosition:
      return "position of the record";
    case Identity::Kind::kBag:
      return "bag";
  }
  return "";
}

}  // namespace

std::string explain(const Plan& plan) {
  Explainer explainer{plan, {}};
  explainer.print(plan.root, 0);
  std::string columns;
  if (plan.root) {
    for (const types::Field& field : plan.root->output) {
      if (!columns.empty()) columns += ", ";
      columns += field.name + " " + types::to_string(field.type) + (field.nullable ? "" : " not null");
    }
  }
  explainer.line(0, "Output: " + columns);
  explainer.line(0, "Identity: " + identity_text(plan));
  explainer.line(0, std::string("State: ") + (plan.stateless ? "none" : "kept"));
  return explainer.out;
}

}  // namespace offtake::plan
