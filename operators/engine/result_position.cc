// Rows told apart by where their record lies: they come and never go.
#include "operators/engine/result_stage.h"

namespace offtake::engine {
namespace {

class PositionStage final : public ResultStage {
 public:
  PositionStage(std::vector<types::Field> fields, std::shared_ptr<const Image> image, Runtime& runtime)
      : ResultStage(std::move(fields), std::move(image), runtime) {}

  base::Result<Changes> take_early() override { return take(); }

  base::Result<Changes> take() override {
    Changes out;
    types::Batch rows = types::Batch::concatenate(pending_);
    pending_.clear();
    pending_bytes_ = 0;
    if (rows.rows == 0) return out;
    const auto visible = static_cast<long>(fields_.size());
    out.upsert_identity.assign(rows.columns.begin() + visible, rows.columns.end());
    rows.columns.resize(fields_.size());
    rows.weights.clear();
    out.upserts = std::move(rows);
    out.new_rows = out.upserts.rows;
    types::add_to(out.checksum, out.upserts);
    return out;
  }

  std::size_t state_bytes() const override { return pending_bytes_; }
  void save(StateWriter& out) const override {
    if (!pending_.empty()) out.fail(base::internal("a result is saved within an epoch"));
  }
  void restore(StateReader&) override {}

 protected:
  base::Status take_early_rows(types::Batch&& rows) override { return collect_rows(std::move(rows)); }
  base::Status fill_rows(types::Batch&& rows, const ChangeSink&) override {
    return collect_rows(std::move(rows));
  }
  base::Status end_fill(const ChangeSink& sink) override {
    auto changes = take();
    if (!changes) return changes.error();
    return changes->empty() ? base::Status() : sink(std::move(changes).value());
  }
  base::Status collect_rows(types::Batch&& rows) override {
    if (rows.rows == 0) return {};
    pending_bytes_ += rows.bytes();
    pending_.push_back(std::move(rows));
    return {};
  }

 private:
  std::vector<types::Batch> pending_;
  std::size_t pending_bytes_ = 0;
};

}  // namespace

std::unique_ptr<ResultStage> position_stage(std::vector<types::Field> fields,
                                            std::shared_ptr<const Image> image, Runtime& runtime) {
  return std::make_unique<PositionStage>(std::move(fields), std::move(image), runtime);
}

}  // namespace offtake::engine
