#include "operators/targets/postgres/control.h"

#include <charconv>

#include "base/log.h"
#include "operators/targets/ledger_json.h"
#include "operators/targets/protocol/control_json.h"
#include "operators/targets/protocol/ownership.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::postgres {
namespace {

using protocol::quote_name;

// checksum is the sum modulo 2^64 as a signed number. The control row changes with every epoch: room in its
// page keeps those updates in place.
constexpr const char* kMakeTables = R"sql(
CREATE TABLE IF NOT EXISTS {0}._offtake_control (
  product_uid text NOT NULL, revision integer NOT NULL, installation text, fingerprint text,
  incarnation bigint NOT NULL, owner text, backend_pid bigint, backend_start text,
  phase text NOT NULL, epoch bigint NOT NULL,
  start_offsets jsonb, cut jsonb, offsets jsonb, last_records jsonb,
  start_instant_us bigint, logical_time_us bigint, rows bigint, checksum bigint, committed_at timestamptz,
  PRIMARY KEY (product_uid, revision)) WITH (fillfactor = 30);
CREATE TABLE IF NOT EXISTS {0}._offtake_fill (
  product_uid text NOT NULL, revision integer NOT NULL, stream text NOT NULL,
  offsets jsonb, last_records jsonb, rows bigint NOT NULL, checksum bigint NOT NULL, backend_pid bigint, backend_start text,
  PRIMARY KEY (product_uid, revision, stream)) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS {0}._offtake_ledger (
  product_uid text NOT NULL, revision integer NOT NULL, id text NOT NULL, entry text NOT NULL,
  PRIMARY KEY (product_uid, revision, id))
)sql";

constexpr const char* kSelect =
    "SELECT product_uid, revision, installation, fingerprint, incarnation, owner, backend_pid, "
    "backend_start, phase, "
    "epoch, start_offsets, cut, offsets, last_records, start_instant_us, logical_time_us, rows, checksum, "
    "(extract(epoch FROM committed_at) * 1000000)::bigint FROM {} WHERE product_uid = $1 {} ORDER BY "
    "revision {}";

std::int64_t number(const Cell& cell) {
  std::int64_t value = 0;
  if (cell) std::from_chars(cell->data(), cell->data() + cell->size(), value);
  return value;
}

base::Result<ControlRow> row_from(const std::vector<Cell>& cells) {
  const auto text = [&](std::size_t i) { return cells[i].value_or(""); };
  ControlRow row;
  row.product_uid = text(0);
  row.revision = static_cast<int>(number(cells[1]));
  row.installation = text(2);
  row.fingerprint = text(3);
  row.incarnation = number(cells[4]);
  row.owner = text(5);
  row.backend_pid = number(cells[6]);
  row.backend_start = text(7);
  auto phase = phase_from(text(8));
  if (!phase) return std::move(phase).error();
  row.phase = *phase;
  row.epoch = number(cells[9]);
  SourceOffsets* const offsets[] = {&row.start_offsets, &row.cut, &row.offsets};
  for (std::size_t i = 0; i < 3; ++i) {
    auto parsed = protocol::parse_offsets(text(10 + i));
    if (!parsed) return std::move(parsed).error();
    *offsets[i] = *std::move(parsed);
  }
  auto stamps = protocol::parse_stamps(text(13));
  if (!stamps) return std::move(stamps).error();
  row.last_records = *std::move(stamps);
  row.start_instant = number(cells[14]);
  row.logical_time = number(cells[15]);
  row.content.rows = number(cells[16]);
  row.content.sum = static_cast<std::uint64_t>(number(cells[17]));
  row.committed_at = number(cells[18]);
  return row;
}

base::Result<bool> has_table(Connection& connection, const std::string& schema, std::string_view name) {
  auto found = connection.query("SELECT to_regclass($1)", {in_schema(schema, name)});
  if (!found) return std::move(found).error();
  return found->at(0, 0).has_value();
}

}  // namespace

std::string in_schema(const std::string& schema, std::string_view name) {
  return quote_name(schema) + "." + quote_name(name);
}

base::Status make_control_tables(Connection& connection, const std::string& schema) {
  // The youngest of them.
  auto there = has_table(connection, schema, protocol::kLedgerTable);
  if (!there) return std::move(there).error();
  if (*there) return {};
  return connection.execute(fmt::format(fmt::runtime(kMakeTables), quote_name(schema)));
}

