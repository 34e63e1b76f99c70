#include "tests/bench/engine/bench.h"

#include <random>

namespace offtake::bench {
namespace {

template <class T>
plan::NodePtr node(T value, std::vector<types::Field> output) {
  return std::make_shared<const plan::Node>(plan::Node{std::move(value), std::move(output)});
}

}  // namespace

plan::SourceUse source(const std::string& name, std::vector<types::Field> columns, bool entity) {
  plan::SourceUse out;
  out.dataset_namespace = "bench";
  out.dataset = name;
  out.columns = std::move(columns);
  out.kind = entity ? plan::SourceUse::Kind::kEntity : plan::SourceUse::Kind::kEvent;
  return out;
}

plan::NodePtr scan(const plan::SourceUse& from, int index) {
  plan::Scan out{index, {}};
  for (int i = 0; i < static_cast<int>(from.columns.size()); ++i) out.columns.push_back(i);
  return node(std::move(out), from.columns);
}

plan::NodePtr filter(plan::NodePtr input, plan::ExpressionPtr predicate) {
  auto output = input->output;
  return node(plan::Filter{std::move(input), std::move(predicate)}, std::move(output));
}

plan::NodePtr project(plan::NodePtr input, std::vector<plan::ExpressionPtr> expressions) {
  std::vector<types::Field> output;
  for (const auto& expression : expressions)
    output.push_back({"c" + std::to_string(output.size()), expression->type, true});
  return node(plan::Project{std::move(input), std::move(expressions)}, std::move(output));
}

plan::NodePtr join(plan::JoinKind kind, plan::NodePtr left, plan::NodePtr right, int left_key,
                   int right_key) {
  auto output = left->output;
  output.insert(output.end(), right->output.begin(), right->output.end());
  return node(plan::Join{kind, std::move(left), std::move(right), {left_key}, {right_key}, nullptr},
              std::move(output));
}

plan::NodePtr group(plan::NodePtr input, int column, std::vector<plan::AggregateCall> calls) {
  std::vector<types::Field> output = {input->output[static_cast<std::size_t>(column)]};
  for (const auto& one : calls) output.push_back({"c" + std::to_string(output.size()), one.type, true});
  return node(plan::GroupBy{std::move(input), {column}, std::move(calls)}, std::move(output));
}

plan::ExpressionPtr col(const plan::NodePtr& input, int index) {
  return plan::column(index, input->output[static_cast<std::size_t>(index)].type, true);
}

plan::ExpressionPtr call(const std::string& function, std::vector<plan::ExpressionPtr> arguments) {
  std::vector<types::TypeId> ids;
  for (const auto& argument : arguments) ids.push_back(argument->type.id);
  const plan::Signature* signature = plan::find_signature(function, ids);
  if (signature == nullptr) fail("no function " + function);
  plan::Expression out;
  out.node = plan::Call{function, std::move(arguments)};
  out.type = types::Type(signature->result);
  return std::make_shared<const plan::Expression>(std::move(out));
}

plan::Plan make_plan(plan::NodePtr root, std::vector<plan::SourceUse> sources, plan::Identity identity,
                     bool stateless) {
  plan::Plan out;
  out.root = std::move(root);
  out.sources = std::move(sources);
  out.identity = std::move(identity);
  out.stateless = stateless;
  return out;
}

std::unique_ptr<engine::Dataflow> build(const plan::Plan& plan) {
  auto made = engine::Dataflow::build(plan, {});
  if (!made) fail(made.error().text());
  return std::move(made).value();
}

std::vector<std::int64_t> shuffled_keys(std::size_t rows, std::size_t keys, unsigned seed) {
  std::vector<std::int64_t> out(rows);
  for (std::size_t i = 0; i < rows; ++i) out[i] = static_cast<std::int64_t>(i % keys);
  std::mt19937_64 random(seed);
  std::shuffle(out.begin(), out.end(), random);
  return out;
}

types::ColumnPtr int8_column(const std::vector<std::int64_t>& values) {
  types::ColumnBuilder builder{types::Type(types::TypeId::kInt8)};
  std::copy(values.begin(), values.end(), builder.grow<std::int64_t>(values.size()));
  return builder.finish();
}

types::ColumnPtr nullable_int8_column(const std::vector<std::int64_t>& values) {
  types::ColumnBuilder builder{types::Type(types::TypeId::kInt8)};
  std::copy(values.begin(), values.end(), builder.grow<std::int64_t>(values.size()));
  for (std::size_t i = 0; i < values.size(); i += 10) builder.set_null(i);
  return builder.finish();
}

std::vector<types::Batch> cut(const std::vector<types::ColumnPtr>& columns) {
  constexpr std::size_t kRows = 4096;
  types::Batch all;
  all.columns = columns;
  all.rows = columns[0]->size();
  std::vector<types::Batch> out;
  for (std::size_t first = 0; first < all.rows; first += kRows) {
    std::vector<std::uint32_t> rows;
    for (std::size_t row = first; row < std::min(first + kRows, all.rows); ++row) {
      rows.push_back(static_cast<std::uint32_t>(row));
    }
    out.push_back(all.take(rows));
  }
  return out;
}

engine::SourceBatch events(const types::Batch& rows, std::int64_t first_offset) {
  engine::SourceBatch out;
  out.rows = rows;
  out.offsets.resize(rows.rows);
  for (std::size_t i = 0; i < rows.rows; ++i) out.offsets[i] = first_offset + static_cast<std::int64_t>(i);
  out.timestamps_ms.assign(rows.rows, 0);
  return out;
}

engine::SourceBatch records(const types::Batch& rows, int key, std::int64_t first_offset) {
  engine::SourceBatch out = events(rows, first_offset);
  types::ColumnBuilder identity{types::Type(types::TypeId::kBytea)};
  std::string bytes;
  for (std::size_t row = 0; row < rows.rows; ++row) {
    bytes.clear();
    types::append_canonical(*rows.columns[static_cast<std::size_t>(key)], row, bytes);
    identity.append_text(bytes);
  }
  out.identity = identity.finish();
  out.tombstone.assign(rows.rows, 0);
  return out;
}

}  // namespace offtake::bench
