#include "operators/targets/sqlite/control.h"

#include "operators/targets/ledger_json.h"
#include "operators/targets/protocol/control_json.h"
#include "operators/targets/protocol/ownership.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::sqlite {
namespace {

// checksum is the sum modulo 2^64 as a signed number, which is what SQLite has.
constexpr const char* kMakeTables = R"sql(
CREATE TABLE IF NOT EXISTS _offtake_control (
  product_uid TEXT NOT NULL, revision INTEGER NOT NULL, installation TEXT, fingerprint TEXT,
  incarnation INTEGER NOT NULL, owner TEXT, backend_pid INTEGER, backend_start TEXT,
  phase TEXT NOT NULL, epoch INTEGER NOT NULL,
  start_offsets TEXT, cut TEXT, offsets TEXT, last_records TEXT,
  start_instant_us INTEGER, logical_time_us INTEGER, rows INTEGER, checksum INTEGER, committed_at_us INTEGER,
  PRIMARY KEY (product_uid, revision));
CREATE TABLE IF NOT EXISTS _offtake_fill (
  product_uid TEXT NOT NULL, revision INTEGER NOT NULL, stream TEXT NOT NULL,
  offsets TEXT, last_records TEXT, rows INTEGER, checksum INTEGER,
  PRIMARY KEY (product_uid, revision, stream));
CREATE TABLE IF NOT EXISTS _offtake_ledger (
  product_uid TEXT NOT NULL, revision INTEGER NOT NULL, id TEXT NOT NULL, entry TEXT NOT NULL,
  PRIMARY KEY (product_uid, revision, id)) WITHOUT ROWID;
)sql";

constexpr const char* kSelect =
    "SELECT product_uid, revision, installation, fingerprint, incarnation, coalesce(owner, ''), backend_pid, "
    "backend_start, phase, epoch, start_offsets, cut, offsets, last_records, start_instant_us, "
    "logical_time_us, "
    "rows, checksum, committed_at_us FROM _offtake_control WHERE product_uid = ?1 ORDER BY revision";

base::Result<ControlRow> row_from(const db::Statement& found) {
  ControlRow row;
  row.product_uid = found.string(0);
  row.revision = static_cast<int>(found.int64(1));
  row.installation = found.string(2);
  row.fingerprint = found.string(3);
  row.incarnation = found.int64(4);
  row.owner = found.string(5);
  row.backend_pid = found.int64(6);
  row.backend_start = found.string(7);
  auto phase = phase_from(found.text(8));
  if (!phase) return std::move(phase).error();
  row.phase = *phase;
  row.epoch = found.int64(9);
  SourceOffsets* const offsets[] = {&row.start_offsets, &row.cut, &row.offsets};
  for (int i = 0; i < 3; ++i) {
    auto parsed = protocol::parse_offsets(found.text(10 + i));
    if (!parsed) return std::move(parsed).error();
    *offsets[i] = *std::move(parsed);
  }
  auto stamps = protocol::parse_stamps(found.text(13));
  if (!stamps) return std::move(stamps).error();
  row.last_records = *std::move(stamps);
  row.start_instant = found.int64(14);
  row.logical_time = found.int64(15);
  row.content.rows = found.int64(16);
  row.content.sum = static_cast<std::uint64_t>(found.int64(17));
  row.committed_at = found.int64(18);
  return row;
}

}  // namespace

base::Status make_control_tables(db::Database& database) {
  return database.execute(kMakeTables);
}

base::Result<std::vector<std::string>> first_column(db::Database& database, std::string_view sql) {
  auto statement = database.prepare(sql);
  if (!statement) return std::move(statement).error();
  std::vector<std::string> out;
  for (;;) {
    auto row = statement->step();
    if (!row) return std::move(row).error();
    if (!*row) return out;
    out.push_back(statement->string(0));
  }
}

base::Result<std::vector<ControlRow>> read_controls(db::Database& database, const std::string& product_uid) {
  auto tables = first_column(database, "SELECT name FROM sqlite_schema WHERE name = '_offtake_control'");
  if (!tables) return std::move(tables).error();
  std::vector<ControlRow> out;
  if (tables->empty()) return out;
  auto found = database.query(kSelect, std::string_view(product_uid));
  if (!found) return std::move(found).error();
  for (;;) {
    auto there = found->step();
    if (!there) return std::move(there).error();
    if (!*there) return out;
    auto row = row_from(*found);
    if (!row) return std::move(row).error();
    out.push_back(*std::move(row));
  }
}

base::Result<std::optional<ControlRow>> read_control(db::Database& database, const std::string& product_uid,
                                                     int revision) {
  auto rows = read_controls(database, product_uid);
  if (!rows) return std::move(rows).error();
  for (auto& row : *rows) {
    if (row.revision == revision) return std::optional<ControlRow>(std::move(row));
  }
  return std::optional<ControlRow>();
}

