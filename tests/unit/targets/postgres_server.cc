#include "postgres_server.h"

#include <doctest/doctest.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "server_process.h"

namespace offtake::targets_test {
namespace {

constexpr const char* kBin = "/usr/lib/postgresql/15/bin/";
constexpr const char* kAdmin = "admin";
constexpr const char* kPassword = "admin-secret";

}  // namespace

PostgresServer::PostgresServer() {
  REQUIRE_MESSAGE(std::filesystem::exists(std::string(kBin) + "initdb"),
                  "postgresql-15 is missing: run ./dev deps test");
  auto made = files::TempDir::make("offtake-postgres");
  REQUIRE(made.ok());
  directory_.emplace(*std::move(made));
  const std::string folder = directory_->path().string();
  data_ = folder + "/data";
  if (const passwd* user = getuid() == 0 ? getpwnam("postgres") : nullptr) {
    REQUIRE(chown(folder.c_str(), user->pw_uid, user->pw_gid) == 0);
  }
  const std::string password = folder + "/password";
  REQUIRE(files::write_file_atomic(password, kPassword, 0644).ok());
  run({std::string(kBin) + "initdb", "-D", data_, "-U", kAdmin, "-A", "scram-sha-256", "--pwfile=" + password,
       "-E", "UTF8", "--locale=C.UTF-8", "-N"});
  port_ = free_port();
  start();
}

PostgresServer::~PostgresServer() {
  stop();
}

void PostgresServer::run(const std::vector<std::string>& command) {
  const pid_t pid = spawn(as_server_user(command, "SIGQUIT"), directory_->path().string() + "/initdb.log");
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  REQUIRE(status == 0);
}

void PostgresServer::start() {
  pid_ = spawn(as_server_user({std::string(kBin) + "postgres", "-D", data_, "-p", std::to_string(port_), "-k",
                               data_, "-c", "listen_addresses=127.0.0.1", "-c", "shared_buffers=32MB", "-c",
                               "max_connections=40", "-c", "fsync=off"},
                              "SIGQUIT"),
               directory_->path().string() + "/postgres.log");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  for (;;) {
    auto connection = targets::postgres::Connection::open(admin());
    if (connection.ok()) return;
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, connection.error().text());
    REQUIRE(waitpid(pid_, nullptr, WNOHANG) == 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void PostgresServer::stop() {
  if (pid_ < 0) return;
  kill(pid_, SIGQUIT);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

targets::postgres::ConnectionSettings PostgresServer::admin() const {
  targets::postgres::ConnectionSettings out;
  out.host = "127.0.0.1";
  out.port = port_;
  out.database = "postgres";
  out.user = kAdmin;
  out.password = kPassword;
  return out;
}

std::unique_ptr<targets::postgres::Connection> PostgresServer::connect() const {
  auto connection = targets::postgres::Connection::open(admin());
  REQUIRE_MESSAGE(connection.ok(), connection.error().text());
  return *std::move(connection);
}

}  // namespace offtake::targets_test
