#include "operators/targets/postgres/loader.h"

#include "base/crash_point.h"
#include "operators/targets/postgres/binary_writer.h"
#include "operators/targets/postgres/table_sql.h"
#include "operators/targets/protocol/control_json.h"
#include "operators/targets/protocol/ownership.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::postgres {
namespace {

constexpr std::size_t kFlushBytes = 256 << 10;
constexpr std::size_t kRowsBetweenFlushes = 512;

class PostgresLoader : public Loader {
 public:
  PostgresLoader(const WriterSession& writer, TableSpec table, std::string stream,
                 std::unique_ptr<Connection> connection)
      : target_(writer.target()),
        writing_(writer.writing()),
        table_(std::move(table)),
        stream_(std::move(stream)),
        connection_(std::move(connection)) {}

  // Notes this session beside the stream's progress, so that a takeover can end it, and reads that progress.
  base::Status enroll() {
    auto noted = connection_->query(
        fmt::format(
            "INSERT INTO {0} AS f (product_uid, revision, stream, rows, checksum, backend_pid, "
            "backend_start) "
            "SELECT $1, $2, $4, 0, 0, $5, $6 FROM (SELECT 1 FROM {1} WHERE product_uid = $1 AND "
            "revision = $2 AND owner = $3 FOR SHARE) AS mine "
            "ON CONFLICT (product_uid, revision, stream) DO UPDATE SET backend_pid = EXCLUDED.backend_pid, "
            "backend_start = EXCLUDED.backend_start RETURNING f.rows, f.checksum",
            in_schema(target_.schema, protocol::kFillTable),
            in_schema(target_.schema, protocol::kControlTable)),
        {writing_.product_uid, std::to_string(writing_.revision), writing_.owner, stream_,
         std::to_string(connection_->backend_pid()), connection_->backend_start()});
    if (!noted) return std::move(noted).error();
    if (noted->empty()) return protocol::fenced_by_another(writing_.revision);
    content_.rows = std::stoll(noted->text(0, 0));
    content_.sum = static_cast<std::uint64_t>(std::stoll(noted->text(0, 1)));
    return {};
  }

  base::Status append(const engine::Changes& rows) override {
    if (auto done = copy_rows(rows); !done) return failed(std::move(done).error());
    content_.rows += rows.checksum.rows;
    content_.sum += rows.checksum.sum;
    base::crash_point("mid-load");
    return {};
  }

  base::Status commit(const SourceOffsets& reached, const RecordStamps& last_records,
                      const LedgerChanges& ledger) override {
    if (auto done = end_piece(reached, last_records, ledger); !done) return failed(std::move(done).error());
    transaction_.reset();
    return {};
  }

 private:
  base::Status begin() {
    transaction_.emplace(*connection_);
    if (auto begun = transaction_->begin(); !begun) return begun;
    auto mine = connection_->query_prepared(
        fmt::format(
            "SELECT 1 FROM {} WHERE product_uid = $1 AND revision = $2 AND owner = $3 AND phase = 'Filling' "
            "FOR SHARE",
            in_schema(target_.schema, protocol::kControlTable)),
        {writing_.product_uid, std::to_string(writing_.revision), writing_.owner});
    if (!mine) return std::move(mine).error();
    if (mine->empty()) return protocol::fenced_by_another(writing_.revision);
    if (auto begun = connection_->begin_copy_in(copy_in_sql(target_.schema, table_)); !begun) return begun;
    buffer_.clear();
    put_copy_header(buffer_);
    return {};
  }

  base::Status copy_rows(const engine::Changes& rows) {
    if (!transaction_) {
      if (auto begun = begin(); !begun) return begun;
    }
    for (std::size_t row = 0; row < rows.upserts.rows; row += kRowsBetweenFlushes) {
      const std::size_t end = std::min(rows.upserts.rows, row + kRowsBetweenFlushes);
      put_copy_rows(rows.upserts.columns, rows.upsert_identity, row, end, buffer_);
      if (buffer_.size() < kFlushBytes) continue;
      if (auto flushed = flush(); !flushed) return flushed;
    }
    return {};
  }

  base::Status flush() {
    auto sent = connection_->put_copy_data(buffer_.view());
    buffer_.clear();
    return sent;
  }

  base::Status end_piece(const SourceOffsets& reached, const RecordStamps& last_records,
                         const LedgerChanges& ledger) {
    if (!transaction_) {
      if (auto begun = begin(); !begun) return begun;
    }
    put_copy_trailer(buffer_);
    if (auto flushed = flush(); !flushed) return flushed;
    if (auto ended = connection_->end_copy_in(); !ended) return ended;
    // What a stream says nothing of stays as it was.
    auto noted = connection_->query_prepared(
        fmt::format(
            "UPDATE {} SET offsets = CASE WHEN $4 = '{{}}' THEN coalesce(offsets, '{{}}') ELSE "
            "$4::jsonb END, last_records = CASE WHEN $7 = '{{}}' THEN last_records ELSE $7::jsonb END, "
            "rows = $5, checksum = $6 WHERE product_uid = $1 AND revision = $2 AND stream = $3",
            in_schema(target_.schema, protocol::kFillTable)),
        {writing_.product_uid, std::to_string(writing_.revision), stream_, protocol::offsets_text(reached),
         std::to_string(content_.rows), std::to_string(static_cast<std::int64_t>(content_.sum)),
         protocol::stamps_text(last_records)});
    if (!noted) return std::move(noted).error();
    auto parked = write_ledger(*connection_, target_.schema, writing_.product_uid, writing_.revision, ledger);
    if (!parked) return parked;
    return transaction_->commit();
  }

  // A connection that was lost because the fill has a new owner is a fence, not a network's mood.
  base::Error failed(base::Error error) {
    transaction_.reset();
    if (!connection_->alive()) return explain_loss(target_, writing_, std::move(error));
    return protocol::without_values(std::move(error), table_);
  }

  const TargetConnection target_;
  const Writing writing_;
  const TableSpec table_;
  const std::string stream_;
  std::unique_ptr<Connection> connection_;
  std::optional<Transaction> transaction_;
  ByteBuffer buffer_;
  types::Checksum content_;
};

}  // namespace

base::Result<std::unique_ptr<Loader>> open_postgres_loader(const WriterSession& writer,
                                                           const TableSpec& table,
                                                           const std::string& stream) {
  auto connection = Connection::open(
      settings_of(writer.target(), fmt::format("offtake r{} stream {}", writer.revision(), stream)));
  if (!connection) return std::move(connection).error();
  auto loader = std::make_unique<PostgresLoader>(writer, table, stream, *std::move(connection));
  if (auto enrolled = loader->enroll(); !enrolled) return std::move(enrolled).error();
  return loader;
}

}  // namespace offtake::targets::postgres
