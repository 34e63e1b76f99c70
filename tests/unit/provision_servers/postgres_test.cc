// A real PostgreSQL of our own: made, found again, restarted, moved, stopped, removed.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "base/process/process.h"
#include "fixture.h"
#include "operators/provision/provisioner.h"
#include "operators/targets/postgres/connection.h"

namespace offtake::provision_test {
namespace {

using targets::postgres::Connection;

std::unique_ptr<Connection> connect(int port, const servers::ServerOrder& order) {
  targets::postgres::ConnectionSettings admin;
  admin.host = "127.0.0.1";
  admin.port = port;
  admin.database = "postgres";
  admin.user = order.username;
  admin.password = order.password;
  auto opened = Connection::open(admin);
  REQUIRE_MESSAGE(opened.ok(), opened.error().text());
  return *std::move(opened);
}

std::string ask(int port, const servers::ServerOrder& order, const std::string& sql) {
  auto found = connect(port, order)->query(sql);
  REQUIRE_MESSAGE(found.ok(), found.error().text());
  return found->empty() ? "" : found->text(0, 0);
}

std::unique_ptr<provision::Provisioner> provisioner_on(std::shared_ptr<servers::Servers> servers,
                                                       const servers::ServerOrder& order) {
  provision::ProvisionerSettings settings;
  settings.engine = order.engine;
  settings.class_name = order.name;
  settings.class_uid = order.uid;
  settings.local = true;
  settings.servers = std::move(servers);
  settings.admin = {{"username", order.username}, {"password", order.password}};
  auto made = provision::make_provisioner(settings);
  REQUIRE_MESSAGE(made.ok(), made.error().text());
  return *std::move(made);
}

// Listens on a port of loopback until its end.
class Listener {
 public:
  explicit Listener(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(fd_, 4) == 0);
  }
  ~Listener() { ::close(fd_); }

 private:
  int fd_;
};

struct ::stat look_at(const files::Path& path) {
  struct ::stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info;
}

}  // namespace

TEST_CASE("a private PostgreSQL is made, serves products, and goes with its class") {
  const Place place;
  Running running(place);
  const auto order = postgres_order();
  auto provisioner = provisioner_on(running.shared(), order);
  CHECK(provisioner->check().error().code == "ServerStarting");
  CHECK(provisioner->check().error().retry == base::Retry::kWaiting);
  REQUIRE(running->keep(order).ok());
  const auto view = wait_usable(*running, order);
  REQUIRE(view.port > 0);

  CHECK(ask(view.port, order, "SHOW fsync") == "on");
  CHECK(ask(view.port, order, "SHOW listen_addresses") == "127.0.0.1");
  CHECK(ask(view.port, order, "SHOW server_encoding") == "UTF8");
  CHECK(ask(view.port, order, "SELECT datcollate FROM pg_database WHERE datname = 'postgres'") == "C");
  CHECK(ask(view.port, order, "SHOW data_checksums") == "on");
  CHECK(ask(view.port, order, "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules") ==
        "scram-sha-256");

  // Nobody else can look into it, and no file has the password.
  const files::Path home = place.servers() / "pg";
  CHECK((look_at(home / "data").st_mode & 0777) == 0700);
  CHECK((look_at(home / "socket").st_mode & 0777) == 0700);
  CHECK((look_at(home / "server.log").st_mode & 0777) == 0600);
  CHECK((look_at(place.path() / "data").st_mode & 0066) == 0);
  CHECK_FALSE(files::exists(home / "initdb.password"));
  if (::geteuid() == 0) CHECK(look_at(home / "data").st_uid != 0);
  CHECK(files::read_file(home / "server.log")->find(order.password) == std::string::npos);
  CHECK(files::read_file(fmt::format("/proc/{}/cmdline", view.pid))->find(order.password) ==
        std::string::npos);
  CHECK(files::read_file(fmt::format("/proc/{}/environ", view.pid))->find(order.password) ==
        std::string::npos);

  // From here on it is a server like any other.
  REQUIRE(provisioner->check().ok());
  const provision::ProductTarget product{"installation", "u1", "retail", "the-orders", "orders"};
  const auto made = provisioner->ensure(product, {"writer-secret", "reader-secret"});
  REQUIRE_MESSAGE(made.ok(), made.error().text());
  CHECK(made->writer.port == view.port);
  CHECK(made->endpoint_address == fmt::format("127.0.0.1:{}", view.port));
  REQUIRE(provisioner->remove(product, false).ok());

  REQUIRE(running->remove(order).ok());
  CHECK_FALSE(files::exists(home));
  CHECK_FALSE(process::identify(static_cast<pid_t>(view.pid)).has_value());
  CHECK(running->remove(order).ok());
}

