// Rows under a key that the user declared: the rows that claim each key are kept with their weights.
// Identical rows are one row with a weight, delivered once.
#include "operators/engine/result_stage.h"

namespace offtake::engine {
namespace {

class WatchedKeyStage final : public ResultStage {
 public:
  WatchedKeyStage(std::vector<int> key, std::vector<types::Field> fields, std::shared_ptr<const Image> image,
                  Runtime& runtime)
      : ResultStage(std::move(fields), std::move(image), runtime),
        key_(std::move(key)),
        claims_(column_types(), key_) {}

  base::Result<Changes> take() override {
    Changes out;
    if (net_ == nullptr) return out;
    std::vector<RowRef> heads;
    net_->for_each([&](RowRef ref) {
      if (net_->previous(ref) == 0) heads.push_back(ref);
    });
    // Old rows are copied: adding may take them away.
    std::vector<std::pair<std::string, RowRef>> changed;  // the old row, the key's first new claim
    for (const RowRef head : heads) {
      std::vector<const char*> packed;
      for (RowRef at = head; at != 0; at = net_->next(at)) packed.push_back(net_->payload(at));
      const std::vector<types::ColumnPtr> rows = net_->layout().gather(packed);
      types::Batch batch{rows, {}, packed.size()};
      const std::vector<std::uint64_t> hashes = types::hash_rows(batch, key_);
      const RowRef before = claims_.first(rows, key_, 0, hashes[0]);
      const RowRef old = only_claim(before);
      std::string old_row(old == 0 ? std::string_view() : claims_.packed(old));
      const bool violated = before != 0 && old == 0;
      std::size_t i = 0;
      for (RowRef at = head; at != 0; at = net_->next(at), ++i) {
        auto added = claims_.add(rows, i, hashes[i], net_->weight(at), runtime_.epoch);
        if (!added) return added.error();
      }
      const RowRef after = claims_.first(rows, key_, 0, hashes[0]);
      violations_ += (after != 0 && only_claim(after) == 0 ? 1 : 0) - (violated ? 1 : 0);
      const RowRef fresh = only_claim(after);
      if (fresh != 0 && claims_.packed(fresh) == old_row) continue;
      if (fresh != 0 || !old_row.empty()) changed.emplace_back(std::move(old_row), fresh);
    }
    ChangeBuilder changes(claims_.layout(), key_, runtime_.old_rows);
    for (const auto& [old_row, fresh] : changed) {
      if (!old_row.empty()) changes.gone(old_row.data(), fresh != 0);
      if (fresh != 0) changes.upsert(claims_.payload(fresh), !old_row.empty());
    }
    out = changes.finish();
    net_.reset();
    return out;
  }

  std::vector<KeyViolation> key_violations(std::size_t limit) const override {
    std::vector<KeyViolation> out;
    if (violations_ == 0) return out;
    claims_.for_each([&](RowRef head) {
      if (out.size() == limit || claims_.previous(head) != 0 || claims_.next(head) == 0) return;
      const char* const packed[] = {claims_.payload(head), claims_.payload(claims_.next(head))};
      const std::vector<types::ColumnPtr> rows = claims_.layout().gather(packed);
      KeyViolation violation;
      for (const int column : key_) {
        const auto at = static_cast<std::size_t>(column);
        if (!violation.key.empty()) violation.key += ", ";
        violation.key += fields_[at].name + "=" + runtime_.errors.value_text(fields_[at], *rows[at], 0);
      }
      violation.first = runtime_.errors.row_text(fields_, rows, 0);
      violation.second = runtime_.errors.row_text(fields_, rows, 1);
      if (violation.second < violation.first) std::swap(violation.first, violation.second);
      out.push_back(std::move(violation));
    });
    return out;
  }

  void maintain() override { claims_.maintain(); }
  std::size_t state_bytes() const override { return claims_.bytes() + (net_ ? net_->bytes() : 0); }
  void save(StateWriter& out) const override {
    if (net_ != nullptr) out.fail(base::internal("a result is saved within an epoch"));
    out.put(state_mark("WTCH"));
    out.put(violations_);
    claims_.save(out);
  }
  void restore(StateReader& in) override {
    in.expect(state_mark("WTCH"), "the result");
    violations_ = in.get<std::int64_t>();
    claims_.restore(in);
  }

 protected:
  base::Status take_early_rows(types::Batch&& rows) override {
    return add_rows(claims_, with_keys(std::move(rows)), runtime_.epoch);
  }
  base::Status fill_rows(types::Batch&& rows, const ChangeSink&) override {
    return take_early_rows(std::move(rows));
  }

  base::Status end_fill(const ChangeSink& sink) override {
    std::vector<const char*> rows;
    base::Status status;
    const auto give = [&] {
      ChangeBuilder changes(claims_.layout(), key_, runtime_.old_rows);
      for (const char* row : rows) changes.upsert(row, false);
      rows.clear();
      status = sink(changes.finish());
    };
    claims_.for_each([&](RowRef head) {
      if (!status || claims_.previous(head) != 0) return;
      const RowRef only = only_claim(head);
      if (only == 0) {
        ++violations_;
        return;
      }
      rows.push_back(claims_.payload(only));
      if (rows.size() == kPieceRows) give();
    });
    if (status && !rows.empty()) give();
    return status;
  }

  base::Status collect_rows(types::Batch&& rows) override {
    if (net_ == nullptr) net_ = std::make_unique<Arrangement>(column_types(), key_);
    return add_rows(*net_, with_keys(std::move(rows)), runtime_.epoch);
  }

 private:
  // The row of a key that exactly one distinct row claims; else 0.
  RowRef only_claim(RowRef head) const { return head != 0 && claims_.next(head) == 0 ? head : 0; }

  // A key is never NULL in a target: such rows become error rows.
  types::Batch with_keys(types::Batch&& rows) {
    std::vector<std::uint32_t> kept;
    for (std::uint32_t row = 0; row < rows.rows; ++row) {
      const types::Field* null_field = nullptr;
      for (const int column : key_) {
        const auto at = static_cast<std::size_t>(column);
        if (null_field == nullptr && rows.columns[at]->is_null(row)) null_field = &fields_[at];
      }
      if (null_field == nullptr) {
        kept.push_back(row);
        continue;
      }
      runtime_.errors.add(
          "key", fmt::format("null value in column \"{}\" violates not-null constraint", null_field->name),
          fields_, rows, row);
    }
    return kept.size() == rows.rows ? std::move(rows) : rows.take(kept);
  }

  std::vector<int> key_;
  Arrangement claims_;
  std::int64_t violations_ = 0;       // keys with more than one distinct row
  std::unique_ptr<Arrangement> net_;  // the epoch's rows
};

}  // namespace

std::unique_ptr<ResultStage> watched_key_stage(std::vector<int> key, std::vector<types::Field> fields,
                                               std::shared_ptr<const Image> image, Runtime& runtime) {
  return std::make_unique<WatchedKeyStage>(std::move(key), std::move(fields), std::move(image), runtime);
}

}  // namespace offtake::engine
