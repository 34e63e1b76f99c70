#include "schemas/registry/store.h"

#include "base/json/value.h"
#include "schemas/registry/identity.h"

namespace offtake::registry {
namespace {

constexpr std::size_t kMaxTogether = 256;

constexpr std::array<std::string_view, 1> kMigrations{R"sql(
CREATE TABLE schemas (
  context TEXT NOT NULL, id INTEGER NOT NULL, type TEXT NOT NULL, text TEXT NOT NULL, refs TEXT NOT NULL,
  metadata TEXT NOT NULL, rule_set TEXT NOT NULL, PRIMARY KEY (context, id)) WITHOUT ROWID;
CREATE TABLE versions (
  subject TEXT NOT NULL, version INTEGER NOT NULL, id INTEGER NOT NULL, deleted INTEGER NOT NULL,
  PRIMARY KEY (subject, version)) WITHOUT ROWID;
CREATE TABLE counters (context TEXT PRIMARY KEY, next_id INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE configs (subject TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE modes (subject TEXT PRIMARY KEY, mode TEXT NOT NULL) WITHOUT ROWID;
)sql"};

base::Error store_failed(base::Error cause) {
  return base::transient("RegistryStoreFailed", "The registry's database does not take the change")
      .with_detail(cause.text());
}

}  // namespace

Store::Store(sqlite::Database database) : database_(std::move(database)), state_(std::make_unique<State>()) {}

base::Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& path) {
  auto database = sqlite::Database::open(path);
  if (!database) return std::move(database).error();
  if (auto done = database->migrate(kMigrations); !done) return done.error();
  std::unique_ptr<Store> store(new Store(std::move(*database)));
  if (auto done = store->load(); !done) return done.error();
  return store;
}

base::Status Store::load() {
  auto state = std::make_unique<State>();
  const auto each = [&](std::string_view sql, const auto& row) -> base::Status {
    auto statement = database_.prepare(sql);
    if (!statement) return statement.error();
    while (true) {
      const auto more = statement->step();
      if (!more) return more.error();
      if (!*more) return {};
      row(*statement);
    }
  };
  const auto number = [](const sqlite::Statement& row, int column) {
    return static_cast<int>(row.int64(column));
  };
  base::Status done = each("SELECT context, id, type, text, refs, metadata, rule_set FROM schemas",
                           [&](const sqlite::Statement& row) {
                             Content content{row.string(2), row.string(3), {}, row.string(5), row.string(6)};
                             if (const auto references = json::parse(row.text(4))) {
                               content.references =
                                   parse_references(*references).value_or(content.references);
                             }
                             state->apply(PutSchema{row.string(0), number(row, 1), std::move(content)});
                           });
  if (done) {
    done = each("SELECT subject, version, id, deleted FROM versions", [&](const sqlite::Statement& row) {
      state->apply(PutVersion{row.string(0), number(row, 1), number(row, 2), row.boolean(3)});
    });
  }
  if (done) {
    done = each("SELECT context, next_id FROM counters",
                [&](const sqlite::Statement& row) { state->raise_next_id(row.string(0), number(row, 1)); });
  }
  if (done) {
    done = each("SELECT subject, json FROM configs", [&](const sqlite::Statement& row) {
      state->apply(PutConfig{row.string(0), row.string(1)});
    });
  }
  if (done) {
    done = each("SELECT subject, mode FROM modes", [&](const sqlite::Statement& row) {
      state->apply(PutMode{row.string(0), parse_mode(row.text(1))});
    });
  }
  if (done) state_ = std::move(state);
  return done;
}

base::Status Store::persist(const Change& change) {
  struct Writer {
    sqlite::Database& db;
    base::Status operator()(const PutSchema& put) const {
      const Content& content = put.content;
      auto done = db.run("INSERT OR REPLACE INTO schemas VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", put.context,
                         put.id, content.type, content.text, json::dump(references_json(content.references)),
                         content.metadata, content.rule_set);
      if (!done) return done;
      return db.run(
          "INSERT INTO counters VALUES (?1, ?2) ON CONFLICT DO UPDATE SET next_id = max(next_id, "
          "excluded.next_id)",
          put.context, put.id + 1);
    }
    base::Status operator()(const DropSchema& drop) const {
      return db.run("DELETE FROM schemas WHERE context = ?1 AND id = ?2", drop.context, drop.id);
    }
    base::Status operator()(const PutVersion& put) const {
      return db.run("INSERT OR REPLACE INTO versions VALUES (?1, ?2, ?3, ?4)", put.subject, put.version,
                    put.id, put.deleted ? 1 : 0);
    }
    base::Status operator()(const DropVersion& drop) const {
      return db.run("DELETE FROM versions WHERE subject = ?1 AND version = ?2", drop.subject, drop.version);
    }
    base::Status operator()(const PutConfig& put) const {
      if (!put.json) return db.run("DELETE FROM configs WHERE subject = ?1", put.subject);
      return db.run("INSERT OR REPLACE INTO configs VALUES (?1, ?2)", put.subject, *put.json);
    }
    base::Status operator()(const PutMode& put) const {
      if (!put.mode) return db.run("DELETE FROM modes WHERE subject = ?1", put.subject);
      return db.run("INSERT OR REPLACE INTO modes VALUES (?1, ?2)", put.subject,
                    std::string_view(mode_name(*put.mode)));
    }
  };
  return std::visit(Writer{database_}, change);
}

// Decides, writes and commits a batch; on any failure of the database nothing of it has happened.
void Store::commit_together(std::vector<Waiting*>& batch) {
  const std::unique_lock lock(state_mutex_);
  const auto failed = [&](const base::Error& cause) {
    for (Waiting* waiting : batch) waiting->error = store_failed(cause);
  };
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return failed(transaction.error());
  bool changed = false;
  base::Status written;
  for (Waiting* waiting : batch) {
    auto changes = waiting->decide(*state_);
    if (!changes) {
      waiting->error = std::move(changes).error();
      continue;
    }
    for (const Change& change : *changes) {
      changed = true;
      if (written) written = persist(change);
      state_->apply(change);
    }
  }
  if (!changed) return;
  if (written) written = transaction->commit();
  if (written) return;
  failed(written.error());
  // Memory goes back to what is on disk. Rolled back first: the load must not see the batch.
  { const auto end = std::move(*transaction); }
  if (auto loaded = load(); !loaded) failed(loaded.error());
}

base::Status Store::commit(std::function<base::Result<Changes>(const State&)> decide) {
  Waiting mine{std::move(decide), std::nullopt, false};
  std::unique_lock lock(queue_mutex_);
  queue_.push_back(&mine);
  // One thread leads: it commits for all that wait. The others come together meanwhile for the next commit.
  while (!mine.done) {
    if (leading_) {
      done_.wait(lock);
      continue;
    }
    leading_ = true;
    std::vector<Waiting*> batch;
    while (!queue_.empty() && batch.size() < kMaxTogether) {
      batch.push_back(queue_.front());
      queue_.pop_front();
    }
    lock.unlock();
    commit_together(batch);
    lock.lock();
    for (Waiting* waiting : batch) waiting->done = true;
    leading_ = false;
    done_.notify_all();
  }
  lock.unlock();
  if (mine.error) return *mine.error;
  return {};
}

template <class T>
base::Result<T> Store::change(std::function<base::Result<Decision<T>>(const State&)> decide) {
  std::optional<T> answer;
  auto done = commit([&](const State& state) -> base::Result<Changes> {
    auto decision = decide(state);
    if (!decision) return std::move(decision).error();
    answer = std::move(decision->answer);
    return std::move(decision->changes);
  });
  if (!done) return done.error();
  return std::move(*answer);
}

base::Result<Registered> Store::register_schema(const Registration& registration) {
  // Understanding takes longest and needs no order: it is done before the queue. A schema that is there
  // already costs no commit.
  const auto understood = read([&](const State& state) {
    return state.understand(registration.content,
                            registration.normalize || state.normalizes(registration.subject));
  });
  if (!understood) return understood.error();
  const RegisterRequest request{registration.subject, registration.id, registration.version};
  auto known = read([&](const State& state) -> std::optional<base::Result<Registered>> {
    auto decision = state.decide_register(request, *understood);
    if (!decision) return base::Result<Registered>(std::move(decision).error());
    if (decision->changes.empty()) return base::Result<Registered>(std::move(decision->answer));
    return std::nullopt;
  });
  if (known) return std::move(*known);
  return change<Registered>([&](const State& state) { return state.decide_register(request, *understood); });
}

base::Result<Registered> Store::lookup(const Registration& registration, bool with_deleted) {
  return read([&](const State& state) -> base::Result<Registered> {
    const auto versions = state.versions(registration.subject, with_deleted, false);
    if (!versions) return versions.error();
    const auto understood = state.understand(
        registration.content, registration.normalize || state.normalizes(registration.subject));
    if (!understood) return understood.error();
    return state.find(registration.subject, understood->content, with_deleted);
  });
}

base::Result<std::vector<int>> Store::delete_subject(const std::string& subject, bool permanent) {
  return change<std::vector<int>>(
      [&](const State& state) { return state.decide_delete_subject(subject, permanent); });
}

base::Result<int> Store::delete_version(const std::string& subject, int version, bool permanent) {
  return change<int>(
      [&](const State& state) { return state.decide_delete_version(subject, version, permanent); });
}

base::Result<std::optional<std::string>> Store::put_config(const std::string& subject,
                                                           std::optional<std::string> json) {
  using Answer = std::optional<std::string>;
  return change<Answer>([&](const State& state) -> base::Result<Decision<Answer>> {
    const Answer before = state.config(subject);
    if (!json && !before && !subject.empty()) return errors::subject_not_found(subject);
    return Decision<Answer>{before, {PutConfig{subject, json}}};
  });
}

base::Result<Mode> Store::put_mode(const std::string& subject, std::optional<Mode> mode, bool force) {
  return change<Mode>([&](const State& state) { return state.decide_mode(subject, mode, force); });
}

}  // namespace offtake::registry