base::Status write_control(db::Database& database, const ControlRow& row) {
  const std::string start = protocol::offsets_text(row.start_offsets);
  const std::string cut = protocol::offsets_text(row.cut);
  const std::string offsets = protocol::offsets_text(row.offsets);
  const std::string stamps = protocol::stamps_text(row.last_records);
  const std::optional<std::string_view> owner =
      row.owner.empty() ? std::nullopt : std::optional<std::string_view>(row.owner);
  return database.run(
      "INSERT OR REPLACE INTO _offtake_control VALUES "
      "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
      std::string_view(row.product_uid), row.revision, std::string_view(row.installation),
      std::string_view(row.fingerprint), row.incarnation, owner, row.backend_pid,
      std::string_view(row.backend_start), to_string(row.phase), row.epoch, std::string_view(start),
      std::string_view(cut), std::string_view(offsets), std::string_view(stamps), row.start_instant,
      row.logical_time, row.content.rows, static_cast<std::int64_t>(row.content.sum), row.committed_at);
}

base::Status write_ledger(db::Database& database, const std::string& product_uid, int revision,
                          const LedgerChanges& changes) {
  for (const auto& id : changes.remove) {
    auto removed =
        database.run("DELETE FROM _offtake_ledger WHERE product_uid = ?1 AND revision = ?2 AND id = ?3",
                     std::string_view(product_uid), revision, std::string_view(id));
    if (!removed) return removed;
  }
  for (const auto& entry : changes.put) {
    const std::string text = entry_text(entry);
    auto put = database.run("INSERT OR REPLACE INTO _offtake_ledger VALUES (?1, ?2, ?3, ?4)",
                            std::string_view(product_uid), revision, std::string_view(entry.id),
                            std::string_view(text));
    if (!put) return put;
  }
  return {};
}

base::Result<std::vector<LedgerEntry>> read_ledger(db::Database& database, const std::string& product_uid,
                                                   int revision) {
  auto tables = first_column(database, "SELECT name FROM sqlite_schema WHERE name = '_offtake_ledger'");
  if (!tables) return std::move(tables).error();
  std::vector<LedgerEntry> out;
  if (tables->empty()) return out;
  auto found =
      database.query("SELECT entry FROM _offtake_ledger WHERE product_uid = ?1 AND revision = ?2 ORDER BY id",
                     std::string_view(product_uid), revision);
  if (!found) return std::move(found).error();
  for (;;) {
    auto there = found->step();
    if (!there) return std::move(there).error();
    if (!*there) return out;
    auto entry = parse_entry(found->text(0));
    if (!entry) return std::move(entry).error();
    out.push_back(*std::move(entry));
  }
}

base::Status fence_revision(db::Database& database, const std::string& product_uid,
                            const std::string& installation, int revision) {
  auto transaction = db::Transaction::begin(database);
  if (!transaction) return std::move(transaction).error();
  if (auto made = make_control_tables(database); !made) return made;
  auto found = read_control(database, product_uid, revision);
  if (!found) return std::move(found).error();
  ControlRow row = found->value_or(ControlRow{});
  if (row.phase == Phase::kFenced) return transaction->commit();
  row.product_uid = product_uid;
  row.installation = installation;
  row.revision = revision;
  row.phase = Phase::kFenced;
  row.owner.clear();
  if (auto written = write_control(database, row); !written) return written;
  return transaction->commit();
}

base::Status drop_revision(db::Database& database, const std::string& product_uid, const std::string& name,
                           int revision) {
  auto transaction = db::Transaction::begin(database);
  if (!transaction) return std::move(transaction).error();
  if (auto made = make_control_tables(database); !made) return made;
  auto found = read_control(database, product_uid, revision);
  if (!found) return std::move(found).error();
  if (found->has_value() && (*found)->phase != Phase::kFenced) {
    return base::terminal("RevisionNotFenced",
                          fmt::format("revision {} is {}; it is dropped only when it is fenced", revision,
                                      to_string((*found)->phase)));
  }
  auto dropped =
      database.execute("DROP TABLE IF EXISTS " + protocol::quote_name(protocol::table_name(name, revision)));
  if (!dropped) return dropped;
  for (const char* table : {"_offtake_control", "_offtake_fill", "_offtake_ledger"}) {
    auto removed = database.run(fmt::format("DELETE FROM {} WHERE product_uid = ?1 AND revision = ?2", table),
                                std::string_view(product_uid), revision);
    if (!removed) return removed;
  }
  return transaction->commit();
}

}  // namespace offtake::targets::sqlite
