#include "tests/unit/engine/oracle.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>

#include "operators/expressions/evaluator.h"

namespace offtake::engine::testing {
namespace {

types::Batch empty_batch(const std::vector<types::Field>& fields) {
  types::Batch out;
  for (const types::Field& field : fields) out.columns.push_back(types::Column::nulls(field.type, 0));
  return out;
}

std::unique_ptr<expressions::Evaluator> evaluator(const plan::ExpressionPtr& expression) {
  auto made = expressions::Evaluator::build(expression);
  REQUIRE(made.ok());
  return std::move(made).value();
}

// One aggregate over the rows of a group, row after row; an empty string of `error` means none.
void aggregate(const plan::AggregateCall& call, const types::Batch& input,
               const std::vector<std::uint32_t>& rows, types::ColumnBuilder& out, std::string& error) {
  using plan::Aggregate;
  if (call.function == Aggregate::kCountAll) {
    out.append(static_cast<std::int64_t>(rows.size()));
    return;
  }
  const types::Column& column = *input.columns[static_cast<std::size_t>(call.argument)];
  std::vector<std::uint32_t> present;
  for (const std::uint32_t row : rows) {
    if (!column.is_null(row)) present.push_back(row);
  }
  if (call.function == Aggregate::kCount) {
    out.append(static_cast<std::int64_t>(present.size()));
    return;
  }
  if (present.empty()) {
    out.append_null();
    return;
  }
  if (call.function == Aggregate::kMin || call.function == Aggregate::kMax) {
    const int sign = call.function == Aggregate::kMin ? 1 : -1;
    std::uint32_t best = present[0];
    for (const std::uint32_t row : present) {
      const int order = types::compare_values(column, row, column, best) * sign;
      const bool smaller = order == 0 && types::value_text(column, row) < types::value_text(column, best);
      if (order < 0 || smaller) best = row;
    }
    out.append_from(column, best);
    return;
  }
  const bool average = call.function == Aggregate::kAvg;
  if (types::is_integer(column.type().id) || column.type().id == types::TypeId::kNumeric) {
    types::Arena arena;
    types::Numeric sum;
    for (const std::uint32_t row : present) {
      const types::Numeric value = column.physical() == types::Physical::kInt32
                                       ? types::Numeric::from_int(column.values<std::int32_t>()[row])
                                   : column.physical() == types::Physical::kInt64
                                       ? types::Numeric::from_int(column.values<std::int64_t>()[row])
                                       : column.values<types::Numeric>()[row];
      sum = *types::add(sum, value, arena);
    }
    if (average)
      sum = *types::divide(sum, types::Numeric::from_int(static_cast<std::int64_t>(present.size())), arena);
    if (call.type.id == types::TypeId::kInt8) {
      auto narrow = types::to_int8(sum);
      if (narrow.ok()) {
        out.append(*narrow);
      } else {
        error = narrow.error().message;
      }
    } else {
      out.append_numeric(sum);
    }
    return;
  }
  double sum = 0;  // tests give values whose sums are exact
  for (const std::uint32_t row : present) sum += column.values<double>()[row];
  out.append(average ? sum / static_cast<double>(present.size()) : sum);
}

struct Walk {
  const plan::Plan& plan;
  const std::vector<types::Batch>& inputs;
  std::size_t& errors;

  types::Batch run(const plan::NodePtr& node) const {
    return std::visit([&](const auto& one) { return (*this)(one, *node); }, node->node);
  }

  types::Batch operator()(const plan::Scan& scan, const plan::Node&) const {
    const types::Batch& input = inputs[static_cast<std::size_t>(scan.source)];
    types::Batch out;
    out.rows = input.rows;
    for (const int column : scan.columns)
      out.columns.push_back(input.columns[static_cast<std::size_t>(column)]);
    return out;
  }

  types::Batch operator()(const plan::Filter& filter, const plan::Node&) const {
    const types::Batch input = run(filter.input);
    std::vector<std::uint32_t> rows;
    std::vector<expressions::RowError> failed;
    evaluator(filter.predicate)->select(input, rows, failed);
    errors += failed.size();
    return input.take(rows);
  }

  types::Batch operator()(const plan::Project& project, const plan::Node&) const {
    const types::Batch input = run(project.input);
    types::Batch out;
    out.rows = input.rows;
    std::set<std::uint32_t> bad;
    for (const auto& expression : project.expressions) {
      std::vector<expressions::RowError> failed;
      out.columns.push_back(evaluator(expression)->evaluate(input, failed));
      for (const auto& one : failed) bad.insert(one.row);
    }
    errors += bad.size();
    std::vector<std::uint32_t> kept;
    for (std::uint32_t row = 0; row < out.rows; ++row) {
      if (!bad.contains(row)) kept.push_back(row);
    }
    return out.take(kept);
  }

