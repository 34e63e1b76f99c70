#include "workload.h"

#include "base/id.h"
#include "base/json/value.h"
#include "documents.h"

namespace offtake::targets_test {
namespace {

TextRow row_of(int id, int version) {
  return {std::to_string(id), fmt::format("name {} v{}", id, version),
          fmt::format("{}.{:02}", id * 3, version % 100),
          version % 5 == 0 ? kNull : fmt::format("2026-01-{:02} 10:00:00.25+00", 1 + version % 28)};
}

struct EpochPlan {
  std::vector<TextRow> upserts;
  std::vector<int> deletes;
};

EpochPlan plan_of(int epoch) {
  EpochPlan out;
  for (int i = 0; i < 7; ++i) out.upserts.push_back(row_of((epoch * 31 + i * 17) % kFillRows, epoch));
  out.upserts.push_back(row_of(kFillRows + epoch, epoch));
  // Those end in 9 and are no multiple of what is updated in the same epoch.
  const int gone = epoch * 10 + 9;
  const bool updated = std::any_of(out.upserts.begin(), out.upserts.end(),
                                   [&](const TextRow& row) { return row[0] == std::to_string(gone); });
  if (!updated) out.deletes.push_back(gone);
  return out;
}

void replay(Model& model, const EpochPlan& plan) {
  for (const auto& row : plan.upserts) model[std::stoi(row[0])] = row;
  for (const int id : plan.deletes) model.erase(id);
}

base::Status fill(Target& target, const TableSpec& table, const WriterSettings& settings,
                  const std::string& owner) {
  ControlRow row;
  row.product_uid = settings.product_uid;
  row.revision = settings.revision;
  row.installation = "test-installation";
  row.fingerprint = "fingerprint";
  row.incarnation = settings.incarnation;
  row.owner = owner;
  row.start_offsets = {{kDataset, {{0, 0}}}};
  row.cut = {{kDataset, {{0, kFillRows}}}};
  row.offsets = row.start_offsets;
  row.start_instant = 1'700'000'000'000'000;
  if (auto begun = target.begin_fill(row); !begun) return begun;
  auto loader = target.open_loader("0");
  if (!loader) return std::move(loader).error();
  types::Checksum content;
  for (int piece = 0; piece < kFillRows / kPieceRows; ++piece) {
    const auto changes = piece_of_fill(table, piece);
    add(content, changes.checksum);
    if (auto done = (*loader)->append(changes); !done) return done;
    if (piece % 2 == 1) {
      if (auto done = (*loader)->commit({}, {}); !done) return done;
    }
  }
  if (auto done = (*loader)->commit({}, {}); !done) return done;
  if (auto done = target.finish_load(); !done) return done;
  return target.finish_fill(content, 1'800'000'000'000'000, {{kDataset, {{0, {kFillRows - 1, 1, 2}}}}});
}

}  // namespace

TableSpec workload_table(int revision) {
  TableSpec table;
  table.name = "orders";
  table.revision = revision;
  table.columns = {{"id", types::TypeId::kInt4, false},
                   {"name", types::TypeId::kText, true},
                   {"amount", types::Type::numeric(10, 2), true},
                   {"at", types::TypeId::kTimestampTz, true}};
  table.identity = {plan::Identity::Kind::kProvedKey, {0}};
  table.indexes = {{"by-name", {"name"}}};
  return table;
}

Model model_after(const TableSpec&, int epochs) {
  Model model;
  for (int id = 0; id < kFillRows; ++id) model[id] = row_of(id, 0);
  for (int epoch = 1; epoch <= epochs; ++epoch) replay(model, plan_of(epoch));
  return model;
}

std::vector<TextRow> rows_of(const Model& model) {
  std::vector<TextRow> out;
  for (const auto& [id, row] : model) out.push_back(row);
  return out;
}

engine::Changes changes_of_epoch(const TableSpec& table, int epoch) {
  EpochPlan plan = plan_of(epoch);
  const Model before = model_after(table, epoch - 1);
  const auto replacing =
      std::stable_partition(plan.upserts.begin(), plan.upserts.end(),
                            [&](const TextRow& row) { return !before.contains(std::stoi(row[0])); });
  std::vector<TextRow> old_rows, keys;
  for (const auto& row : plan.upserts) {
    if (const auto found = before.find(std::stoi(row[0])); found != before.end())
      old_rows.push_back(found->second);
  }
  for (const int id : plan.deletes) {
    keys.push_back({std::to_string(id)});
    if (const auto found = before.find(id); found != before.end()) old_rows.push_back(found->second);
  }
  engine::Changes out;
  out.upserts = batch_of(table.columns, plan.upserts);
  out.new_rows = static_cast<std::size_t>(replacing - plan.upserts.begin());
  out.deletes = batch_of({table.columns[0]}, keys);
  out.checksum = checksum_of(out.upserts);
  add(out.checksum, negative(checksum_of(batch_of(table.columns, old_rows))));
  return out;
}

engine::Changes piece_of_fill(const TableSpec& table, int piece) {
  std::vector<TextRow> rows;
  for (int id = piece * kPieceRows; id < (piece + 1) * kPieceRows; ++id) rows.push_back(row_of(id, 0));
  engine::Changes out;
  out.upserts = batch_of(table.columns, rows);
  out.checksum = checksum_of(out.upserts);
  out.new_rows = out.upserts.rows;
  return out;
}

std::string settings_text(const WriterSettings& settings) {
  json::Value out = json::Value::object();
  const TargetConnection& to = settings.connection;
  for (const auto& [name, value] :
       std::initializer_list<std::pair<const char*, std::string>>{{"engine", to.engine},
                                                                  {"path", to.path},
                                                                  {"url", to.url},
                                                                  {"host", to.host},
                                                                  {"database", to.database},
                                                                  {"schema", to.schema},
                                                                  {"user", to.user},
                                                                  {"password", to.password},
                                                                  {"reader_role", to.reader_role},
                                                                  {"ssl_mode", to.ssl_mode},
                                                                  {"uid", settings.product_uid}}) {
    out.set(name, value);
  }
  out.set("port", to.port);
  out.set("revision", settings.revision);
  out.set("incarnation", settings.incarnation);
  out.set("epochs", settings.epochs);
  out.set("publish", settings.publish);
  return json::dump(out);
}

base::Result<WriterSettings> parse_settings(const std::string& text) {
  auto in = json::parse(text);
  if (!in) return std::move(in).error();
  WriterSettings out;
  TargetConnection& to = out.connection;
  to.engine = in->string_or("engine");
  to.path = in->string_or("path");
  to.url = in->string_or("url");
  to.host = in->string_or("host");
  to.database = in->string_or("database");
  to.schema = in->string_or("schema");
  to.user = in->string_or("user");
  to.password = in->string_or("password");
  to.reader_role = in->string_or("reader_role");
  to.ssl_mode = in->string_or("ssl_mode");
  to.port = static_cast<int>(in->int_or("port"));
  out.product_uid = in->string_or("uid");
  out.revision = static_cast<int>(in->int_or("revision"));
  out.incarnation = in->int_or("incarnation");
  out.epochs = static_cast<int>(in->int_or("epochs"));
  out.publish = in->bool_or("publish");
  return out;
}

base::Status run_writer(const WriterSettings& settings) {
  const TableSpec table = workload_table(settings.revision);
  const TargetEngine* engine = engine_named(settings.connection.engine);
  auto opened = engine->open(settings.connection, table, settings.product_uid);
  if (!opened) return std::move(opened).error();
  Target& target = **opened;
  const std::string owner = base::random_id();
  auto rows = target.controls();
  if (!rows) return std::move(rows).error();
  bool filled = false;
  for (const auto& row : *rows) {
    if (row.revision == settings.revision) filled = row.phase != Phase::kFilling;
  }
  if (!filled) {
    if (auto done = fill(target, table, settings, owner); !done) return done;
  }
  auto owned = target.take_ownership({settings.revision, settings.incarnation, owner});
  if (!owned) return std::move(owned).error();
  ControlRow control = *std::move(owned);
  const auto commit_number = [&](int epoch) -> base::Status {
    EpochCommit commit;
    commit.last_epoch = control.epoch;
    commit.changes = changes_of_epoch(table, epoch);
    add(control.content, commit.changes.checksum);
    commit.content = control.content;
    commit.offsets = {{kDataset, {{0, kFillRows + epoch}}}};
    commit.last_records = {{kDataset, {{0, {kFillRows + epoch - 1, epoch, 7}}}}};
    commit.logical_time = 1'800'000'000'000'000 + epoch;
    if (auto done = target.commit(commit); !done) return done;
    ++control.epoch;
    return {};
  };
  int epoch = static_cast<int>(control.offsets[kDataset][0]) - kFillRows + 1;
  if (control.intent) {
    if (auto done = commit_number(epoch++); !done) return done;
  }
  if (settings.publish) {
    auto swapped = target.swap();
    if (!swapped) return std::move(swapped).error();
    if (!swapped->swapped) return base::transient("NotSwapped", "blocked by " + swapped->blocked_by);
    control.epoch = swapped->epoch;
  }
  for (; epoch <= settings.epochs; ++epoch) {
    if (auto done = commit_number(epoch); !done) return done;
  }
  return {};
}

}  // namespace offtake::targets_test
