// Rows under a key that the planner proved unique: no state, an epoch nets to one change a key.
#include "operators/engine/fill_pieces.h"

namespace offtake::engine {
namespace {

class ProvedKeyStage final : public ResultStage {
 public:
  ProvedKeyStage(std::vector<int> key, std::vector<types::Field> fields, std::shared_ptr<const Image> image,
                 Runtime& runtime)
      : ResultStage(std::move(fields), std::move(image), runtime), key_(std::move(key)) {}

  base::Result<Changes> take() override {
    Changes out;
    if (net_ == nullptr) return out;
    ChangeBuilder changes(net_->layout(), key_, runtime_.old_rows);
    base::Status status;
    net_->for_each([&](RowRef head) {
      if (!status || net_->previous(head) != 0) return;
      RowRef old = 0;
      RowRef fresh = 0;
      for (RowRef at = head; at != 0; at = net_->next(at)) {
        RowRef& place = net_->weight(at) < 0 ? old : fresh;
        if (place != 0 || net_->weight(at) > 1 || net_->weight(at) < -1) status = not_unique(at);
        place = at;
      }
      if (old != 0) changes.gone(net_->payload(old), fresh != 0);
      if (fresh != 0) changes.upsert(net_->payload(fresh), old != 0);
    });
    if (!status) return status.error();
    out = changes.finish();
    net_.reset();
    return out;
  }

  std::size_t state_bytes() const override { return early_bytes_ + (net_ ? net_->bytes() : 0); }
  void save(StateWriter& out) const override {
    if (net_ != nullptr || !early_.empty()) out.fail(base::internal("a result is saved within an epoch"));
  }
  void restore(StateReader&) override {}

 protected:
  base::Status take_early_rows(types::Batch&& rows) override {
    early_bytes_ += rows.bytes();
    early_.push_back(std::move(rows));
    return {};
  }

  base::Status fill_rows(types::Batch&& rows, const ChangeSink& sink) override {
    return pieces_.add(std::move(rows), [&](types::Batch&& piece) { return give(std::move(piece), sink); });
  }

  base::Status end_fill(const ChangeSink& sink) override {
    for (types::Batch& piece : early_) {
      if (auto done = fill_rows(std::move(piece), sink); !done) return done;
    }
    early_.clear();
    early_bytes_ = 0;
    return pieces_.flush([&](types::Batch&& piece) { return give(std::move(piece), sink); });
  }

  base::Status collect_rows(types::Batch&& rows) override {
    if (net_ == nullptr) net_ = std::make_unique<Arrangement>(column_types(), key_);
    return add_rows(*net_, rows, runtime_.epoch);
  }

 private:
  base::Status give(types::Batch&& piece, const ChangeSink& sink) {
    Changes changes;
    piece.weights.clear();
    changes.upserts = std::move(piece);
    changes.new_rows = changes.upserts.rows;
    types::add_to(changes.checksum, changes.upserts);
    return sink(std::move(changes));
  }

  base::Error not_unique(RowRef ref) const {
    const char* const packed[] = {net_->payload(ref)};
    return base::internal(fmt::format("a key that was proved unique is not: {}",
                                      runtime_.errors.row_text(fields_, net_->layout().gather(packed), 0)));
  }

  std::vector<int> key_;
  FillPieces pieces_;
  std::vector<types::Batch> early_;
  std::size_t early_bytes_ = 0;
  std::unique_ptr<Arrangement> net_;  // the epoch's rows
};

}  // namespace

std::unique_ptr<ResultStage> proved_key_stage(std::vector<int> key, std::vector<types::Field> fields,
                                              std::shared_ptr<const Image> image, Runtime& runtime) {
  return std::make_unique<ProvedKeyStage>(std::move(key), std::move(fields), std::move(image), runtime);
}

}  // namespace offtake::engine
