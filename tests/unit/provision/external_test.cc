// A schema and two roles per product on a real server.
#include <doctest/doctest.h>

#include "../targets/postgres_server.h"
#include "operators/provision/external/server_url.h"
#include "operators/provision/provisioner.h"

namespace offtake::provision {
namespace {

using targets::postgres::Connection;
using targets::postgres::ConnectionSettings;
using targets_test::PostgresServer;

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

std::unique_ptr<Provisioner> provisioner_as(const ConnectionSettings& admin,
                                            const std::string& class_name = "pg") {
  ProvisionerSettings settings;
  settings.engine = "postgres";
  settings.class_name = class_name;
  settings.url = fmt::format("postgresql://{}:{}/{}", admin.host, admin.port, admin.database);
  settings.admin = {{"username", admin.user}, {"password", admin.password}};
  auto made = make_provisioner(settings);
  REQUIRE(made.ok());
  return *std::move(made);
}

ProductTarget product(const std::string& uid, const std::string& name = "orders") {
  return {"installation", uid, "retail", "the-orders", name};
}

const Credentials kCredentials{"writer-secret", "reader-secret"};

std::string scalar(const std::string& sql, const std::vector<targets::postgres::Cell>& parameters = {}) {
  auto found = server().connect()->query(sql, parameters);
  REQUIRE_MESSAGE(found.ok(), found.error().text());
  return found->empty() ? "" : found->text(0, 0);
}

ConnectionSettings as_role(const std::string& user, const std::string& password) {
  ConnectionSettings out = server().admin();
  out.user = user;
  out.password = password;
  return out;
}

// Runs a statement as a role; the error's code, or nothing.
std::string code_as(const std::string& user, const std::string& password, const std::string& sql) {
  auto connection = Connection::open(as_role(user, password));
  if (!connection) return connection.error().code;
  const auto done = (*connection)->execute(sql);
  return done.ok() ? "" : done.error().code;
}

template <class T>
void require_ok(const base::Result<T>& result) {
  REQUIRE_MESSAGE(result.ok(), (result.ok() ? "" : result.error().text() + " " + result.error().detail));
}

}  // namespace

TEST_CASE("roles have the rights they need and no others") {
  auto provisioner = provisioner_as(server().admin());
  require_ok(provisioner->check());
  auto made = provisioner->ensure(product("u1"), kCredentials);
  require_ok(made);
  require_ok(provisioner->ensure(product("u1"), kCredentials));
  const std::string schema = made->writer.schema, writer = made->writer.user,
                    reader = made->writer.reader_role;
  CHECK(schema.size() <= 63);
  CHECK(schema.starts_with("retail_orders_"));
  CHECK(made->binding.at("username") == reader);
  CHECK(made->binding.at("type") == "postgresql");
  CHECK(made->endpoint_object == schema + ".orders");
  CHECK(scalar(
            "SELECT count(*) FROM pg_authid WHERE rolname IN ($1, $2) AND rolpassword LIKE 'SCRAM-SHA-256$%'",
            {writer, reader}) == "2");

  const std::string table = "\"" + schema + "\".t";
  CHECK(code_as(writer, "writer-secret",
                "CREATE TABLE " + table + " (id int); CREATE VIEW \"" + schema +
                    "\".orders AS SELECT id FROM " + table + "; GRANT SELECT ON \"" + schema +
                    "\".orders TO \"" + reader + "\"; CREATE TEMP TABLE x (id int)") == "");
  CHECK(code_as(writer, "wrong", "SELECT 1") == "TargetAuthenticationFailed");
  CHECK(code_as(writer, "writer-secret", "CREATE SCHEMA other") == "TargetPermissionDenied");
  CHECK(code_as(writer, "writer-secret", "CREATE ROLE other") == "TargetPermissionDenied");
  CHECK(code_as(writer, "writer-secret", "CREATE TABLE public.t (id int)") == "TargetPermissionDenied");
  // The reader finds the view without naming the schema.
  CHECK(code_as(reader, "reader-secret", "SET search_path = \"" + schema + "\"; SELECT * FROM orders") == "");
  CHECK(code_as(reader, "reader-secret", "SELECT * FROM " + table) == "TargetPermissionDenied");
  CHECK(code_as(reader, "reader-secret", "SELECT * FROM \"" + schema + "\"._offtake_control") ==
        "TargetPermissionDenied");
  CHECK(code_as(reader, "reader-secret",
                "SET transaction_read_only = off; CREATE TABLE \"" + schema + "\".mine (id int)") ==
        "TargetPermissionDenied");

  // A changed password replaces the old one.
  require_ok(provisioner->ensure(product("u1"), {"new-secret", "reader-secret"}));
  CHECK(code_as(writer, "writer-secret", "SELECT 1") == "TargetAuthenticationFailed");
  CHECK(code_as(writer, "new-secret", "SELECT 1") == "");

  // Removal ends even a session that is at work.
  auto session = Connection::open(as_role(writer, "new-secret"));
  require_ok(session);
  require_ok((*session)->execute("BEGIN; LOCK TABLE " + table));
  require_ok(provisioner->remove(product("u1"), false));
  require_ok(provisioner->remove(product("u1"), false));
  CHECK_FALSE((*session)->execute("SELECT 1").ok());
  CHECK(scalar("SELECT count(*) FROM pg_namespace WHERE nspname = $1", {schema}) == "0");
  CHECK(scalar("SELECT count(*) FROM pg_roles WHERE rolname IN ($1, $2)", {writer, reader}) == "0");
  CHECK(provisioner->controls(product("u1"))->empty());
  CHECK(provisioner->fence(product("u1"), 1).ok());
}

TEST_CASE("where not everybody may connect, the roles of a product are let in one by one") {
  const std::string database = server().admin().database;
  const std::string everybody = fmt::format("CONNECT, TEMPORARY ON DATABASE \"{}\"", database);
  auto provisioner = provisioner_as(server().admin());
  auto before = provisioner->ensure(product("open"), kCredentials);
  require_ok(before);
  const auto granted = [&](const std::string& role) {
    return scalar(
        "SELECT count(*) FROM pg_database, aclexplode(datacl) a WHERE datname = current_database() AND "
        "a.grantee = $1::regrole",
        {"\"" + role + "\""});
  };
  CHECK(granted(before->writer.user) == "0");  // a row that all products would write to
  require_ok(server().connect()->execute("REVOKE " + everybody + " FROM PUBLIC"));
  auto made = provisioner->ensure(product("closed", "closed"), kCredentials);
  require_ok(made);
  CHECK(code_as(made->writer.user, "writer-secret", "CREATE TEMP TABLE x (id int)") == "");
  CHECK(code_as(made->writer.reader_role, "reader-secret", "SELECT 1") == "");
  // Who was there before is let in with the next look.
  CHECK(code_as(before->writer.user, "writer-secret", "SELECT 1") != "");
  require_ok(provisioner->ensure(product("open"), kCredentials));
  CHECK(code_as(before->writer.user, "writer-secret", "SELECT 1") == "");
  for (const auto& gone : {product("open"), product("closed", "closed")})
    require_ok(provisioner->remove(gone, false));
  require_ok(server().connect()->execute("GRANT " + everybody + " TO PUBLIC"));
}

TEST_CASE("a schema of another product, installation or person is not adopted") {
  auto provisioner = provisioner_as(server().admin());
  const auto made = provisioner->ensure(product("u1"), kCredentials);
  require_ok(made);
  const auto other = provisioner->ensure(product("u2"), kCredentials);
  REQUIRE_FALSE(other.ok());
  CHECK(other.error().code == "TargetNameTaken");
  CHECK(other.error().message.find("the product retail/the-orders") != std::string::npos);
  ProductTarget foreign = product("u1");
  foreign.installation = "another";
  const auto refused = provisioner->ensure(foreign, kCredentials);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("another Offtake installation") != std::string::npos);
  require_ok(provisioner->remove(product("u2"), false));
  require_ok(provisioner->remove(foreign, false));
  CHECK(scalar("SELECT count(*) FROM pg_namespace WHERE nspname = $1", {made->writer.schema}) == "1");
  require_ok(provisioner->remove(product("u1"), false));