base::Result<std::vector<ControlRow>> read_controls(Connection& connection, const std::string& schema,
                                                    const std::string& product_uid) {
  auto there = has_table(connection, schema, protocol::kControlTable);
  if (!there) return std::move(there).error();
  std::vector<ControlRow> out;
  if (!*there) return out;
  auto found = connection.query(
      fmt::format(fmt::runtime(kSelect), in_schema(schema, protocol::kControlTable), "", ""), {product_uid});
  if (!found) return std::move(found).error();
  for (const auto& cells : found->rows) {
    auto row = row_from(cells);
    if (!row) return std::move(row).error();
    out.push_back(*std::move(row));
  }
  return out;
}

base::Result<std::optional<ControlRow>> read_control(Connection& connection, const std::string& schema,
                                                     const std::string& product_uid, int revision,
                                                     RowLock lock) {
  const char* const words = lock == RowLock::kUpdate  ? "FOR UPDATE"
                            : lock == RowLock::kShare ? "FOR SHARE"
                                                      : "";
  auto found = connection.query(fmt::format(fmt::runtime(kSelect), in_schema(schema, protocol::kControlTable),
                                            "AND revision = $2", words),
                                {product_uid, std::to_string(revision)});
  if (!found) return std::move(found).error();
  if (found->empty()) return std::optional<ControlRow>();
  auto row = row_from(found->rows.front());
  if (!row) return std::move(row).error();
  return std::optional<ControlRow>(*std::move(row));
}

base::Status write_control(Connection& connection, const std::string& schema, const ControlRow& row) {
  auto written = connection.query(
      fmt::format(
          "INSERT INTO {} AS c VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, "
          "$16, $17, $18, "
          "to_timestamp(0) + $19::bigint * interval '1 microsecond') ON CONFLICT (product_uid, revision) DO "
          "UPDATE SET "
          "(installation, fingerprint, incarnation, owner, backend_pid, backend_start, phase, epoch, "
          "start_offsets, "
          "cut, offsets, last_records, start_instant_us, logical_time_us, rows, checksum, committed_at) = "
          "(EXCLUDED.installation, EXCLUDED.fingerprint, EXCLUDED.incarnation, EXCLUDED.owner, "
          "EXCLUDED.backend_pid, "
          "EXCLUDED.backend_start, EXCLUDED.phase, EXCLUDED.epoch, EXCLUDED.start_offsets, EXCLUDED.cut, "
          "EXCLUDED.offsets, EXCLUDED.last_records, EXCLUDED.start_instant_us, EXCLUDED.logical_time_us, "
          "EXCLUDED.rows, EXCLUDED.checksum, EXCLUDED.committed_at)",
          in_schema(schema, protocol::kControlTable)),
      {row.product_uid, std::to_string(row.revision), row.installation, row.fingerprint,
       std::to_string(row.incarnation), row.owner.empty() ? Cell() : Cell(row.owner),
       std::to_string(row.backend_pid), row.backend_start, std::string(to_string(row.phase)),
       std::to_string(row.epoch), protocol::offsets_text(row.start_offsets), protocol::offsets_text(row.cut),
       protocol::offsets_text(row.offsets), protocol::stamps_text(row.last_records),
       std::to_string(row.start_instant), std::to_string(row.logical_time), std::to_string(row.content.rows),
       std::to_string(static_cast<std::int64_t>(row.content.sum)), std::to_string(row.committed_at)});
  if (!written) return std::move(written).error();
  return {};
}

base::Status write_ledger(Connection& connection, const std::string& schema, const std::string& product_uid,
                          int revision, const LedgerChanges& changes) {
  const std::string table = in_schema(schema, protocol::kLedgerTable);
  for (const auto& id : changes.remove) {
    auto removed = connection.query(
        fmt::format("DELETE FROM {} WHERE product_uid = $1 AND revision = $2 AND id = $3", table),
        {product_uid, std::to_string(revision), id});
    if (!removed) return std::move(removed).error();
  }
  for (const auto& entry : changes.put) {
    auto put =
        connection.query(fmt::format("INSERT INTO {} VALUES ($1, $2, $3, $4) ON CONFLICT (product_uid, "
                                     "revision, id) DO UPDATE SET entry = EXCLUDED.entry",
                                     table),
                         {product_uid, std::to_string(revision), entry.id, entry_text(entry)});
    if (!put) return std::move(put).error();
  }
  return {};
}

base::Status forget_ledger(Connection& connection, const std::string& schema, const std::string& product_uid,
                           int revision) {
  auto there = has_table(connection, schema, protocol::kLedgerTable);
  if (!there) return std::move(there).error();
  if (!*there) return {};
  auto gone = connection.query(fmt::format("DELETE FROM {} WHERE product_uid = $1 AND revision = $2",
                                           in_schema(schema, protocol::kLedgerTable)),
                               {product_uid, std::to_string(revision)});
  if (!gone) return std::move(gone).error();
  return {};
}

