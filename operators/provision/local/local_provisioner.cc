#include "operators/provision/local/local_provisioner.h"

#include <unistd.h>

#include "base/files/files.h"
#include "operators/provision/naming/physical_name.h"
#include "operators/targets/sqlite/control.h"

namespace offtake::provision::local {
namespace {

namespace db = offtake::sqlite;
using files::Path;

constexpr const char* kMakeClaim =
    "CREATE TABLE IF NOT EXISTS _offtake_claim (installation TEXT NOT NULL, product_uid TEXT NOT NULL, "
    "product TEXT)";

struct Claim {
  std::string installation, product_uid, product;
};

base::Result<std::optional<Claim>> read_claim(db::Database& database) {
  auto tables = targets::sqlite::first_column(
      database, "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'");
  if (!tables) return std::move(tables).error();
  if (tables->empty()) return std::optional<Claim>();
  const bool claimed = std::find(tables->begin(), tables->end(), "_offtake_claim") != tables->end();
  // A database of somebody else's counts as taken by nobody we know.
  if (!claimed) return std::optional<Claim>(Claim{});
  auto found = database.prepare("SELECT installation, product_uid, product FROM _offtake_claim");
  if (!found) return std::move(found).error();
  auto there = found->step();
  if (!there) return std::move(there).error();
  if (!*there) return std::optional<Claim>();
  return std::optional<Claim>(Claim{found->string(0), found->string(1), found->string(2)});
}

bool is_ours(const Claim& claim, const ProductTarget& target) {
  return claim.installation == target.installation && claim.product_uid == target.product_uid;
}

class LocalProvisioner : public Provisioner {
 public:
  LocalProvisioner(Path directory, std::string class_name)
      : directory_(std::move(directory)), class_name_(std::move(class_name)) {}

  base::Status check() override {
    if (auto made = files::make_dirs(directory_); !made) return made;
    if (access(directory_.c_str(), W_OK | X_OK) == 0) return {};
    return base::terminal("TargetPermissionDenied",
                          fmt::format("the directory {} cannot be written", directory_.string()));
  }

  base::Result<Provisioned> ensure(const ProductTarget& target, const Credentials&) override {
    const Path path = path_of(target);
    if (auto made = files::make_dirs(path.parent_path()); !made) return std::move(made).error();
    auto database = db::Database::open(path);
    if (!database) return std::move(database).error();
    if (auto claimed = claim(*database, target, path); !claimed) return std::move(claimed).error();
    Provisioned out;
    out.writer.engine = "sqlite";
    out.writer.path = path.string();
    out.endpoint_type = "sqlite";
    out.endpoint_address = path.string();
    out.endpoint_object = target.target_name;
    out.binding = {{"type", "sqlite"},
                   {"provider", "offtake"},
                   {"database", path.string()},
                   {"object", target.target_name},
                   {"uri", fmt::format("file:{}?mode=ro", path.string())}};
    return out;
  }

  base::Result<std::vector<targets::ControlRow>> controls(const ProductTarget& target) override {
    auto database = open_ours(target);
    if (!database) return std::move(database).error();
    if (!database->has_value()) return std::vector<targets::ControlRow>();
    return targets::sqlite::read_controls(**database, target.product_uid);
  }

  // SQLite resolves a view's names when it is read: nothing holds on to it.
  base::Result<ViewChange> view_change(const ProductTarget&, const std::vector<ViewColumn>&) override {
    return ViewChange{};
  }

  base::Status fence(const ProductTarget& target, int revision) override {
    auto database = open_ours(target);
    if (!database) return std::move(database).error();
    // Without its file a worker cannot start: it never makes one.
    if (!database->has_value()) return {};
    return targets::sqlite::fence_revision(**database, target.product_uid, target.installation, revision);
  }

  base::Status drop_revision(const ProductTarget& target, int revision) override {
    auto database = open_ours(target);
    if (!database) return std::move(database).error();
    if (!database->has_value()) return {};
    return targets::sqlite::drop_revision(**database, target.product_uid, target.target_name, revision);
  }