  require_ok(server().connect()->execute("CREATE SCHEMA \"" + made->writer.schema + "\""));
  CHECK(provisioner->ensure(product("u1"), kCredentials).error().code == "TargetNameTaken");
  require_ok(provisioner->remove(product("u1"), false));
  CHECK(scalar("SELECT count(*) FROM pg_namespace WHERE nspname = $1", {made->writer.schema}) == "1");
  require_ok(server().connect()->execute("DROP SCHEMA \"" + made->writer.schema + "\""));
}

TEST_CASE("names are deterministic, within 63 bytes, and differ where products do") {
  const std::string long_name(54, 'n');
  std::set<std::string> schemas;
  for (const auto& [class_name, name] :
       std::vector<std::pair<std::string, std::string>>{{"a", "orders"},
                                                        {"b", "orders"},
                                                        {"a", "Orders"},
                                                        {"a", long_name + "1"},
                                                        {"a", long_name + "2"}}) {
    auto provisioner = provisioner_as(server().admin(), class_name);
    const ProductTarget target = product("u-" + class_name + name, name);
    const auto made = provisioner->ensure(target, kCredentials);
    require_ok(made);
    CHECK(made->writer.schema.size() <= 63);
    CHECK(made->writer.reader_role.size() <= 63);
    CHECK(provisioner->ensure(target, kCredentials)->writer.schema == made->writer.schema);
    schemas.insert(made->writer.schema);
    require_ok(provisioner->remove(target, false));
  }
  CHECK(schemas.size() == 5);
}