base::Result<std::vector<LedgerEntry>> read_ledger(Connection& connection, const std::string& schema,
                                                   const std::string& product_uid, int revision) {
  std::vector<LedgerEntry> out;
  auto there = has_table(connection, schema, protocol::kLedgerTable);
  if (!there) return std::move(there).error();
  if (!*there) return out;
  auto found = connection.query(
      fmt::format("SELECT entry FROM {} WHERE product_uid = $1 AND revision = $2 ORDER BY id",
                  in_schema(schema, protocol::kLedgerTable)),
      {product_uid, std::to_string(revision)});
  if (!found) return std::move(found).error();
  for (std::size_t i = 0; i < found->rows.size(); ++i) {
    auto entry = parse_entry(found->text(i, 0));
    if (!entry) return std::move(entry).error();
    out.push_back(*std::move(entry));
  }
  return out;
}

base::Status fence_revision(Connection& connection, const std::string& schema, const std::string& product_uid,
                            const std::string& installation, int revision) {
  auto found = read_control(connection, schema, product_uid, revision, RowLock::kUpdate);
  if (!found) return std::move(found).error();
  ControlRow row = found->value_or(ControlRow{});
  if (row.phase == Phase::kFenced) return {};
  row.product_uid = product_uid;
  row.installation = installation;
  row.revision = revision;
  row.phase = Phase::kFenced;
  row.owner.clear();
  return write_control(connection, schema, row);
}

base::Status drop_revision(Connection& connection, const std::string& schema, const std::string& product_uid,
                           const std::string& name, int revision) {
  auto found = read_control(connection, schema, product_uid, revision, RowLock::kUpdate);
  if (!found) return std::move(found).error();
  if (found->has_value() && (*found)->phase != Phase::kFenced) {
    return base::terminal("RevisionNotFenced",
                          fmt::format("revision {} is {}; it is dropped only when it is fenced", revision,
                                      to_string((*found)->phase)));
  }
  auto dropped =
      connection.execute("DROP TABLE IF EXISTS " + in_schema(schema, protocol::table_name(name, revision)));
  if (!dropped) return dropped;
  for (const auto table : {protocol::kControlTable, protocol::kFillTable}) {
    auto removed = connection.query(
        fmt::format("DELETE FROM {} WHERE product_uid = $1 AND revision = $2", in_schema(schema, table)),
        {product_uid, std::to_string(revision)});
    if (!removed) return std::move(removed).error();
  }
  return forget_ledger(connection, schema, product_uid, revision);
}

base::Result<std::vector<Backend>> recorded_backends(Connection& connection, const std::string& schema,
                                                     const std::string& product_uid, int revision) {
  auto found = connection.query(
      fmt::format("SELECT backend_pid, backend_start FROM {} WHERE product_uid = $1 AND revision = $2 UNION "
                  "SELECT backend_pid, backend_start FROM {} WHERE product_uid = $1 AND revision = $2",
                  in_schema(schema, protocol::kControlTable), in_schema(schema, protocol::kFillTable)),
      {product_uid, std::to_string(revision)});
  if (!found) return std::move(found).error();
  std::vector<Backend> out;
  for (const auto& row : found->rows) {
    if (row[0]) out.push_back({number(row[0]), row[1].value_or("")});
  }
  return out;
}

base::Status terminate_backend(Connection& connection, const Backend& backend) {
  if (backend.pid == 0 || backend.pid == connection.backend_pid()) return {};
  const std::vector<Cell> who = {std::to_string(backend.pid), backend.start};
  const std::string which =
      "FROM pg_stat_activity WHERE pid = $1 AND extract(epoch FROM backend_start)::text = $2";
  auto ended = connection.query("SELECT pg_terminate_backend(pid) " + which, who);
  if (!ended) return std::move(ended).error();
  if (ended->empty()) return {};
  base::log_warn("ended a database session that held on", {{"pid", std::to_string(backend.pid)}});
  constexpr int kPolls = 100;  // of 50 ms, on the server's clock
  for (int i = 0; i < kPolls; ++i) {
    auto left = connection.query("SELECT 1, pg_sleep(0.05) " + which, who);
    if (!left) return std::move(left).error();
    if (left->empty()) return {};
  }
  return base::transient("TargetLocked", fmt::format("database session {} does not end", backend.pid));
}

}  // namespace offtake::targets::postgres
