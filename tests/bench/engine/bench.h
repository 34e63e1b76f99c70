// What the engine's benchmarks share: data and plans. The peer of each is a loop written by hand over the
// same columns, which reads validity and writes its output and weights.
#pragma once
#include <string>
#include <vector>

#include "operators/engine/dataflow.h"
#include "operators/plan/plan.h"
#include "tests/bench/support/measure.h"

namespace offtake::bench {

plan::SourceUse source(const std::string& name, std::vector<types::Field> columns, bool entity);
plan::NodePtr scan(const plan::SourceUse& from, int index);
plan::NodePtr filter(plan::NodePtr input, plan::ExpressionPtr predicate);
plan::NodePtr project(plan::NodePtr input, std::vector<plan::ExpressionPtr> expressions);
plan::NodePtr join(plan::JoinKind kind, plan::NodePtr left, plan::NodePtr right, int left_key, int right_key);
plan::NodePtr group(plan::NodePtr input, int column, std::vector<plan::AggregateCall> calls);
plan::ExpressionPtr col(const plan::NodePtr& input, int index);
plan::ExpressionPtr call(const std::string& function, std::vector<plan::ExpressionPtr> arguments);
plan::Plan make_plan(plan::NodePtr root, std::vector<plan::SourceUse> sources, plan::Identity identity,
                     bool stateless);
std::unique_ptr<engine::Dataflow> build(const plan::Plan& plan);

// Keys 0..keys-1 shuffled, as often as needed for `rows`.
std::vector<std::int64_t> shuffled_keys(std::size_t rows, std::size_t keys, unsigned seed);
types::ColumnPtr int8_column(const std::vector<std::int64_t>& values);
// Every tenth value NULL.
types::ColumnPtr nullable_int8_column(const std::vector<std::int64_t>& values);
// Batches of 4,096 rows.
std::vector<types::Batch> cut(const std::vector<types::ColumnPtr>& columns);
engine::SourceBatch events(const types::Batch& rows, std::int64_t first_offset);
// An entity's records under a key column; identities are the key's canonical bytes.
engine::SourceBatch records(const types::Batch& rows, int key, std::int64_t first_offset);

void bench_map(std::size_t rows);
void bench_join(std::size_t rows);
void bench_group(std::size_t rows);
void bench_updates(std::size_t rows);
void bench_latency(std::size_t rows);
void bench_state();
void bench_checkpoint(std::size_t rows);

}  // namespace offtake::bench