TEST_CASE("an account with CREATEROLE and CREATE is enough") {
  require_ok(server().connect()->execute("CREATE ROLE limited LOGIN CREATEROLE PASSWORD 'limited-secret'"));
  auto provisioner = provisioner_as(as_role("limited", "limited-secret"));
  const auto lacks = provisioner->check();
  REQUIRE_FALSE(lacks.ok());
  CHECK(lacks.error().code == "TargetPermissionDenied");
  require_ok(server().connect()->execute("GRANT CREATE ON DATABASE postgres TO limited"));
  require_ok(provisioner->check());
  const auto made = provisioner->ensure(product("u1"), kCredentials);
  require_ok(made);
  const std::string schema = "\"" + made->writer.schema + "\"";
  CHECK(code_as(made->writer.user, "writer-secret", "CREATE TABLE " + schema + ".orders__r1 (id int)") == "");
  require_ok(provisioner->fence(product("u1"), 1));
  REQUIRE(provisioner->controls(product("u1"))->size() == 1);
  require_ok(provisioner->drop_revision(product("u1"), 1));
  CHECK(provisioner->controls(product("u1"))->empty());
  CHECK(code_as(made->writer.user, "writer-secret", "CREATE TABLE " + schema + ".orders__r2 (id int)") == "");
  // Retained: the data stays with the account, roles and control go.
  require_ok(provisioner->remove(product("u1"), true));
  CHECK(scalar("SELECT tableowner FROM pg_tables WHERE tablename = 'orders__r2'") == "limited");
  CHECK(scalar("SELECT count(*) FROM pg_tables WHERE tablename LIKE '\\_offtake%'") == "0");
  CHECK(scalar("SELECT count(*) FROM pg_roles WHERE rolname = $1", {made->writer.user}) == "0");
  // It is nobody's from then on: neither a newcomer nor a repeated delete touches it.
  const auto taken = provisioner->ensure(product("u9"), kCredentials).error();
  CHECK(taken.code == "TargetNameTaken");
  CHECK(taken.message.find("was retained from the product retail/the-orders") != std::string::npos);
  require_ok(provisioner->remove(product("u1"), false));
  CHECK(scalar("SELECT count(*) FROM pg_tables WHERE tablename = 'orders__r2'") == "1");
  require_ok(server().connect()->execute("DROP OWNED BY limited; DROP ROLE limited"));
}

TEST_CASE("a frozen worker does not hold up the fence") {
  auto provisioner = provisioner_as(server().admin());
  const auto made = provisioner->ensure(product("u1"), kCredentials);
  require_ok(made);
  require_ok(provisioner->fence(product("u1"), 1));
  auto frozen = Connection::open(as_role(made->writer.user, "writer-secret"));
  require_ok(frozen);
  const std::string control = "\"" + made->writer.schema + "\"._offtake_control";
  require_ok(
      (*frozen)->query("UPDATE " + control + " SET phase = 'Current', backend_pid = $1, backend_start = $2",
                       {std::to_string((*frozen)->backend_pid()), (*frozen)->backend_start()}));
  require_ok((*frozen)->execute("BEGIN; UPDATE " + control + " SET epoch = 99"));
  require_ok(provisioner->fence(product("u1"), 1));
  const auto rows = provisioner->controls(product("u1"));
  CHECK(rows->front().phase == targets::Phase::kFenced);
  CHECK(rows->front().epoch == 0);
  require_ok(provisioner->remove(product("u1"), false));
}

TEST_CASE("what is wrong with the way to the server has a name") {
  const auto code = [](ConnectionSettings settings) {
    return provisioner_as(settings)->check().error().code;
  };
  ConnectionSettings wrong = server().admin();
  wrong.password = "wrong";
  CHECK(code(wrong) == "TargetAuthenticationFailed");
  wrong = server().admin();
  wrong.user = "nobody";
  CHECK(code(wrong) == "TargetAuthenticationFailed");
  wrong = server().admin();
  wrong.password.clear();
  CHECK(code(wrong) == "TargetAuthenticationFailed");
  wrong = server().admin();
  wrong.database = "missing";
  CHECK(code(wrong) == "TargetDatabaseMissing");
  wrong = server().admin();
  wrong.port = 1;
  CHECK(code(wrong) == "TargetUnreachable");
  CHECK(provisioner_as(wrong)->check().error().retry == base::Retry::kTransient);
  auto plain = server().admin();
  plain.ssl_mode = "require";
  CHECK(Connection::open(plain).error().code == "TargetTlsFailed");
}

TEST_CASE("server urls") {
  const auto good = external::parse_server_url("postgresql://db.example:6543/data?sslmode=require");
  require_ok(good);
  CHECK(good->host == "db.example");
  CHECK(good->port == 6543);
  CHECK(good->database == "data");
  CHECK(good->ssl_mode == "require");
  CHECK(external::parse_server_url("postgres://[::1]/d")->host == "::1");
  CHECK(external::parse_server_url("postgres://[::1]:99/d")->port == 99);
  for (const char* bad :
       {"mysql://h/d", "postgresql://h", "postgresql://h/", "postgresql:///d", "postgresql://h:x/d",
        "postgresql://h:0/d", "postgresql://u:p@h/d", "postgresql://h/d?options=x"}) {
    CAPTURE(bad);
    CHECK(external::parse_server_url(bad).error().code == "BadUrl");
  }
}

}  // namespace offtake::provision
