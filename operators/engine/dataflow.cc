#include "operators/engine/dataflow.h"

#include "operators/engine/build.h"
#include "operators/engine/entity_state.h"
#include "operators/engine/result_stage.h"
#include "operators/engine/state_stream.h"
#include "operators/plan/classified.h"

namespace offtake::engine {
namespace {

template <class T>
types::ColumnPtr filled(types::TypeId type, std::size_t rows, T value) {
  types::ColumnBuilder builder{types::Type(type)};
  T* to = builder.grow<T>(rows);
  std::fill(to, to + rows, value);
  return builder.finish();
}

class PlanDataflow final : public Dataflow {
 public:
  PlanDataflow(const plan::Plan& plan, DataflowOptions options)
      : options_(std::move(options)),
        positions_(plan.identity.kind == plan::Identity::Kind::kPosition),
        result_(make_result_stage(plan.identity, plan.root->output, options_.image, runtime_)) {
    runtime_.errors.hide(plan::classified_names(plan));
    runtime_.old_rows = options_.old_rows;
    inputs_.scans.resize(plan.sources.size());
    for (const plan::SourceUse& source : plan.sources) {
      const bool entity = source.kind == plan::SourceUse::Kind::kEntity;
      inputs_.entities.push_back(entity ? std::make_unique<EntityState>(source) : nullptr);
    }
  }

  base::Status start(const plan::Plan& plan) {
    auto root = build_operator(plan, *plan.root, runtime_, inputs_);
    if (!root) return root.error();
    root_ = std::move(root).value();
    root_->subscribe([this](types::Batch&& rows) { return result_->early(std::move(rows)); });
    return {};
  }

  base::Status push(int source, const SourceBatch& batch) override {
    if (batch.rows.rows == 0) return {};
    const auto index = static_cast<std::size_t>(source);
    base::Status status;
    if (inputs_.entities[index] != nullptr) {
      status = inputs_.entities[index]->push(batch, bulk_, runtime_.epoch + 1);
    } else {
      status = push_events(index, batch);
    }
    return status ? check_memory() : status;
  }

  base::Result<Changes> take_stateless() override { return result_->take_early(); }

  base::Status finish_bulk(const std::function<base::Status(Changes&&)>& sink) override {
    for (auto& entity : inputs_.entities) {
      if (entity == nullptr) continue;
      if (auto ended = entity->end_bulk(runtime_.epoch); !ended) return ended;
    }
    auto done = root_->finish([&](types::Batch&& rows) { return result_->fill(std::move(rows), sink); });
    if (!done) return done;
    if (done = result_->finish_fill(sink); !done) return done;
    bulk_ = false;
    return check_memory();
  }

  base::Result<Changes> step() override {
    ++runtime_.epoch;
    for (std::size_t i = 0; i < inputs_.entities.size(); ++i) {
      if (inputs_.entities[i] == nullptr) continue;
      auto done =
          inputs_.entities[i]->flush([&](types::Batch&& rows) { return queue(i, rows); }, runtime_.epoch);
      if (!done) return done.error();
    }
    auto done = root_->step([&](types::Batch&& rows) { return result_->collect(std::move(rows)); });
    if (!done) return done.error();
    auto changes = result_->take();
    if (!changes) return changes;
    root_->maintain();
    result_->maintain();
    for (auto& entity : inputs_.entities) {
      if (entity != nullptr) entity->maintain();
    }
    return changes;
  }

  std::vector<ErrorRow> error_rows(std::size_t limit) const override { return runtime_.errors.list(limit); }
  std::vector<KeyViolation> key_violations(std::size_t limit) const override {
    std::vector<KeyViolation> out;
    for (const auto& entity : inputs_.entities) {
      if (entity == nullptr || out.size() == limit) continue;
      for (auto& violation : entity->key_violations(limit - out.size())) out.push_back(std::move(violation));
    }
    for (auto& violation : result_->key_violations(limit - out.size())) out.push_back(std::move(violation));
    return out;
  }

  bool key_spans_partitions(int source) const override {
    const auto& entity = inputs_.entities[static_cast<std::size_t>(source)];
    return entity != nullptr && entity->key_spans_partitions();
  }

  std::size_t state_bytes() const override {
    std::size_t bytes = root_->state_bytes() + result_->state_bytes() + runtime_.errors.bytes();
    for (const auto& entity : inputs_.entities) bytes += entity == nullptr ? 0 : entity->bytes();
    return bytes;
  }

  base::Status save(StateWriter& out) const override {
    if (bulk_) out.fail(base::internal("a dataflow is saved before its bulk load has ended"));
    out.put(runtime_.epoch);
    runtime_.errors.save(out);
    for (const auto& entity : inputs_.entities) {
      if (entity != nullptr) entity->save(out);
    }
    root_->save(out);
    result_->save(out);
    out.put(state_mark("DONE"));
    return out.finish();
  }

  base::Status restore(StateReader& in) override {
    runtime_.epoch = in.get<std::uint64_t>();
    runtime_.errors.restore(in);
    for (const auto& entity : inputs_.entities) {
      if (entity != nullptr) entity->restore(in);
    }
    root_->restore(in);
    result_->restore(in);
    in.expect(state_mark("DONE"), "the end");
    if (auto ended = in.finish(); !ended) return ended;
    bulk_ = false;
    return check_memory();
  }

 private:
  base::Status push_events(std::size_t source, const SourceBatch& batch) {
    types::Batch rows = batch.rows;
    rows.weights.clear();
    if (positions_) {
      rows.columns.push_back(filled<std::int32_t>(types::TypeId::kInt4, rows.rows, batch.partition));
      types::ColumnBuilder offsets{types::Type(types::TypeId::kInt8)};
      std::copy(batch.offsets.begin(), batch.offsets.end(), offsets.grow<std::int64_t>(rows.rows));
      rows.columns.push_back(offsets.finish());
      rows.columns.push_back(filled<std::int32_t>(types::TypeId::kInt4, rows.rows, 0));
    }
    if (!bulk_) return queue(source, rows);
    for (Scan* scan : inputs_.scans[source]) {
      if (auto done = scan->pass(rows); !done) return done;
    }
    return {};
  }

  base::Status queue(std::size_t source, const types::Batch& rows) {
    for (Scan* scan : inputs_.scans[source]) scan->queue(rows);
    return {};
  }

  base::Status check_memory() const {
    const std::size_t bytes = state_bytes();
    if (options_.memory_limit_bytes == 0 || bytes <= options_.memory_limit_bytes) return {};
    return base::transient("MemoryExceeded",
                           fmt::format("the state of the product needs {} MiB, its limit is {} MiB",
                                       bytes >> 20, options_.memory_limit_bytes >> 20))
        .with_hint("raise spec.runner.memory, or select fewer columns and rows");
  }

  DataflowOptions options_;
  bool positions_;
  bool bulk_ = true;
  Runtime runtime_;
  Inputs inputs_;
  std::unique_ptr<ResultStage> result_;
  OperatorPtr root_;
};

}  // namespace

base::Result<std::unique_ptr<Dataflow>> Dataflow::build(const plan::Plan& plan, DataflowOptions options) {
  if (auto done = check_plan(plan); !done) return done.error();
  auto dataflow = std::make_unique<PlanDataflow>(plan, std::move(options));
  if (auto done = dataflow->start(plan); !done) return done.error();
  return std::unique_ptr<Dataflow>(std::move(dataflow));
}

}  // namespace offtake::engine