TEST_CASE("a killed server comes back on its port with what was committed") {
  const Place place;
  Running running(place);
  const auto order = postgres_order();
  REQUIRE(running->keep(order).ok());
  const auto before = wait_usable(*running, order);
  REQUIRE(connect(before.port, order)->execute("CREATE TABLE public.kept AS SELECT 7 AS seven").ok());
  REQUIRE(::kill(static_cast<pid_t>(before.pid), SIGKILL) == 0);
  eventually([&] { return running->look("pg", "class-1").pid != before.pid; }, "another process");
  const auto after = wait_usable(*running, order);
  CHECK(after.port == before.port);
  CHECK(after.pid != before.pid);
  CHECK(after.restarts == 1);
  CHECK(ask(after.port, order, "SELECT seven FROM public.kept") == "7");
}

TEST_CASE("who comes after a crash adopts the server, and a shutdown ends it") {
  const Place place;
  Running running(place);
  const auto order = postgres_order();
  REQUIRE(running->keep(order).ok());
  const auto before = wait_usable(*running, order);
  running.forget_and_begin_anew();
  REQUIRE(process::identify(static_cast<pid_t>(before.pid)).has_value());
  REQUIRE(running->keep(order).ok());
  const auto adopted = wait_usable(*running, order);
  CHECK(adopted.pid == before.pid);
  CHECK(adopted.port == before.port);
  CHECK(adopted.restarts == 0);

  // Other parameters: the same data in another process.
  auto changed = order;
  changed.generation = 2;
  changed.parameters["memory"] = "128m";
  REQUIRE(running->keep(changed).ok());
  eventually([&] { return running->look("pg", "class-1").pid != before.pid; }, "another process");
  const auto restarted = wait_usable(*running, changed);
  CHECK(ask(restarted.port, changed, "SHOW shared_buffers") == "32MB");
  // An older order is not followed.
  REQUIRE(running->keep(order).ok());
  CHECK(ask(wait_usable(*running, changed).port, changed, "SHOW shared_buffers") == "32MB");

  running->stop_all();
  CHECK_FALSE(process::identify(static_cast<pid_t>(restarted.pid)).has_value());
  CHECK(running->keep(changed).error().code == "Draining");
  running.forget_and_begin_anew();
  REQUIRE(running->keep(changed).ok());
  const auto again = wait_usable(*running, changed);
  CHECK(again.port == before.port);
  CHECK(files::read_file(place.servers() / "pg/server.log")->find("database system was shut down at") !=
        std::string::npos);
}

TEST_CASE("somebody else on the port: the server moves") {
  const Place place;
  Running running(place);
  const auto order = postgres_order();
  REQUIRE(running->keep(order).ok());
  const auto before = wait_usable(*running, order);
  auto provisioner = provisioner_on(running.shared(), order);
  REQUIRE(provisioner->check().ok());
  running->stop_all();
  const Listener foreign(before.port);
  running.forget_and_begin_anew();
  provisioner = provisioner_on(running.shared(), order);
  REQUIRE(running->keep(order).ok());
  const auto after = wait_usable(*running, order);
  CHECK(after.port != before.port);
  REQUIRE(provisioner->check().ok());
  CHECK(ask(after.port, order, "SELECT 1") == "1");
}

TEST_CASE("two classes side by side, and data that was retained") {
  const Place place;
  Running running(place);
  const auto one = postgres_order("one", "class-1");
  const auto two = postgres_order("two", "class-2");
  REQUIRE(running->keep(one).ok());
  REQUIRE(running->keep(two).ok());
  const auto first = wait_usable(*running, one);
  const auto second = wait_usable(*running, two);
  CHECK(first.port != second.port);
  REQUIRE(connect(first.port, one)->execute("CREATE TABLE public.only_here (id int)").ok());
  CHECK(ask(second.port, two, "SELECT count(*) FROM pg_class WHERE relname = 'only_here'") == "0");

  const provision::ProductTarget product{"installation", "u1", "retail", "the-orders", "orders"};
  auto provisioner = provisioner_on(running.shared(), one);
  REQUIRE(provisioner->ensure(product, {"writer-secret", "reader-secret"}).ok());
  REQUIRE(provisioner->remove(product, true).ok());
  REQUIRE(running->remove(one).ok());
  CHECK_FALSE(files::exists(place.servers() / "one"));
  CHECK(files::exists(place.servers() / "one.retained-class-1" / "data" / "PG_VERSION"));
  CHECK(wait_usable(*running, two).pid == second.pid);

  // A class of the same name begins with nothing.
  const auto anew = postgres_order("one", "class-3");
  REQUIRE(running->keep(anew).ok());
  CHECK(ask(wait_usable(*running, anew).port, anew,
            "SELECT count(*) FROM pg_class WHERE relname = 'only_here'") == "0");
}

