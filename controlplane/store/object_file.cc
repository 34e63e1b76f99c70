#include "controlplane/store/object_file.h"

#include "base/crypto/crypto.h"

namespace offtake::store {
namespace {

constexpr std::array<std::string_view, 1> kMigrations{R"(
CREATE TABLE objects(
  kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, sealed INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY(kind, namespace, name)) WITHOUT ROWID;
CREATE TABLE newest(one INTEGER PRIMARY KEY CHECK(one = 1), version INTEGER NOT NULL);
INSERT INTO newest VALUES(1, 0);
)"};

// What is sealed is bound to its place: a row cannot be moved to another name.
std::string place(std::string_view kind, std::string_view namespace_name, std::string_view name) {
  return fmt::format("{}/{}/{}", kind, namespace_name, name);
}

bool is_sealed(const resources::Kind& kind) {
  return &kind == &resources::kind_of<resources::Secret>();
}

std::string stored_kind(const resources::Kind& kind) {
  return kind.api_version() + "/" + kind.kind;
}

const resources::Kind* find_stored(std::string_view text) {
  for (const resources::Kind* kind : resources::all_kinds()) {
    if (stored_kind(*kind) == text) return kind;
  }
  return nullptr;
}

}  // namespace

base::Result<ObjectFile> ObjectFile::open(const std::filesystem::path& path, std::string secret_key) {
  auto database = sqlite::Database::open(path);
  if (!database) return std::move(database).error();
  if (base::Status migrated = database->migrate(kMigrations); !migrated) return migrated.error();
  ObjectFile out(*std::move(database), std::move(secret_key));
  {
    auto newest = out.database_.query("SELECT version FROM newest");
    if (!newest) return std::move(newest).error();
    auto row = newest->step();
    if (!row) return std::move(row).error();
    out.version_ = newest->int64(0);
  }
  return out;
}

base::Status ObjectFile::load(const Sink& sink) {
  auto rows = database_.query("SELECT kind, namespace, name, sealed, body FROM objects");
  if (!rows) return std::move(rows).error();
  while (true) {
    auto row = rows->step();
    if (!row) return std::move(row).error();
    if (!*row) return {};
    const resources::Kind* kind = find_stored(rows->text(0));
    if (kind == nullptr) {
      return base::terminal(
          "NewerDatabase",
          fmt::format("the store holds a {}, which this version does not know", rows->text(0)));
    }
    std::string body(rows->blob(4));
    if (rows->boolean(3)) {
      auto plain = crypto::open(secret_key_, body, place(rows->text(0), rows->text(1), rows->text(2)));
      if (!plain) {
        return std::move(plain)
            .error()
            .in("reading Secrets")
            .with_hint("secret.key is not the one that this data directory was made with");
      }
      body = *std::move(plain);
    }
    auto object = json::parse(body);
    if (!object) return std::move(object).error().in("reading the store");
    sink(*kind, *std::move(object));
  }
}

base::Status ObjectFile::put(const resources::Kind& kind, const json::Value& object, std::int64_t version) {
  const json::Value& metadata = object["metadata"];
  const std::string namespace_name = metadata.string_or("namespace");
  const std::string name = metadata.string_or("name");
  std::string body = json::dump(object);
  if (is_sealed(kind)) {
    auto sealed = crypto::seal(secret_key_, body, place(stored_kind(kind), namespace_name, name));
    if (!sealed) return std::move(sealed).error();
    body = *std::move(sealed);
  }
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return std::move(transaction).error();
  if (base::Status done =
          database_.run("INSERT OR REPLACE INTO objects VALUES(?1, ?2, ?3, ?4, ?5)", stored_kind(kind),
                        namespace_name, name, is_sealed(kind), sqlite::Blob{body});
      !done) {
    return done;
  }
  if (base::Status done = database_.run("UPDATE newest SET version = ?1", version); !done) return done;
  if (base::Status done = transaction->commit(); !done) return done;
  version_ = version;
  return {};
}

base::Status ObjectFile::erase(const resources::Kind& kind, const std::string& namespace_name,
                               const std::string& name, std::int64_t version) {
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return std::move(transaction).error();
  if (base::Status done =
          database_.run("DELETE FROM objects WHERE kind = ?1 AND namespace = ?2 AND name = ?3",
                        stored_kind(kind), namespace_name, name);
      !done) {
    return done;
  }
  if (base::Status done = database_.run("UPDATE newest SET version = ?1", version); !done) return done;
  if (base::Status done = transaction->commit(); !done) return done;
  version_ = version;
  return {};
}

}  // namespace offtake::store
