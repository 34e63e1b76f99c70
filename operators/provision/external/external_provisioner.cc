#include "operators/provision/external/external_provisioner.h"

#include "operators/provision/external/claim.h"
#include "operators/provision/external/server_url.h"
#include "operators/provision/external/view_change.h"
#include "operators/provision/naming/physical_name.h"
#include "operators/targets/postgres/control.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::provision::external {
namespace {

namespace postgres = targets::postgres;
using postgres::Connection;
using targets::protocol::quote_name;

constexpr std::size_t kMaxNameBytes = 63;
constexpr int kOldestVersion = 150'000;  // UNIQUE NULLS NOT DISTINCT

// What a product owns on the server.
struct Names {
  std::string schema, writer, reader;
};

class ExternalProvisioner : public Provisioner {
 public:
  ExternalProvisioner(postgres::ConnectionSettings admin, std::string class_name)
      : admin_(std::move(admin)), class_name_(std::move(class_name)) {}

  base::Status check() override {
    auto connection = Connection::open(admin_);
    if (!connection) return std::move(connection).error();
    if ((*connection)->server_version() < kOldestVersion) {
      return base::terminal("TargetVersion",
                            fmt::format("PostgreSQL {} is too old", (*connection)->server_version() / 10'000))
          .with_hint("use PostgreSQL 15 or later");
    }
    auto rights = (*connection)
                      ->query(
                          "SELECT rolsuper OR (rolcreaterole AND has_database_privilege(current_database(), "
                          "'CREATE')) FROM pg_roles "
                          "WHERE rolname = current_user");
    if (!rights) return std::move(rights).error();
    if (!rights->empty() && rights->text(0, 0) == "t") return {};
    return base::terminal("TargetPermissionDenied",
                          fmt::format("the account {} may not create roles and schemas in database {}",
                                      admin_.user, admin_.database))
        .with_hint(fmt::format("GRANT CREATE ON DATABASE {} TO {}; ALTER ROLE {} CREATEROLE", admin_.database,
                               admin_.user, admin_.user));
  }

  base::Result<Provisioned> ensure(const ProductTarget& target, const Credentials& credentials) override {
    const Names names = names_of(target);
    auto connection = Connection::open(admin_);
    if (!connection) return std::move(connection).error();
    auto made = in_transaction(**connection, [&] { return make(**connection, names, target, credentials); });
    if (!made) return std::move(made).error();
    return describe(names, target, credentials);
  }

  base::Result<std::vector<targets::ControlRow>> controls(const ProductTarget& target) override {
    const Names names = names_of(target);
    auto connection = Connection::open(admin_);
    if (!connection) return std::move(connection).error();
    auto claim = schema_claim(**connection, names.schema, target);
    if (!claim) return std::move(claim).error();
    if (claim->holder != Holder::kOurs) return std::vector<targets::ControlRow>();
    return postgres::read_controls(**connection, names.schema, target.product_uid);
  }

  base::Result<ViewChange> view_change(const ProductTarget& target,
                                       const std::vector<ViewColumn>& columns) override {
    const Names names = names_of(target);
    auto connection = Connection::open(admin_);
    if (!connection) return std::move(connection).error();
    auto claim = schema_claim(**connection, names.schema, target);
    if (!claim) return std::move(claim).error();
    if (claim->holder != Holder::kOurs) return ViewChange{};
    return external::view_change(**connection, names.schema, target.target_name, columns);
  }

  base::Status fence(const ProductTarget& target, int revision) override {
    return with_control(target, revision, [&](Connection& connection, const Names& names) {
      return postgres::fence_revision(connection, names.schema, target.product_uid, target.installation,
                                      revision);
    });
  }

  base::Status drop_revision(const ProductTarget& target, int revision) override {
    return with_control(target, revision, [&](Connection& connection, const Names& names) {
      return postgres::drop_revision(connection, names.schema, target.product_uid, target.target_name,
                                     revision);
    });
  }

  std::vector<std::string> makes(const ProductTarget& target) const override {
    const Names names = names_of(target);
    return {fmt::format("schema {} on {}:{}/{}", names.schema, admin_.host, admin_.port, admin_.database),
            "a role that writes and a role that reads"};
  }

  base::Status remove(const ProductTarget& target, bool retain) override {
    const Names names = names_of(target);
    auto connection = Connection::open(admin_);
    if (!connection) return std::move(connection).error();
    for (const std::string& role : {names.writer, names.reader}) {
      if (auto locked_out = lock_out(**connection, role, target); !locked_out) return locked_out;
    }
    return in_transaction(**connection, [&] { return take_away(**connection, names, target, retain); });
  }

 private:
  Names names_of(const ProductTarget& target) const {
    const std::string readable = target.product_namespace + "_" + target.target_name;
    Names out;
    out.schema = naming::physical_name(readable, {class_name_, target.product_namespace, target.target_name},
                                       kMaxNameBytes);
    // Roles belong to the whole server, where other databases and installations have theirs.
    constexpr std::size_t kRoleBytes = kMaxNameBytes - 7;
    const std::string role = naming::physical_name(
        readable, {target.installation, target.product_uid, admin_.database}, kRoleBytes);
    out.writer = role + "_writer";
    out.reader = role + "_reader";
    return out;
  }

  template <class Body>
  static base::Status in_transaction(Connection& connection, const Body& body) {
    postgres::Transaction transaction(connection);
    if (auto begun = transaction.begin(); !begun) return begun;
    if (auto set = connection.execute("SET LOCAL lock_timeout = '2s'"); !set) return set;
    if (auto done = body(); !done) return done;
    return transaction.commit();
  }

  base::Status make(Connection& connection, const Names& names, const ProductTarget& target,
                    const Credentials& credentials) {
    // Two control planes at once: one after the other.
    auto locked = connection.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", {names.schema});
    if (!locked) return std::move(locked).error();
    auto claim = schema_claim(connection, names.schema, target);
    if (!claim) return std::move(claim).error();
    if (claim->holder == Holder::kOther) return taken("schema", names.schema, *claim);
    const std::string schema = quote_name(names.schema);
    if (claim->holder == Holder::kNobody) {
      auto made = connection.execute(fmt::format("CREATE SCHEMA {0}; COMMENT ON SCHEMA {0} IS {1}", schema,
                                                 postgres::literal(claim_text(target))));
      if (!made) return made;
    }
    if (auto made = make_role(connection, names.writer, credentials.writer_password, target); !made)
      return made;
    if (auto made = make_role(connection, names.reader, credentials.reader_password, target); !made)
      return made;
    const std::string writer = quote_name(names.writer), reader = quote_name(names.reader);
    const std::string database = quote_name(admin_.database);
    if (auto let_in = let_into_database(connection, names); !let_in) return let_in;
    auto granted = connection.execute(
        fmt::format("GRANT USAGE, CREATE ON SCHEMA {1} TO {2}; GRANT USAGE ON SCHEMA {1} TO {3}; "
                    "ALTER ROLE {3} IN DATABASE {0} SET search_path = {1}; "
                    "ALTER ROLE {3} IN DATABASE {0} SET default_transaction_read_only = on",
                    database, schema, writer, reader));
    if (!granted) return granted;
    // The writer owns what it fills, so that it can replace and analyse it.
    if (auto became = connection.execute("SET LOCAL ROLE " + writer); !became) return became;
    return postgres::make_control_tables(connection, names.schema);
  }

  // Everybody may connect unless the database's owner says otherwise. A grant holds the database's one row
  // until the transaction ends, and all products of a server write there: it is made only where it is needed.
  base::Status let_into_database(Connection& connection, const Names& names) {
    auto may = connection.query(
        "SELECT has_database_privilege($1, current_database(), 'CONNECT') AND "
        "has_database_privilege($1, current_database(), 'TEMPORARY'), "
        "has_database_privilege($2, current_database(), 'CONNECT')",
        {names.writer, names.reader});
    if (!may) return std::move(may).error();
    const std::string database = quote_name(admin_.database);
    std::string grants;
    if (may->text(0, 0) != "t") {
      grants +=
          fmt::format("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {};", database, quote_name(names.writer));
    }
    if (may->text(0, 1) != "t") {
      grants += fmt::format("GRANT CONNECT ON DATABASE {} TO {};", database, quote_name(names.reader));
    }
    return grants.empty() ? base::Status() : connection.execute(grants);
  }

  base::Status make_role(Connection& connection, const std::string& role, const std::string& password,
                         const ProductTarget& target) {
    auto claim = role_claim(connection, role, target);
    if (!claim) return std::move(claim).error();
    if (claim->holder == Holder::kOther) return taken("role", role, *claim);
    auto verifier = connection.encrypt_password(role, password);
    if (!verifier) return std::move(verifier).error();
    const std::string name = quote_name(role);
    if (claim->holder == Holder::kNobody) {
      auto made = connection.execute(fmt::format(
          "CREATE ROLE {0} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION; COMMENT ON ROLE {0} IS {1}; "
          "GRANT {0} TO CURRENT_USER",
          name, postgres::literal(claim_text(target))));
      if (!made) return made;
    }
    return connection.execute(
        fmt::format("ALTER ROLE {} LOGIN PASSWORD {}", name, postgres::literal(*verifier)));
  }

  static base::Error taken(std::string_view what, const std::string& name, const Claim& claim) {
    if (!claim.retained_from.empty())
      return retained_from(fmt::format("the {} {}", what, name), claim.retained_from);
    return base::terminal("TargetNameTaken", fmt::format("the {} {} belongs to {}", what, name, claim.words))
        .with_hint("choose another target.name, or delete the product that holds it");
  }

  Provisioned describe(const Names& names, const ProductTarget& target,
                       const Credentials& credentials) const {
    Provisioned out;
    targets::TargetConnection& writer = out.writer;
    writer.engine = "postgres";
    writer.host = admin_.host;
    writer.port = admin_.port;
    writer.database = admin_.database;
    writer.schema = names.schema;
    writer.user = names.writer;
    writer.reader_role = names.reader;
    writer.ssl_mode = admin_.ssl_mode;
    writer.ca_pem = admin_.ca_pem;
    out.endpoint_type = "postgres";
    out.endpoint_address = fmt::format("{}:{}", admin_.host, admin_.port);
    out.endpoint_object = names.schema + "." + target.target_name;
    const std::string host =
        admin_.host.find(':') == std::string::npos ? admin_.host : "[" + admin_.host + "]";
    out.binding = {{"type", "postgresql"},
                   {"provider", "offtake"},
                   {"host", admin_.host},
                   {"port", std::to_string(admin_.port)},
                   {"database", admin_.database},
                   {"username", names.reader},
                   {"password", credentials.reader_password},
                   {"object", out.endpoint_object},
                   {"uri", fmt::format("postgresql://{}:{}@{}:{}/{}{}", names.reader,
                                       credentials.reader_password, host, admin_.port, admin_.database,
                                       admin_.ssl_mode.empty() ? "" : "?sslmode=" + admin_.ssl_mode)}};
    // By which a reader tells that it is this server.
    if (!admin_.ca_pem.empty()) out.binding["ca.crt"] = admin_.ca_pem;
    return out;
  }

  // Runs `body` in a transaction where the product has its schema. A frozen worker that holds the control row
  // is ended after two seconds.
  template <class Body>
  base::Status with_control(const ProductTarget& target, int revision, const Body& body) {
    const Names names = names_of(target);
    auto opened = Connection::open(admin_);
    if (!opened) return std::move(opened).error();
    Connection& connection = **opened;
    auto claim = schema_claim(connection, names.schema, target);
    if (!claim) return std::move(claim).error();
    if (claim->holder != Holder::kOurs) return {};
    const auto attempt = [&] {
      return in_transaction(connection, [&]() -> base::Status {
        auto became = connection.execute("SET LOCAL ROLE " + quote_name(names.writer));
        if (!became) return became;
        if (auto made = postgres::make_control_tables(connection, names.schema); !made) return made;
        return body(connection, names);
      });
    };
    auto done = attempt();
    if (done || done.error().code != "TargetLocked") return done;
    auto backends = postgres::recorded_backends(connection, names.schema, target.product_uid, revision);
    if (!backends) return std::move(backends).error();
    for (const auto& backend : *backends) {
      if (auto ended = postgres::terminate_backend(connection, backend); !ended) return ended;
    }
    return attempt();
  }

  // No new sessions of the role, and none of the old.
  base::Status lock_out(Connection& connection, const std::string& role, const ProductTarget& target) {
    auto claim = role_claim(connection, role, target);
    if (!claim) return std::move(claim).error();
    if (claim->holder != Holder::kOurs) return {};
    if (auto closed = connection.execute(fmt::format("ALTER ROLE {} NOLOGIN", quote_name(role))); !closed) {
      return closed;
    }
    auto sessions = connection.query(
        "SELECT pid, extract(epoch FROM backend_start)::text FROM pg_stat_activity WHERE usename = $1",
        {role});
    if (!sessions) return std::move(sessions).error();
    for (std::size_t i = 0; i < sessions->rows.size(); ++i) {
      const postgres::Backend backend{std::stoll(sessions->text(i, 0)), sessions->text(i, 1)};
      if (auto ended = postgres::terminate_backend(connection, backend); !ended) return ended;
    }
    return {};
  }

  base::Status take_away(Connection& connection, const Names& names, const ProductTarget& target,
                         bool retain) {
    auto claim = schema_claim(connection, names.schema, target);
    if (!claim) return std::move(claim).error();
    const std::string schema = quote_name(names.schema);
    if (claim->holder == Holder::kOurs && !retain) {
      if (auto dropped = connection.execute(fmt::format("DROP SCHEMA {} CASCADE", schema)); !dropped)
        return dropped;
    }
    if (claim->holder == Holder::kOurs && retain) {
      auto dropped = connection.execute(
          fmt::format("DROP TABLE IF EXISTS {0}._offtake_control; DROP TABLE IF EXISTS {0}._offtake_fill; "
                      "DROP TABLE IF EXISTS {0}._offtake_ledger; "
                      "COMMENT ON SCHEMA {0} IS {1}",
                      schema, postgres::literal(claim_text(target, true))));
      if (!dropped) return dropped;
    }
    for (const std::string& role : {names.writer, names.reader}) {
      auto of_role = role_claim(connection, role, target);
      if (!of_role) return std::move(of_role).error();
      if (of_role->holder != Holder::kOurs) continue;
      // What the role still owns is the retained data; its rights go with it.
      auto dropped = connection.execute(fmt::format(
          "REASSIGN OWNED BY {0} TO CURRENT_USER; DROP OWNED BY {0}; DROP ROLE {0}", quote_name(role)));
      if (!dropped) return dropped;
    }
    return {};
  }

  const postgres::ConnectionSettings admin_;
  const std::string class_name_;
};

std::string value_of(const std::map<std::string, std::string>& map, const std::string& name) {
  const auto found = map.find(name);
  return found == map.end() ? "" : found->second;
}

}  // namespace

base::Result<std::unique_ptr<Provisioner>> make_external(const ProvisionerSettings& settings) {
  if (!settings.parameters.empty()) {
    return base::terminal("BadParameter", fmt::format("parameter {} is not available in this version",
                                                      settings.parameters.begin()->first))
        .with_hint("leave spec.parameters out");
  }
  auto url = parse_server_url(settings.url);
  if (!url) return std::move(url).error();
  postgres::ConnectionSettings admin;
  admin.host = url->host;
  admin.port = url->port;
  admin.database = url->database;
  admin.user = value_of(settings.admin, "username");
  admin.password = value_of(settings.admin, "password");
  admin.ssl_mode = value_of(settings.admin, "sslmode");
  if (admin.ssl_mode.empty()) admin.ssl_mode = url->ssl_mode;
  admin.ca_pem = value_of(settings.admin, "ca.crt");
  admin.application = "offtake provisioner";
  if (admin.user.empty()) {
    return base::terminal("BadSecret", "the admin Secret has no key username")
        .with_hint("put username and password into adminSecretRef");
  }
  return std::make_unique<ExternalProvisioner>(std::move(admin), settings.class_name);
}

}  // namespace offtake::provision::external
