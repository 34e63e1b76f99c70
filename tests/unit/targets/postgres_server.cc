#include "postgres_server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

namespace offtake::targets_test {
namespace {

constexpr const char* kBin = "/usr/lib/postgresql/15/bin/";
constexpr const char* kAdmin = "admin";
constexpr const char* kPassword = "admin-secret";

int free_port() {
  const int probe = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  socklen_t size = sizeof address;
  getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
  close(probe);
  return ntohs(address.sin_port);
}

// PostgreSQL refuses to run as root; Debian's package has made a user for it.
std::vector<std::string> as_server_user(std::vector<std::string> command) {
  if (getuid() != 0) return command;
  std::vector<std::string> out = {"setpriv",        "--reuid=postgres", "--regid=postgres",
                                  "--clear-groups", "--pdeathsig",      "SIGQUIT"};
  out.insert(out.end(), command.begin(), command.end());
  return out;
}

pid_t spawn(const std::vector<std::string>& command, const std::string& log) {
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(out, 1);
    dup2(out, 2);
    if (chdir("/") != 0) _exit(126);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("TZ", "UTC", 1);
    execvp(words[0], words.data());
    _exit(127);
  }
  return pid;
}

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
  const pid_t pid = spawn(as_server_user(command), directory_->path().string() + "/initdb.log");
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  REQUIRE(status == 0);
}

void PostgresServer::start() {
  pid_ = spawn(as_server_user({std::string(kBin) + "postgres", "-D", data_, "-p", std::to_string(port_), "-k",
                               data_, "-c", "listen_addresses=127.0.0.1", "-c", "shared_buffers=32MB", "-c",
                               "max_connections=40", "-c", "fsync=off"}),
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
