#include "documents.h"

#include <numeric>

#include "base/crash_point.h"
#include "base/files/files.h"
#include "base/json/value.h"
#include "base/sqlite/database.h"
#include "operators/targets/control_json.h"
#include "operators/targets/intent/intent_target.h"
#include "operators/targets/protocol/image.h"
#include "operators/targets/protocol/table_layout.h"
#include "rows.h"

namespace offtake::targets_test {
namespace {

namespace db = offtake::sqlite;
namespace intent = targets::intent;
using intent::ControlStore;

constexpr const char* kMakeTables = R"sql(
CREATE TABLE IF NOT EXISTS claim (installation TEXT, product_uid TEXT, columns TEXT);
CREATE TABLE IF NOT EXISTS control (revision INTEGER PRIMARY KEY, version INTEGER NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS fill (revision INTEGER, stream TEXT, document TEXT NOT NULL, PRIMARY KEY (revision, stream));
CREATE TABLE IF NOT EXISTS public_name (name TEXT PRIMARY KEY, place TEXT NOT NULL, columns TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS document (place TEXT, id BLOB, version INTEGER NOT NULL, body TEXT, PRIMARY KEY (place, id));
)sql";

std::mutex fault_mutex;
Fault fault_now;

base::Status ask(std::string_view what, const ControlRow* row = nullptr) {
  const std::lock_guard lock(fault_mutex);
  return fault_now ? fault_now(what, row) : base::Status();
}

base::Result<db::Database> open_file(const std::string& path) {
  return db::Database::open(path, {.full_sync = false});
}

// Steps through `statement`, giving each row to `take`.
template <class Take>
base::Status each_row(base::Result<db::Statement> statement, const Take& take) {
  if (!statement) return std::move(statement).error();
  for (;;) {
    auto there = statement->step();
    if (!there) return std::move(there).error();
    if (!*there) return {};
    if (auto taken = take(*statement); !taken) return taken;
  }
}

class FileControl : public ControlStore {
 public:
  explicit FileControl(db::Database database) : database_(std::move(database)) {}

  base::Result<std::vector<Stored>> read_all() override {
    const std::lock_guard lock(mutex_);
    std::vector<Stored> out;
    auto read = each_row(database_.prepare("SELECT version, document FROM control ORDER BY revision"),
                         [&](const db::Statement& found) -> base::Status {
                           auto document = json::parse(found.text(1));
                           if (!document) return std::move(document).error();
                           auto row = targets::control_from_json(*document);
                           if (!row) return std::move(row).error();
                           out.push_back({*std::move(row), found.string(0)});
                           return {};
                         });
    if (!read) return std::move(read).error();
    return out;
  }

  base::Result<std::optional<Stored>> read(int revision) override {
    auto all = read_all();
    if (!all) return std::move(all).error();
    for (auto& stored : *all) {
      if (stored.row.revision == revision) return std::optional<Stored>(std::move(stored));
    }
    return std::optional<Stored>();
  }

  base::Result<std::string> write(const ControlRow& row, const std::string& version) override {
    if (auto fine = ask("control", &row); !fine) return std::move(fine).error();
    const std::string document = json::dump(targets::to_json(row));
    const std::int64_t seen = version.empty() ? 0 : std::stoll(version);
    auto done = version.empty()
                    ? database_.run("INSERT INTO control VALUES (?1, 1, ?2) ON CONFLICT DO NOTHING",
                                    row.revision, std::string_view(document))
                    : database_.run(
                          "UPDATE control SET version = version + 1, document = ?3 WHERE revision = "
                          "?1 AND version = ?2",
                          row.revision, seen, std::string_view(document));
    if (!done) return std::move(done).error();
    if (database_.changes() == 1) return std::to_string(seen + 1);
    return base::transient(std::string(intent::kConflict), "the document has another version");
  }

  base::Result<std::vector<FillProgress>> fill_progress(int revision) override {
    const std::lock_guard lock(mutex_);
    std::vector<FillProgress> out;
    auto read =
        each_row(database_.query("SELECT document FROM fill WHERE revision = ?1 ORDER BY stream", revision),
                 [&](const db::Statement& found) -> base::Status {
                   auto document = json::parse(found.text(0));
                   if (!document) return std::move(document).error();
                   auto progress = targets::fill_progress_from_json(*document);
                   if (!progress) return std::move(progress).error();
                   out.push_back(*std::move(progress));
                   return {};
                 });
    if (!read) return std::move(read).error();
    return out;
  }

  base::Status write_fill_progress(int revision, const FillProgress& progress) override {
    const std::lock_guard lock(mutex_);
    const std::string document = json::dump(targets::to_json(progress));
    return database_.run("INSERT OR REPLACE INTO fill VALUES (?1, ?2, ?3)", revision,
                         std::string_view(progress.stream), std::string_view(document));
  }

  base::Status forget_fill(int revision) override {
    return database_.run("DELETE FROM fill WHERE revision = ?1", revision);
  }

 private:
  db::Database database_;
  std::mutex mutex_;  // loaders of several threads
};

// Of nested values the JSON that they are in memory.
std::string text_of_value(const types::Column& column, std::size_t row) {
  return types::is_nested(column.type().id) ? std::string(column.text(row)) : types::value_text(column, row);
}

std::string body_of(const types::Batch& rows, std::size_t row) {
  json::Array values;
  for (const auto& column : rows.columns) {
    if (column->is_null(row)) {
      values.emplace_back(nullptr);
    } else {
      values.emplace_back(text_of_value(*column, row));
    }
  }
  return json::dump(json::Value(std::move(values)));
}

std::string id_of(const types::Batch& rows, const std::vector<int>& columns, std::size_t row) {
  std::string id;
  types::append_canonical_row(rows, columns, row, id);
  return id;
}

std::vector<int> every_column(const types::Batch& rows) {
  std::vector<int> out(rows.columns.size());
  std::iota(out.begin(), out.end(), 0);
  return out;
}

// The ids of the upserts: their key, or their hidden identity.
std::vector<std::string> upsert_ids(const TableSpec& table, const engine::Changes& changes) {
  const bool keyed = targets::protocol::has_key(table.identity);
  const types::Batch hidden{changes.upsert_identity, {}, changes.upserts.rows};
  std::vector<std::string> out;
  for (std::size_t row = 0; row < changes.upserts.rows; ++row) {
    out.push_back(keyed ? id_of(changes.upserts, table.identity.key, row)
                        : id_of(hidden, every_column(hidden), row));
  }
  return out;
}

class FileLoader : public intent::RowLoader {
 public:
  FileLoader(TableSpec table, std::string place, db::Database database)
      : table_(std::move(table)), place_(std::move(place)), database_(std::move(database)) {}

  base::Status append(const engine::Changes& rows) override {
    const auto ids = upsert_ids(table_, rows);
    for (std::size_t row = 0; row < ids.size(); ++row) {
      if (auto fine = ask("row"); !fine) return fine;
      const std::string body = body_of(rows.upserts, row);
      auto done = database_.run("INSERT INTO document VALUES (?1, ?2, 0, ?3) ON CONFLICT DO NOTHING",
                                std::string_view(place_), db::Blob{ids[row]}, std::string_view(body));
      if (!done) return done;
      if (database_.changes() == 1) continue;
      auto same = is_there(ids[row], body);
      if (!same) return std::move(same).error();
      if (!*same) return targets::protocol::key_not_unique(table_, key_values(rows.upserts, row));
    }
    return {};
  }

  base::Status flush() override { return {}; }

 private:
  base::Result<bool> is_there(const std::string& id, const std::string& body) {
    bool same = false;
    auto read = each_row(database_.query("SELECT body FROM document WHERE place = ?1 AND id = ?2",
                                         std::string_view(place_), db::Blob{id}),
                         [&](const db::Statement& found) -> base::Status {
                           same = found.text(0) == body;
                           return {};
                         });
    if (!read) return std::move(read).error();
    return same;
  }

  std::vector<std::string> key_values(const types::Batch& rows, std::size_t row) const {
    std::vector<std::string> out;
    for (const int column : table_.identity.key) {
      out.push_back(types::value_text(*rows.columns[static_cast<std::size_t>(column)], row));
    }
    return out;
  }

  const TableSpec table_;
  const std::string place_;
  db::Database database_;
};

class FileRows : public intent::RowStore {
 public:
  FileRows(std::string path, TableSpec table, db::Database database)
      : path_(std::move(path)), table_(std::move(table)), database_(std::move(database)) {}

  std::string place_for(const ControlRow& row) const override {
    return targets::protocol::table_name(table_.name, row.revision) + "_" + row.owner;
  }

  base::Status make(const std::string& place, const std::string& previous) override {
    for (const std::string& old : {place, previous}) {
      auto gone = database_.run("DELETE FROM document WHERE place = ?1", std::string_view(old));
      if (!gone) return gone;
    }
    return {};
  }

  base::Result<std::unique_ptr<intent::RowLoader>> open_loader(const std::string& place) override {
    auto database = open_file(path_);
    if (!database) return std::move(database).error();
    return std::make_unique<FileLoader>(table_, place, *std::move(database));
  }

  base::Status finish_load(const std::string&) override { return {}; }

  base::Result<std::vector<protocol::RefusedRow>> write(const std::string& place,
                                                        const engine::Changes& changes,
                                                        std::int64_t epoch) override {
    const auto ids = upsert_ids(table_, changes);
    const std::size_t all = ids.size() + changes.deletes.rows;
    for (std::size_t row = 0; row < all; ++row) {
      const bool upsert = row < ids.size();
      const std::string id =
          upsert ? ids[row] : id_of(changes.deletes, every_column(changes.deletes), row - ids.size());
      const auto body = upsert ? std::optional<std::string>(body_of(changes.upserts, row)) : std::nullopt;
      if (auto written = put(place, id, epoch, body); !written) return std::move(written).error();
      if (row == all / 2) base::crash_point("mid-epoch");
    }
    return std::vector<protocol::RefusedRow>();
  }

  base::Result<types::Checksum> checksum(const std::string& place) override {
    std::vector<types::ColumnBuilder> builders;
    for (const auto& column : table_.columns) builders.emplace_back(column.type);
    types::Batch batch;
    auto read =
        each_row(database_.query("SELECT body FROM document WHERE place = ?1 AND body IS NOT NULL",
                                 std::string_view(place)),
                 [&](const db::Statement& found) -> base::Status {
                   auto body = json::parse(found.text(0));
                   if (!body) return std::move(body).error();
                   ++batch.rows;
                   for (std::size_t i = 0; i < builders.size(); ++i) {
                     const json::Value& value = body->as_array()[i];
                     if (value.is_null()) {
                       builders[i].append_null();
                     } else if (types::is_nested(table_.columns[i].type.id)) {
                       builders[i].append_text(value.as_string());
                     } else if (auto parsed = types::append_parsed(builders[i], value.as_string()); !parsed) {
                       return parsed;
                     }
                   }
                   return {};
                 });
    if (!read) return std::move(read).error();
    for (auto& builder : builders) batch.columns.push_back(builder.finish());
    return checksum_of(batch);
  }

  base::Status publish(const std::string& place) override {
    if (auto fine = ask("publish"); !fine) return fine;
    json::Array names;
    for (const auto& column : table_.columns) names.emplace_back(column.name);
    const std::string columns = json::dump(json::Value(std::move(names)));
    return database_.run("INSERT OR REPLACE INTO public_name VALUES (?1, ?2, ?3)",
                         std::string_view(table_.name), std::string_view(place), std::string_view(columns));
  }

  void interrupt() override { database_.interrupt(); }

 private:
  base::Status put(const std::string& place, const std::string& id, std::int64_t version,
                   const std::optional<std::string>& body) {
    if (auto fine = ask("row"); !fine) return fine;
    auto done = database_.run(
        "INSERT INTO document VALUES (?1, ?2, ?3, ?4) ON CONFLICT (place, id) DO UPDATE SET version = "
        "excluded.version, body = excluded.body WHERE excluded.version >= version",
        std::string_view(place), db::Blob{id}, version, body);
    if (!done) return done;
    if (database_.changes() == 1) return {};
    return base::terminal(std::string(intent::kSuperseded), "a row has a newer version");
  }

  const std::string path_;
  const TableSpec table_;
  db::Database database_;
};

base::Result<std::unique_ptr<Target>> open_target(const TargetConnection& connection, const TableSpec& table,
                                                  const std::string& product_uid) {
  if (!files::exists(connection.path)) return base::terminal("TargetMissing", "the file is gone");
  auto control = open_file(connection.path);
  auto rows = open_file(connection.path);
  if (!control) return std::move(control).error();
  if (!rows) return std::move(rows).error();
  return intent::make_target(table, product_uid, std::make_unique<FileControl>(*std::move(control)),
                             std::make_unique<FileRows>(connection.path, table, *std::move(rows)));
}

std::shared_ptr<const engine::Image> table_image(const TableSpec& table) {
  return targets::protocol::make_image(
      table.columns, std::vector<targets::protocol::ColumnStep>(table.columns.size(), nullptr));
}

constexpr TargetEngine kEngine = {.name = kDocuments,
                                  .traits = {.commit = CommitKind::kIntent,
                                             .guarantee = Guarantee::kEffectivelyOnce,
                                             .checks_keys_live = false,
                                             .ledger_entries = 1'000},
                                  .column_type = [](const types::Type& type) -> base::Result<std::string> {
                                    return types::to_string(type);
                                  },
                                  .image = nullptr,
                                  .check_name = [](const std::string&) -> base::Status { return {}; },
                                  .open = open_target,
                                  .table_image = table_image,
                                  .check_table = [](const TableSpec&) -> base::Status { return {}; }};

class FileProvisioner : public provision::Provisioner {
 public:
  explicit FileProvisioner(std::string directory) : directory_(std::move(directory)) {}

  base::Status check() override { return files::make_dirs(directory_); }

  base::Result<provision::Provisioned> ensure(const provision::ProductTarget& target,
                                              const provision::Credentials&) override {
    if (auto ready = check(); !ready) return std::move(ready).error();
    provision::Provisioned out;
    out.writer.engine = std::string(kDocuments);
    out.writer.path = path_of(target);
    auto database = open_file(out.writer.path);
    if (!database) return std::move(database).error();
    if (auto made = database->execute(kMakeTables); !made) return std::move(made).error();
    return out;
  }

  base::Result<std::vector<ControlRow>> controls(const provision::ProductTarget& target) override {
    auto control = open(target);
    if (!control) return std::move(control).error();
    auto all = (*control)->read_all();
    if (!all) return std::move(all).error();
    std::vector<ControlRow> out;
    for (auto& stored : *all) out.push_back(std::move(stored.row));
    return out;
  }

  base::Result<provision::ViewChange> view_change(const provision::ProductTarget&,
                                                  const std::vector<provision::ViewColumn>&) override {
    return provision::ViewChange{};
  }

  base::Status fence(const provision::ProductTarget& target, int revision) override {
    auto control = open(target);
    if (!control) return std::move(control).error();
    return intent::fence_revision(**control, target.product_uid, target.installation, revision);
  }

  base::Status drop_revision(const provision::ProductTarget& target, int revision) override {
    auto control = open(target);
    if (!control) return std::move(control).error();
    auto found = (*control)->read(revision);
    if (!found) return std::move(found).error();
    if (!found->has_value()) return {};
    if ((*found)->row.phase != Phase::kFenced) return base::terminal("RevisionNotFenced", "it is not fenced");
    auto database = open_file(path_of(target));
    if (!database) return std::move(database).error();
    auto dropped =
        database->run("DELETE FROM document WHERE place = ?1", std::string_view((*found)->row.place));
    if (!dropped) return dropped;
    return database->run("DELETE FROM control WHERE revision = ?1", revision);
  }

  base::Status remove(const provision::ProductTarget& target, bool) override {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      if (auto gone = files::remove_file(path_of(target) + suffix); !gone) return gone;
    }
    return {};
  }

 private:
  std::string path_of(const provision::ProductTarget& target) const {
    return directory_ + "/" + target.product_uid + ".documents";
  }
  base::Result<std::unique_ptr<FileControl>> open(const provision::ProductTarget& target) const {
    auto database = open_file(path_of(target));
    if (!database) return std::move(database).error();
    return std::make_unique<FileControl>(*std::move(database));
  }

  const std::string directory_;
};

}  // namespace

const TargetEngine& documents_engine() {
  return kEngine;
}

const TargetEngine* engine_named(std::string_view name) {
  return name == kDocuments ? &kEngine : find_engine(name);
}

std::unique_ptr<provision::Provisioner> documents_provisioner(const std::string& directory) {
  return std::make_unique<FileProvisioner>(directory);
}

Documents read_documents(const std::string& path, const std::string& public_name) {
  Documents out;
  auto database = open_file(path);
  if (!database) return out;
  std::string place;
  auto named = each_row(database->query("SELECT place, columns FROM public_name WHERE name = ?1",
                                        std::string_view(public_name)),
                        [&](const db::Statement& found) -> base::Status {
                          place = found.string(0);
                          const auto columns = json::parse(found.text(1));
                          for (const auto& name : columns->as_array())
                            out.columns.push_back(name.as_string());
                          return {};
                        });
  auto read = each_row(database->query("SELECT body FROM document WHERE place = ?1 AND body IS NOT NULL",
                                       std::string_view(place)),
                       [&](const db::Statement& found) -> base::Status {
                         const auto body = json::parse(found.text(0));
                         auto& row = out.rows.emplace_back();
                         for (const auto& value : body->as_array()) {
                           row.push_back(value.is_null() ? kNull : value.as_string());
                         }
                         return {};
                       });
  if (!named || !read) out.rows = {{"not to be read"}};
  return out;
}

void set_fault(Fault fault) {
  const std::lock_guard lock(fault_mutex);
  fault_now = std::move(fault);
}

}  // namespace offtake::targets_test
