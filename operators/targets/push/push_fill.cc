#include "operators/targets/push/push_fill.h"

#include "base/crash_point.h"
#include "operators/targets/protocol/ownership.h"

namespace offtake::targets::push {
namespace {

class PushLoader : public Loader {
 public:
  PushLoader(std::shared_ptr<Fill> fill, journal::JournalControls& controls, std::string owner,
             const TableSpec& table, const std::string& stream)
      : fill_(std::move(fill)),
        controls_(controls),
        owner_(std::move(owner)),
        revision_(table.revision),
        row_keys_(table.identity) {
    progress_.stream = stream;
  }

  base::Status append(const engine::Changes& rows) override {
    for (std::size_t row = 0; row < rows.upserts.rows; ++row) keys_.push_back(row_keys_.of_upsert(rows, row));
    base::crash_point("mid-load");
    progress_.content.rows += rows.checksum.rows;
    progress_.content.sum += rows.checksum.sum;
    return {};
  }

  base::Status commit(const SourceOffsets& reached, const RecordStamps& last_records,
                      const LedgerChanges& ledger) override {
    auto stored = controls_.read(revision_);
    if (!stored) return std::move(stored).error();
    if (!stored->has_value() || (*stored)->row.owner != owner_ || (*stored)->row.phase != Phase::kFilling) {
      return protocol::fenced_by_another(revision_);
    }
    if (!reached.empty()) progress_.reached = reached;
    if (!last_records.empty()) progress_.last_records = last_records;
    apply(ledger, progress_.ledger);
    const std::lock_guard lock(fill_->mutex);
    fill_->progress[progress_.stream] = progress_;
    fill_->keys.insert(fill_->keys.end(), keys_.begin(), keys_.end());
    keys_.clear();
    return {};
  }

 private:
  const std::shared_ptr<Fill> fill_;
  journal::JournalControls& controls_;
  const std::string owner_;
  const int revision_;
  const RowKeys row_keys_;
  std::vector<KeyDigest> keys_;  // not committed yet
  FillProgress progress_;
};

}  // namespace

std::unique_ptr<Loader> make_loader(std::shared_ptr<Fill> fill, journal::JournalControls& controls,
                                    std::string owner, const TableSpec& table, const std::string& stream) {
  return std::make_unique<PushLoader>(std::move(fill), controls, std::move(owner), table, stream);
}

}  // namespace offtake::targets::push
