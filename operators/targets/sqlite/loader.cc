#include "operators/targets/sqlite/loader.h"

#include "base/crash_point.h"
#include "operators/targets/protocol/control_json.h"
#include "operators/targets/protocol/ownership.h"

namespace offtake::targets::sqlite {
namespace {

class SqliteLoader : public Loader {
 public:
  SqliteLoader(LoaderSettings settings, db::Database database)
      : settings_(std::move(settings)), database_(std::move(database)) {}

  base::Status resume() {
    auto found = database_.query(
        "SELECT rows, checksum, offsets, last_records FROM _offtake_fill WHERE product_uid = ?1 AND revision "
        "= ?2 AND "
        "stream = ?3",
        std::string_view(settings_.product_uid), settings_.table.revision,
        std::string_view(settings_.stream));
    if (!found) return std::move(found).error();
    auto there = found->step();
    if (!there) return std::move(there).error();
    if (!*there) return {};
    content_.rows = found->int64(0);
    content_.sum = static_cast<std::uint64_t>(found->int64(1));
    offsets_text_ = found->string(2);
    stamps_text_ = found->string(3);
    return {};
  }

  base::Status append(const engine::Changes& rows) override {
    content_.rows += rows.checksum.rows;
    content_.sum += rows.checksum.sum;
    buffered_bytes_ += rows.upserts.bytes();
    buffer_.push_back(rows);
    if (!transaction_ && buffered_bytes_ < kBufferBytes) return {};
    return write_out();
  }

  base::Status commit(const SourceOffsets& reached, const RecordStamps& last_records,
                      const LedgerChanges& ledger) override {
    if (auto written = write_out(); !written) return written;
    if (!reached.empty()) offsets_text_ = protocol::offsets_text(reached);
    if (!last_records.empty()) stamps_text_ = protocol::stamps_text(last_records);
    auto noted =
        database_.run("INSERT OR REPLACE INTO _offtake_fill VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                      std::string_view(settings_.product_uid), settings_.table.revision,
                      std::string_view(settings_.stream), std::string_view(offsets_text_),
                      std::string_view(stamps_text_), content_.rows, static_cast<std::int64_t>(content_.sum));
    if (!noted) return noted;
    noted = write_ledger(database_, settings_.product_uid, settings_.table.revision, ledger);
    if (!noted) return noted;
    auto committed = transaction_->commit();
    if (!committed) return committed;
    end_turn();
    return {};
  }

 private:
  // Takes the write lock if this stream does not hold it, checks the owner, and writes what is buffered.
  base::Status write_out() {
    if (!transaction_) {
      turn_ = std::unique_lock(*settings_.write_turn);
      auto begun = begin();
      if (!begun) {
        end_turn();
        return begun;
      }
    }
    for (const auto& rows : buffer_) {
      if (auto inserted = writer_->insert(rows); !inserted) return inserted;
      base::crash_point("mid-load");
    }
    buffer_.clear();
    buffered_bytes_ = 0;
    return {};
  }

  base::Status begin() {
    auto begun = db::Transaction::begin(database_);
    if (!begun) return std::move(begun).error();
    transaction_.emplace(*std::move(begun));
    auto row = read_control(database_, settings_.product_uid, settings_.table.revision);
    if (!row) return std::move(row).error();
    if (!row->has_value() || (*row)->owner != settings_.owner || (*row)->phase != Phase::kFilling) {
      return protocol::fenced_by_another(settings_.table.revision);
    }
    // Made only now: before the owner is known to be us the table may be another's, or gone.
    if (writer_) return {};
    auto writer = RowWriter::open(database_, settings_.table, false);
    if (!writer) return std::move(writer).error();
    writer_.emplace(*std::move(writer));
    return {};
  }

  void end_turn() {
    transaction_.reset();
    turn_ = {};
  }

  const LoaderSettings settings_;
  db::Database database_;
  std::unique_lock<std::mutex> turn_;
  std::optional<RowWriter> writer_;
  std::optional<db::Transaction> transaction_;
  std::vector<engine::Changes> buffer_;
  std::size_t buffered_bytes_ = 0;
  types::Checksum content_;
  std::string offsets_text_, stamps_text_;
};

}  // namespace

base::Result<std::unique_ptr<Loader>> open_sqlite_loader(LoaderSettings settings) {
  auto database = db::Database::open(settings.path);
  if (!database) return std::move(database).error();
  auto loader = std::make_unique<SqliteLoader>(std::move(settings), *std::move(database));
  if (auto resumed = loader->resume(); !resumed) return std::move(resumed).error();
  return loader;
}

}  // namespace offtake::targets::sqlite
