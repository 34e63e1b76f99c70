// What the engine's benchmarks share: data, plans, clocks and the table of results. A bench runs our engine
// and a hand-written loop over the same columns in turn, checks that both have the same answer, and reports
// the ratio: 1 is as fast as the loop.
#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "operators/engine/dataflow.h"
#include "operators/plan/plan.h"

namespace offtake::bench {

struct Result {
  std::string work;
  double ours = 0, theirs = 0;  // seconds, or what `unit` says
  double bar = 0;               // the ratio theirs / ours must reach; 0: an absolute bound in `theirs`
  std::string unit = "s";
};
void report(const Result& result);
[[noreturn]] void fail(const std::string& what);
void expect(bool same, const std::string& what);

double seconds(const std::function<void()>& run);
// Of the calling thread: what a run costs, whatever else the machine does. Both sides run on one thread.
double cpu_seconds(const std::function<void()>& run);
// The least of `rounds` runs of each, in turn.
struct Pair {
  double ours = 1e300, theirs = 1e300;
};
Pair least(int rounds, const std::function<double()>& ours, const std::function<double()>& theirs);

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

}  // namespace offtake::bench
