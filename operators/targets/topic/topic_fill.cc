#include "operators/targets/topic/topic_fill.h"

#include "base/crash_point.h"
#include "operators/targets/protocol/ownership.h"
#include "operators/targets/protocol/table_layout.h"
#include "operators/targets/topic/appended.h"

namespace offtake::targets::topic {
namespace {

using journal::JournalControls;

class TopicLoader : public Loader {
 public:
  TopicLoader(std::shared_ptr<Fill> fill, JournalControls& controls, std::string owner, TableSpec table,
              std::unique_ptr<RecordEncoder> encoder, const std::string& stream)
      : fill_(std::move(fill)),
        controls_(controls),
        owner_(std::move(owner)),
        table_(std::move(table)),
        encoder_(std::move(encoder)) {
    progress_.stream = stream;
  }

  base::Status append(const engine::Changes& rows) override {
    auto encoded = stage_rows(table_, *encoder_, rows);
    if (!encoded) return std::move(encoded).error();
    auto refused = fill_->stage->put(*encoded, true);
    if (!refused) return std::move(refused).error();
    if (refused->has_value()) {
      if (appends(table_)) return base::internal("a record gave the same row twice");
      std::vector<std::string> key;
      for (const int column : table_.identity.key) {
        key.push_back(types::value_text(*rows.upserts.columns[static_cast<std::size_t>(column)],
                                        **refused - rows.deletes.rows));
      }
      return protocol::key_not_unique(table_, key);
    }
    base::crash_point("mid-load");
    progress_.content.rows += rows.checksum.rows;
    progress_.content.sum += rows.checksum.sum;
    return {};
  }

  base::Status commit(const SourceOffsets& reached, const RecordStamps& last_records,
                      const LedgerChanges& ledger) override {
    auto stored = controls_.read(table_.revision);
    if (!stored) return std::move(stored).error();
    if (!stored->has_value() || (*stored)->row.owner != owner_ || (*stored)->row.phase != Phase::kFilling) {
      return protocol::fenced_by_another(table_.revision);
    }
    if (!reached.empty()) progress_.reached = reached;
    if (!last_records.empty()) progress_.last_records = last_records;
    apply(ledger, progress_.ledger);
    const std::lock_guard lock(fill_->mutex);
    fill_->progress[progress_.stream] = progress_;
    return {};
  }

 private:
  const std::shared_ptr<Fill> fill_;
  JournalControls& controls_;
  const std::string owner_;
  const TableSpec table_;
  const std::unique_ptr<RecordEncoder> encoder_;
  FillProgress progress_;
};

// As protocol::hidden_columns has them.
std::string position_at(const std::vector<types::ColumnPtr>& columns, std::size_t row) {
  return position_key({columns[0]->values<std::int32_t>()[row], columns[1]->values<std::int64_t>()[row],
                       columns[2]->values<std::int32_t>()[row]});
}

}  // namespace

base::Result<std::vector<Stage::Row>> stage_rows(const TableSpec& table, const RecordEncoder& encoder,
                                                 const engine::Changes& changes) {
  std::vector<Stage::Row> out;
  out.reserve(changes.upserts.rows + changes.deletes.rows);
  for (std::size_t row = 0; row < changes.deletes.rows; ++row) {
    if (appends(table)) {
      out.push_back({position_at(changes.deletes.columns, row), std::nullopt});
      continue;
    }
    auto key = encoder.key_of_deleted(changes.deletes, row);
    if (!key) return std::move(key).error();
    out.push_back({*std::move(key), std::nullopt});
  }
  for (std::size_t row = 0; row < changes.upserts.rows; ++row) {
    auto value = encoder.value_of(changes.upserts, row);
    if (!value) return std::move(value).error();
    if (appends(table)) {
      out.push_back({position_at(changes.upsert_identity, row), *std::move(value)});
      continue;
    }
    auto key = encoder.key_of(changes.upserts, row);
    if (!key) return std::move(key).error();
    out.push_back({*std::move(key), *std::move(value)});
  }
  return out;
}

std::unique_ptr<Loader> make_loader(std::shared_ptr<Fill> fill, journal::JournalControls& controls,
                                    std::string owner, TableSpec table,
                                    std::unique_ptr<RecordEncoder> encoder, const std::string& stream) {
  return std::make_unique<TopicLoader>(std::move(fill), controls, std::move(owner), std::move(table),
                                       std::move(encoder), stream);
}

}  // namespace offtake::targets::topic