TEST_CASE("a preparation that was cut off is begun again; another class's folder is not touched") {
  const Place place;
  Running running(place);
  const auto order = postgres_order();
  const files::Path data = place.servers() / "pg" / "data";
  REQUIRE(files::make_dirs(data).ok());
  REQUIRE(files::write_file_atomic(data / "PG_VERSION", "15\n").ok());
  REQUIRE(files::write_file_atomic(data / "half", "").ok());
  REQUIRE(running->keep(order).ok());
  wait_usable(*running, order);
  CHECK_FALSE(files::exists(data / "half"));
  running->stop_all();

  running.forget_and_begin_anew();
  const auto other = postgres_order("pg", "class-2");
  REQUIRE(running->keep(other).ok());
  const auto view = wait_code(*running, other, "DirectoryTaken");
  CHECK(view.usable.error().message.find("class-1") != std::string::npos);
  REQUIRE(running->remove(other).ok());
  CHECK(files::exists(data / "PG_VERSION"));
}

TEST_CASE("another password: the server is told, and the old one is refused") {
  const Place place;
  Running running(place);
  const auto order = postgres_order();
  REQUIRE(running->keep(order).ok());
  const auto before = wait_usable(*running, order);
  REQUIRE(connect(before.port, order)->execute("CREATE TABLE public.kept AS SELECT 7 AS seven").ok());
  auto changed = order;
  changed.password = "it's another";
  REQUIRE(running->keep(changed).ok());
  eventually([&] { return running->look("pg", "class-1").pid != before.pid; }, "another process");
  const auto after = wait_usable(*running, changed);
  CHECK(ask(after.port, changed, "SELECT seven FROM public.kept") == "7");
  CHECK(ask(after.port, changed,
            "SELECT count(*) FROM pg_authid WHERE rolname = 'offtake' AND rolpassword LIKE "
            "'SCRAM-SHA-256$%'") == "1");
  targets::postgres::ConnectionSettings old;
  old.host = "127.0.0.1";
  old.port = after.port;
  old.database = "postgres";
  old.user = order.username;
  old.password = order.password;
  CHECK(Connection::open(old).error().code == "TargetAuthenticationFailed");
  CHECK_FALSE(files::exists(place.servers() / "pg/password.sql"));
  CHECK(files::read_file(place.servers() / "pg/prepare.log")->find("another") == std::string::npos);
}

TEST_CASE("a lock file that names a process of another program does not stand in the way") {
  const Place place;
  Running running(place);
  const auto order = postgres_order();
  REQUIRE(running->keep(order).ok());
  const auto before = wait_usable(*running, order);
  const files::Path lock = place.servers() / "pg/data/postmaster.pid";
  const auto text = files::read_file(lock);
  REQUIRE(text.ok());
  running->stop_all();
  // Its own parent's number is the one that PostgreSQL would let pass: another one is needed.
  process::Command sleeper;
  sleeper.argv = {"/bin/sleep", "60"};
  const auto user = ::geteuid() == 0 ? process::find_user("postgres") : std::nullopt;
  const auto other = process::spawn_noted(sleeper, user, [](const auto&) { return base::Status(); });
  REQUIRE(other.ok());
  REQUIRE(
      files::write_file_atomic(lock, std::to_string(other->pid) + text->substr(text->find('\n')), 0600).ok());
  const auto owner = look_at(place.servers() / "pg/data");
  REQUIRE(::chown(lock.c_str(), owner.st_uid, owner.st_gid) == 0);
  running.forget_and_begin_anew();
  REQUIRE(running->keep(order).ok());
  CHECK(wait_usable(*running, order).port == before.port);
  REQUIRE(process::terminate(*other, std::chrono::seconds(5)).ok());
  REQUIRE(process::reap(*other).ok());
}

}  // namespace offtake::provision_test