  std::vector<std::string> makes(const ProductTarget& target) const override {
    return {"file " + path_of(target).string()};
  }

  base::Status remove(const ProductTarget& target, bool retain) override {
    const Path path = path_of(target);
    {
      auto database = open_ours(target);
      if (!database) return std::move(database).error();
      if (!database->has_value()) return {};
      // The claim stays, of a product that is no more: nobody takes the file over by chance.
      if (retain) {
        return (*database)->execute(
            "BEGIN IMMEDIATE; DROP TABLE IF EXISTS _offtake_control; DROP TABLE IF EXISTS _offtake_fill; "
            "DROP TABLE IF EXISTS _offtake_ledger; "
            "UPDATE _offtake_claim SET product_uid = ''; COMMIT");
      }
    }
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      if (auto removed = files::remove_file(path.string() + suffix); !removed) return removed;
    }
    // The folders of class and namespace go with their last product; rmdir refuses while others are there.
    rmdir(path.parent_path().c_str());
    rmdir(path.parent_path().parent_path().c_str());
    return {};
  }

 private:
  Path path_of(const ProductTarget& target) const {
    // Target names are mostly fit for a file as they are; others get a digest, so that two never meet.
    std::string name = naming::readable(target.target_name);
    if (name != target.target_name || name.size() > 100) {
      name = naming::physical_name(target.target_name, {target.target_name}, 100);
    }
    return directory_ / class_name_ / target.product_namespace / (name + ".db");
  }

  base::Status claim(db::Database& database, const ProductTarget& target, const Path& path) {
    auto transaction = db::Transaction::begin(database);
    if (!transaction) return std::move(transaction).error();
    auto claim = read_claim(database);
    if (!claim) return std::move(claim).error();
    if (claim->has_value()) {
      if (is_ours(**claim, target)) return {};
      return taken(**claim, path);
    }
    if (auto made = database.execute(kMakeClaim); !made) return made;
    const std::string product = target.product_namespace + "/" + target.product;
    auto noted =
        database.run("INSERT INTO _offtake_claim VALUES (?1, ?2, ?3)", std::string_view(target.installation),
                     std::string_view(target.product_uid), std::string_view(product));
    if (!noted) return noted;
    return transaction->commit();
  }

  static base::Error taken(const Claim& claim, const Path& path) {
    if (claim.product_uid.empty() && !claim.product.empty()) {
      return retained_from(path.string(), claim.product);
    }
    const std::string owner = claim.product.empty() ? "something that is not Offtake's"
                                                    : fmt::format("the product {}", claim.product);
    return base::terminal("TargetNameTaken", fmt::format("{} belongs to {}", path.string(), owner))
        .with_hint("choose another target.name, or delete the product that holds it");
  }

  // The product's database, when it is there and its own.
  base::Result<std::optional<db::Database>> open_ours(const ProductTarget& target) {
    const Path path = path_of(target);
    if (!files::exists(path)) return std::optional<db::Database>();
    auto database = db::Database::open(path);
    if (!database) return std::move(database).error();
    auto claim = read_claim(*database);
    if (!claim) return std::move(claim).error();
    if (!claim->has_value() || !is_ours(**claim, target)) return std::optional<db::Database>();
    return std::optional<db::Database>(*std::move(database));
  }

  const Path directory_;
  const std::string class_name_;
};

}  // namespace

base::Result<std::unique_ptr<Provisioner>> make_local(const ProvisionerSettings& settings) {
  if (!settings.parameters.empty()) {
    return base::terminal("BadParameter", fmt::format("parameter {} is not known to local targets",
                                                      settings.parameters.begin()->first))
        .with_hint("engine sqlite takes no parameters");
  }
  return std::make_unique<LocalProvisioner>(settings.directory, settings.class_name);
}

}  // namespace offtake::provision::local
