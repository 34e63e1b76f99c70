#include "controlplane/sql/passes/keys.h"

#include <algorithm>

#include "controlplane/sql/passes/rebuild.h"

namespace offtake::passes {
namespace {

constexpr std::size_t kMaxKeys = 16;

struct Prover {
  const std::vector<plan::SourceUse>& sources;

  Properties operator()(const plan::Node& node) const {
    return std::visit([&](const auto& kind) { return prove(kind, node); }, node.node);
  }

  // An entity has one row a key; an event dataset's key is never trusted.
  Properties prove(const plan::Scan& scan, const plan::Node& node) const {
    Properties out;
    for (const types::Field& field : node.output) out.never_null.push_back(!field.nullable);
    const plan::SourceUse& use = sources[static_cast<std::size_t>(scan.source)];
    if (use.kind != plan::SourceUse::Kind::kEntity || use.key.empty()) return out;
    std::set<int> key;
    for (int column : use.key) {
      const auto found = std::find(scan.columns.begin(), scan.columns.end(), column);
      if (found == scan.columns.end()) return out;
      key.insert(static_cast<int>(found - scan.columns.begin()));
    }
    out.keys.push_back(std::move(key));
    return out;
  }

  Properties prove(const plan::Filter& filter, const plan::Node&) const {
    Properties out = (*this)(*filter.input);
    std::vector<plan::ExpressionPtr> terms;
    split_and(filter.predicate, terms);
    for (const plan::ExpressionPtr& term : terms) {
      for (std::size_t column = 0; column < out.never_null.size(); ++column) {
        const auto* is_null = std::get_if<plan::IsNull>(&term->node);
        const plan::Expression& tested = is_null && is_null->negated ? *is_null->argument : *term;
        const auto same = [&](int other) { return other == static_cast<int>(column); };
        if (is_null_with(tested, same)) out.never_null[column] = true;
      }
    }
    return out;
  }

  Properties prove(const plan::Project& project, const plan::Node& node) const {
    const Properties input = (*this)(*project.input);
    std::vector<int> source(project.expressions.size(), -1);  // the column that an output shows
    Properties out;
    for (std::size_t i = 0; i < project.expressions.size(); ++i) {
      const plan::Expression* expression = project.expressions[i].get();
      while (const auto* cast = std::get_if<plan::Cast>(&expression->node)) {
        if (!is_widening(*cast->argument, expression->type)) break;
        expression = cast->argument.get();
      }
      const auto* column = std::get_if<plan::ColumnRef>(&expression->node);
      if (column != nullptr) source[i] = column->index;
      out.never_null.push_back(!node.output[i].nullable ||
                               (column && input.never_null[static_cast<std::size_t>(column->index)]));
    }
    const auto shown_at = [&](int column) {
      for (std::size_t i = 0; i < source.size(); ++i) {
        if (source[i] == column) return static_cast<int>(i);
      }
      return -1;
    };
    const auto shown_or_equal = [&](int column) {
      if (const int at = shown_at(column); at >= 0) return at;
      for (const auto& [a, b] : input.equal) {
        if (a != column && b != column) continue;
        if (const int at = shown_at(a == column ? b : a); at >= 0) return at;
      }
      return -1;
    };
    for (const std::set<int>& key : input.keys) {
      std::set<int> mapped;
      bool all = true;
      for (int column : key) {
        const int at = shown_or_equal(column);
        all = all && at >= 0;
        mapped.insert(at);
      }
      if (all) out.keys.push_back(std::move(mapped));
    }
    for (const auto& [a, b] : input.equal) {
      const int x = shown_at(a), y = shown_at(b);
      if (x >= 0 && y >= 0) out.equal.emplace_back(x, y);
    }
    return out;
  }

  Properties prove(const plan::Join& join, const plan::Node&) const {
    const Properties left = (*this)(*join.left), right = (*this)(*join.right);
    const int width = static_cast<int>(join.left->output.size());
    const bool is_inner = join.kind == plan::JoinKind::kInner;
    const auto shifted = [&](const std::set<int>& key) {
      std::set<int> out;
      for (int column : key) out.insert(column + width);
      return out;
    };
    Properties out;
    if (has_key(right, join.right_keys)) out.keys = left.keys;
    if (is_inner && has_key(left, join.left_keys)) {
      for (const std::set<int>& key : right.keys) out.keys.push_back(shifted(key));
    }
    for (const std::set<int>& a : left.keys) {
      for (const std::set<int>& b : right.keys) {
        if (out.keys.size() >= kMaxKeys) break;
        std::set<int> both = shifted(b);
        both.insert(a.begin(), a.end());
        out.keys.push_back(std::move(both));
      }
    }
    out.equal = left.equal;
    for (const auto& [a, b] : right.equal) out.equal.emplace_back(a + width, b + width);
    out.never_null = left.never_null;
    for (bool never : right.never_null) out.never_null.push_back(never && is_inner);
    if (!is_inner) return out;
    for (std::size_t i = 0; i < join.left_keys.size(); ++i) {
      const int a = join.left_keys[i], b = join.right_keys[i] + width;
      out.equal.emplace_back(a, b);
      out.never_null[static_cast<std::size_t>(a)] = true;
      out.never_null[static_cast<std::size_t>(b)] = true;
    }
    return out;
  }

  Properties prove(const plan::GroupBy& group, const plan::Node& node) const {
    const Properties input = (*this)(*group.input);
    Properties out;
    std::set<int> key;
    for (std::size_t i = 0; i < group.group.size(); ++i) {
      key.insert(static_cast<int>(i));
      out.never_null.push_back(input.never_null[static_cast<std::size_t>(group.group[i])]);
    }
    for (std::size_t i = group.group.size(); i < node.output.size(); ++i) {
      out.never_null.push_back(!node.output[i].nullable);
    }
    if (!key.empty()) out.keys.push_back(std::move(key));
    return out;
  }

  static bool has_key(const Properties& side, const std::vector<int>& columns) {
    return std::any_of(side.keys.begin(), side.keys.end(), [&](const std::set<int>& key) {
      return std::all_of(key.begin(), key.end(), [&](int column) {
        return std::find(columns.begin(), columns.end(), column) != columns.end();
      });
    });
  }
};

}  // namespace

Properties properties(const plan::Node& node, const std::vector<plan::SourceUse>& sources) {
  return Prover{sources}(node);
}

bool is_null_with(const plan::Expression& expression, const std::function<bool(int)>& in) {
  if (const auto* ref = std::get_if<plan::ColumnRef>(&expression.node)) return in(ref->index);
  if (const auto* cast = std::get_if<plan::Cast>(&expression.node)) return is_null_with(*cast->argument, in);
  if (const auto* list = std::get_if<plan::InList>(&expression.node))
    return is_null_with(*list->argument, in);
  if (const auto* call = std::get_if<plan::Call>(&expression.node)) {
    // Every function of the table is strict.
    return std::any_of(call->arguments.begin(), call->arguments.end(),
                       [&](const plan::ExpressionPtr& argument) { return is_null_with(*argument, in); });
  }
  if (const auto* logical = std::get_if<plan::Logical>(&expression.node)) {
    return logical->op == plan::Logical::Op::kNot && is_null_with(*logical->terms.front(), in);
  }
  return false;
}

}  // namespace offtake::passes
