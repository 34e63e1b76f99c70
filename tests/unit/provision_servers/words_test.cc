// What is said of a server that cannot run, and that it runs once the cause is gone. No cause is made up:
// each is what it says.
#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "base/process/output_log.h"
#include "fixture.h"
#include "operators/provision/parameters/parameters.h"
#include "operators/provision/servers/postgres/installation.h"

namespace offtake::provision_test {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string text_of(const servers::ServerView& view) {
  return view.usable.error().text();
}

}  // namespace

TEST_CASE("programs that are not installed are named, looked for again, and found") {
  const Place place;
  Running running(place);
  auto order = postgres_order();
  const files::Path home = place.path() / "pg-home";
  order.parameters["home"] = home.string();
  REQUIRE(running->keep(order).ok());
  const auto missing = wait_code(*running, order, "BinariesMissing");
  CHECK(has(text_of(missing), home.string() + "/bin"));
  CHECK(has(text_of(missing), "apt-get install postgresql-15"));
  CHECK_FALSE(files::exists(place.servers() / "pg/data"));
  // The programs find their own libraries by where the link leads.
  std::filesystem::create_directory_symlink("/usr/lib/postgresql/15", home);
  wait_usable(*running, order);
}

TEST_CASE("where programs are looked for: newest first, not too old, only the data's own version") {
  namespace postgres = servers::postgres;
  const Place place;
  const auto install = [&](const std::string& where) {
    for (const char* name : {"postgres", "initdb"}) {
      REQUIRE(files::make_dirs(place.path() / where).ok());
      REQUIRE(files::write_file_atomic(place.path() / where / name, "", 0755).ok());
    }
  };
  postgres::SearchPlaces places;
  places.debian = place.path() / "lib";
  places.path = "relative:" + (place.path() / "path").string();
  CHECK(postgres::find_programs(places, {}).error().code == "BinariesMissing");
  install("lib/9/bin");
  install("lib/14/bin");
  const auto old = postgres::find_programs(places, {}).error();
  CHECK(has(old.message, "too old: PostgreSQL 14, PostgreSQL 9"));
  install("path");
  CHECK(*postgres::find_programs(places, {}) == place.path() / "path");
  install("lib/15/bin");
  install("lib/16/bin");
  CHECK(*postgres::find_programs(places, {}) == places.debian / "16/bin");
  CHECK(*postgres::find_programs(places, 15) == places.debian / "15/bin");
  places.path = "";
  const auto other = postgres::find_programs(places, 17).error();
  CHECK(has(other.text(), "PostgreSQL 17, which the data here is of"));
  CHECK(has(other.text(), "postgresql-17"));
  // Not executable is not there.
  std::filesystem::permissions(places.debian / "16/bin/initdb", std::filesystem::perms(0644));
  CHECK(*postgres::find_programs(places, {}) == places.debian / "15/bin");
}

TEST_CASE("a server that dies at start says its last words, and is started once it can") {
  const Place place;
  Running running(place);
  const auto order = postgres_order();
  REQUIRE(running->keep(order).ok());
  const auto before = wait_usable(*running, order);
  const files::Path settings = place.servers() / "pg/data/postgresql.conf";
  const auto good = files::read_file(settings);
  REQUIRE(good.ok());
  const auto write_settings = [&](const std::string& text) {
    struct ::stat owner {};
    REQUIRE(::stat(settings.c_str(), &owner) == 0);
    REQUIRE(files::write_file_atomic(settings, text, 0600).ok());
    REQUIRE(::chown(settings.c_str(), owner.st_uid, owner.st_gid) == 0);
  };
  write_settings(*good + "\nnonsense = 1\n");
  REQUIRE(::kill(static_cast<pid_t>(before.pid), SIGKILL) == 0);
  eventually(
      [&] {
        const auto view = running->look("pg", "class-1");
        return !view.usable && view.usable.error().code == "ServerFailed" &&
               has(view.usable.error().message, "while it was starting");
      },
      "it died at start");
  const auto failed = running->look("pg", "class-1");
  if (!failed.usable) {
    CHECK(has(text_of(failed), "nonsense"));
    CHECK(has(text_of(failed), "server.log"));
  }
  write_settings(*good);
  CHECK(wait_usable(*running, order).port == before.port);
}

TEST_CASE("accounts: one that does not exist, root, and another's") {
  const Place place;
  Running running(place);
  auto order = postgres_order();
  order.parameters["runAs"] = "no-such-account";
  REQUIRE(running->keep(order).ok());
  CHECK(has(text_of(wait_code(*running, order, "UserMissing")), "no-such-account"));
  order.generation = 2;
  order.parameters["runAs"] = "root";
  REQUIRE(running->keep(order).ok());
  const auto refused = wait_code(*running, order, "RootRefused");
  CHECK(has(text_of(refused), "PostgreSQL refuses to run as root"));
  if (::geteuid() != 0) return;
  // Another account than the usual one.
  order.generation = 3;
  order.parameters["runAs"] = "nobody";
  REQUIRE(running->keep(order).ok());
  const auto view = wait_usable(*running, order);
  struct ::stat info {};
  REQUIRE(::stat(fmt::format("/proc/{}", view.pid).c_str(), &info) == 0);
  CHECK(info.st_uid == process::find_user("nobody")->uid);
}

TEST_CASE("a closed directory on the way is named, and heals") {
  if (::geteuid() != 0) return;  // where the server is its maker's, nothing is closed to it
  const Place place;
  Running running(place);
  const auto order = postgres_order();
  std::filesystem::permissions(place.path(), std::filesystem::perms(0700));
  REQUIRE(running->keep(order).ok());
  const auto closed = wait_code(*running, order, "DirectoryClosed");
  CHECK(has(text_of(closed), "may not pass " + place.path().string() + " (mode 700)"));
  CHECK(has(text_of(closed), "postgres"));
  std::filesystem::permissions(place.path(), std::filesystem::perms(0755));
  wait_usable(*running, order);
}