  types::Batch operator()(const plan::Join& join, const plan::Node& node) const {
    const types::Batch left = run(join.left);
    const types::Batch right = run(join.right);
    std::vector<types::Batch> pieces = {empty_batch(node.output)};
    std::unique_ptr<expressions::Evaluator> residual;
    if (join.residual != nullptr) residual = evaluator(join.residual);
    for (std::uint32_t a = 0; a < left.rows; ++a) {
      bool matched = false;
      const std::uint32_t one_left[] = {a};
      const types::Batch left_row = left.take(one_left);
      for (std::uint32_t b = 0; b < right.rows; ++b) {
        bool equal = true;
        for (std::size_t i = 0; i < join.left_keys.size(); ++i) {
          const auto& x = *left.columns[static_cast<std::size_t>(join.left_keys[i])];
          const auto& y = *right.columns[static_cast<std::size_t>(join.right_keys[i])];
          equal = equal && !x.is_null(a) && types::equal_values(x, a, y, b);
        }
        if (!equal) continue;
        const std::uint32_t one_right[] = {b};
        types::Batch pair = left_row;
        for (const auto& column : right.take(one_right).columns) pair.columns.push_back(column);
        if (residual != nullptr) {
          std::vector<std::uint32_t> rows;
          std::vector<expressions::RowError> failed;
          residual->select(pair, rows, failed);
          errors += failed.size();
          if (rows.empty()) continue;
        }
        matched = true;
        pieces.push_back(std::move(pair));
      }
      if (matched || join.kind != plan::JoinKind::kLeft) continue;
      types::Batch alone = left_row;
      for (const types::Field& field : join.right->output) {
        alone.columns.push_back(types::Column::nulls(field.type, 1));
      }
      pieces.push_back(std::move(alone));
    }
    return types::Batch::concatenate(pieces);
  }

  types::Batch operator()(const plan::GroupBy& group, const plan::Node& node) const {
    const types::Batch input = run(group.input);
    std::map<std::string, std::vector<std::uint32_t>> groups;
    if (group.group.empty()) groups[""];
    for (std::uint32_t row = 0; row < input.rows; ++row) {
      std::string key;
      types::append_canonical_row(input, group.group, row, key);
      groups[key].push_back(row);
    }
    std::vector<types::Batch> pieces = {empty_batch(node.output)};
    for (const auto& [key, rows] : groups) {
      // The smallest spelling of the key, all columns together.
      std::uint32_t shown = 0;
      std::vector<std::string> smallest;
      for (const std::uint32_t row : rows) {
        std::vector<std::string> spelled;
        for (const int column : group.group) {
          spelled.push_back(types::value_text(*input.columns[static_cast<std::size_t>(column)], row));
        }
        if (smallest.empty() || spelled < smallest) {
          smallest = spelled;
          shown = row;
        }
      }
      types::Batch out;
      out.rows = 1;
      for (const int column : group.group) {
        const std::uint32_t one[] = {shown};
        out.columns.push_back(input.columns[static_cast<std::size_t>(column)]->take(one));
      }
      std::string error;
      for (const plan::AggregateCall& call : group.aggregates) {
        types::ColumnBuilder builder(call.type);
        aggregate(call, input, rows, builder, error);
        out.columns.push_back(builder.finish());
      }
      if (error.empty()) {
        pieces.push_back(std::move(out));
      } else {
        ++errors;
      }
    }
    return types::Batch::concatenate(pieces);
  }
};

}  // namespace

Relation evaluate(const plan::Plan& plan, const std::vector<types::Batch>& inputs) {
  Relation out;
  out.rows = Walk{plan, inputs, out.errors}.run(plan.root);
  return out;
}

std::string text_of(const types::Batch& rows, std::size_t row) {
  std::string out;
  for (const auto& column : rows.columns) {
    if (&column != &rows.columns[0]) out += '|';
    out += types::value_text(*column, row);
  }
  return out;
}

std::string text_of(const types::Batch& rows, std::size_t row, const std::vector<int>& columns) {
  std::string out;
  for (const int column : columns) {
    if (column != columns[0]) out += '|';
    out += types::value_text(*rows.columns[static_cast<std::size_t>(column)], row);
  }
  return out;
}

}  // namespace offtake::engine::testing
