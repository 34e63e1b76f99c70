#include "operators/plan/classified.h"

#include <algorithm>
#include <cctype>

namespace offtake::plan {
namespace {

bool within(std::string_view path, std::string_view outer) {
  return path.starts_with(outer) && (path.size() == outer.size() || path[outer.size()] == '.');
}

struct Tracer {
  const Plan& plan;
  std::set<std::string> names;

  // A flag for each output column of `node`.
  std::vector<bool> visit(const Node& node) {
    std::vector<bool> flags = std::visit([&](const auto& kind) { return flags_of(kind); }, node.node);
    for (std::size_t i = 0; i < flags.size() && i < node.output.size(); ++i) {
      if (flags[i]) names.insert(node.output[i].name);
    }
    return flags;
  }

  std::vector<bool> flags_of(const Scan& scan) {
    const SourceUse& source = plan.sources[static_cast<std::size_t>(scan.source)];
    std::vector<bool> out;
    for (const int column : scan.columns) {
      out.push_back(is_classified(source, source.columns[static_cast<std::size_t>(column)].name));
    }
    return out;
  }
  std::vector<bool> flags_of(const Filter& filter) { return visit(*filter.input); }
  std::vector<bool> flags_of(const Project& project) {
    const std::vector<bool> input = visit(*project.input);
    std::vector<bool> out;
    for (const ExpressionPtr& expression : project.expressions) {
      std::vector<int> columns;
      collect_columns(*expression, columns);
      out.push_back(std::any_of(columns.begin(), columns.end(),
                                [&](int column) { return input[static_cast<std::size_t>(column)]; }));
    }
    return out;
  }
  std::vector<bool> flags_of(const Join& join) {
    std::vector<bool> out = visit(*join.left);
    const std::vector<bool> right = visit(*join.right);
    out.insert(out.end(), right.begin(), right.end());
    return out;
  }
  std::vector<bool> flags_of(const GroupBy& group) {
    const std::vector<bool> input = visit(*group.input);
    std::vector<bool> out;
    for (const int column : group.group) out.push_back(input[static_cast<std::size_t>(column)]);
    for (const AggregateCall& call : group.aggregates) {
      const bool counts = call.function == Aggregate::kCountAll || call.function == Aggregate::kCount;
      out.push_back(!counts && input[static_cast<std::size_t>(call.argument)]);
    }
    return out;
  }
};

}  // namespace

bool is_classified(const SourceUse& source, std::string_view column) {
  return std::any_of(source.classified.begin(), source.classified.end(),
                     [&](const std::string& path) { return within(column, path) || within(path, column); });
}

std::string without_quoted(std::string_view message) {
  const auto in_word = [&](std::size_t at) {
    return at < message.size() &&
           (std::isalnum(static_cast<unsigned char>(message[at])) != 0 || (message[at] & 0x80) != 0);
  };
  const auto is_quote = [&](std::size_t at) {
    if (message[at] == '"') return true;
    // The apostrophe of "the field's value" quotes nothing.
    return message[at] == '\'' && !(at > 0 && in_word(at - 1) && in_word(at + 1));
  };
  // From the first quote to the last one: a value may hold quotes itself.
  std::size_t first = 0, last = message.size();
  while (first < message.size() && !is_quote(first)) ++first;
  while (last > 0 && !is_quote(last - 1)) --last;
  if (first + 1 >= last) return std::string(message);
  std::string out(message.substr(0, first + 1));
  out += kHidden;
  out += message.substr(last - 1);
  return out;
}

std::set<std::string> classified_names(const Plan& plan) {
  const bool any = std::any_of(plan.sources.begin(), plan.sources.end(),
                               [](const SourceUse& source) { return !source.classified.empty(); });
  if (!any || plan.root == nullptr) return {};
  Tracer tracer{plan, {}};
  tracer.visit(*plan.root);
  for (const SourceUse& source : plan.sources) {
    for (const types::Field& field : source.columns) {
      if (is_classified(source, field.name)) tracer.names.insert(field.name);
    }
  }
  return std::move(tracer.names);
}

}  // namespace offtake::plan