TEST_CASE("a full disk is said before anything is begun on it, and heals") {
  const Place place;
  const files::Path disk = place.servers();
  REQUIRE(files::make_dirs(disk, 0700).ok());
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=160m,mode=0700") != 0) {
    MESSAGE("not run: needs the right to mount a small disk");
    return;
  }
  {
    const std::unique_ptr<const files::Path, void (*)(const files::Path*)> unmount(
        &disk, [](const files::Path* path) { ::umount2(path->c_str(), MNT_DETACH); });
    REQUIRE(files::write_file_atomic(disk / "ballast", std::string(120 << 20, 'x')).ok());
    Running running(place);
    const auto order = postgres_order();
    REQUIRE(running->keep(order).ok());
    const auto full = wait_code(*running, order, "DiskFull");
    CHECK(has(text_of(full), (disk / "pg").string()));
    CHECK_FALSE(files::exists(disk / "pg/data"));
    REQUIRE(files::remove_file(disk / "ballast").ok());
    wait_usable(*running, order);
  }
}

TEST_CASE("parameters: known, of their form, in MiB") {
  using provision::check_parameter;
  CHECK(check_parameter("postgres", true, "memory", "1g").ok());
  CHECK(check_parameter("postgres", true, "memory", "63m").error().code == "BadValue");
  CHECK(check_parameter("postgres", true, "home", "relative").error().code == "BadValue");
  CHECK(check_parameter("postgres", true, "runAs", "-x").error().code == "BadValue");
  const auto unknown = check_parameter("postgres", true, "javaHome", "/j").error();
  CHECK(unknown.code == "BadParameter");
  CHECK(has(unknown.text(), "it takes home, runAs, memory"));
  CHECK(has(check_parameter("sqlite", true, "memory", "1g").error().text(), "it takes none"));
  CHECK(check_parameter("opensearch", true, "javaHome", "/j").ok());
  for (const bool local : {true, false}) {
    CHECK(check_parameter("opensearch", local, "shards", "3").ok());
    CHECK(check_parameter("opensearch", local, "replicas", "0").ok());
    CHECK(check_parameter("opensearch", local, "refreshInterval", "1m30s").ok());
    for (const auto& [name, value] : {std::pair("shards", "0"),
                                      {"shards", "03"},
                                      {"shards", "1025"},
                                      {"replicas", "-1"},
                                      {"replicas", ""},
                                      {"refreshInterval", "0s"},
                                      {"refreshInterval", "5"},
                                      {"refreshInterval", "-1"},
                                      {"refreshInterval", "2d"}})
      CHECK_MESSAGE(check_parameter("opensearch", local, name, value).error().code == "BadValue",
                    name << value);
  }
  CHECK(check_parameter("elasticsearch", false, "shards", "3").ok());
  const auto no_server = check_parameter("opensearch", false, "home", "/o").error();
  CHECK(has(no_server.text(), "an external opensearch target has no parameter 'home'"));
  CHECK(has(no_server.text(), "it takes shards, replicas, refreshInterval"));
  // The server is not started again for what concerns its products alone.
  const provision::Parameters both = {{"home", "/o"}, {"shards", "3"}};
  CHECK(provision::of_server("opensearch", both) == provision::Parameters{{"home", "/o"}});
  CHECK(provision::of_objects("opensearch", both) == provision::Parameters{{"shards", "3"}});
  CHECK(provision::of_objects("postgres", both).empty());
  CHECK(provision::local_form("sqlite") == provision::LocalForm::kFiles);
  CHECK(provision::local_form("opensearch") == provision::LocalForm::kServer);
  CHECK(provision::local_form("elasticsearch") == provision::LocalForm::kNone);
  // Whoever is said to be a server here can be run.
  for (const char* engine : {"postgres", "opensearch"})
    CHECK(provision::find_server_engine(engine) != nullptr);
  CHECK(provision::memory_mib("2Gi") == 2048);
  CHECK(provision::memory_mib("512m") == 512);
  for (const char* bad : {"", "m", "0m", "512", "1.5g", "-1g", "99999999999999999999m", "5k", "i"}) {
    CAPTURE(bad);
    CHECK_FALSE(provision::memory_mib(bad).has_value());
  }
}

TEST_CASE("a full log is kept beside and begun again; what is written goes on into it") {
  const Place place;
  const files::Path log = place.path() / "server.log";
  REQUIRE(files::write_file_atomic(log, std::string((10 << 20) - 10, 'x')).ok());
  CHECK_FALSE(*process::rotate_log(log));
  process::Command writer;
  // As a server does: the file is opened once, and appended to.
  writer.argv = {"/bin/sh", "-c",
                 "echo 0123456789; while [ -s server.log ]; do sleep 0.02; done; echo after"};
  writer.directory = place.path();
  writer.output_file = log;
  const auto started = process::spawn_noted(writer, {}, [](const auto&) { return base::Status(); });
  REQUIRE(started.ok());
  eventually([&] { return *process::rotate_log(log); }, "rotated");
  REQUIRE(process::wait_gone(*started, std::chrono::seconds(20)));
  CHECK(*files::read_file(log) == "after\n");
  CHECK(process::log_size(place.path() / "server.1.log") == (10 << 20) + 1);
  CHECK(process::last_lines(log, 0) == "after");
  CHECK(process::last_lines(log, 6) == "");
  REQUIRE(process::reap(*started).ok());
}

}  // namespace offtake::provision_test
