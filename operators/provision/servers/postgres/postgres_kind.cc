#include "operators/provision/servers/postgres/postgres_kind.h"

#include <charconv>
#include <csignal>
#include <cstdlib>

#include "base/crypto/crypto.h"
#include "base/log.h"
#include "operators/provision/servers/postgres/installation.h"
#include "operators/provision/servers/postgres/lock_file.h"
#include "operators/targets/postgres/connection.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::provision::servers::postgres {
namespace {

constexpr std::int64_t kDefaultMemoryMib = 256;
constexpr int kAskTimeoutSeconds = 2;

// Written when initdb is done: data without it is begun again. It holds a digest of the password that the
// server knows.
files::Path made_mark(const Site& site) {
  return site.directory / "data.made";
}

std::optional<int> major_of(const files::Path& data) {
  auto text = files::read_file(data / "PG_VERSION", 64);
  int major = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), major).ec != std::errc{})
    return std::nullopt;
  return major;
}

class PostgresKind : public ServerKind {
 public:
  explicit PostgresKind(const Parameters& parameters)
      : home_(parameter(parameters, "home")),
        memory_mib_(memory_mib(parameter(parameters, "memory")).value_or(kDefaultMemoryMib)) {}

  std::string title() const override { return "PostgreSQL"; }
  std::vector<std::string> usual_users() const override { return {"postgres"}; }

  base::Status find(const Site& site) override {
    SearchPlaces places;
    places.home = home_;
    const char* path = std::getenv("PATH");
    places.path = path == nullptr ? "" : path;
    auto found = find_programs(places, files::exists(made_mark(site)) ? major_of(site.data()) : std::nullopt);
    if (!found) return std::move(found).error();
    programs_ = *std::move(found);
    return check_way(site, programs_, "the programs in");
  }

  base::Status prepare(const Site& site, const RunToEnd& run) override {
    if (auto made = make_own_directory(site, site.directory / "socket"); !made) return made;
    if (files::exists(made_mark(site))) {
      if (auto released = release_stale_lock(site); !released) return released;
      return renew_password(site, run);
    }
    if (auto gone = files::remove_tree(site.data()); !gone) return gone;
    if (auto made = make_own_directory(site, site.data()); !made) return made;
    const files::Path password = site.directory / "initdb.password";
    if (auto written = write_own_file(site, password, site.password + "\n"); !written) return written;
    process::Command initdb;
    initdb.argv = {(programs_ / "initdb").string(),
                   "-D",
                   site.data().string(),
                   "-U",
                   site.username,
                   "-A",
                   "scram-sha-256",
                   "--pwfile=" + password.string(),
                   "-E",
                   "UTF8",
                   "--locale=C",
                   "--data-checksums",
                   "--no-instructions"};
    initdb.env = environment();
    auto made = run(initdb, {});
    if (auto gone = files::remove_file(password); !gone) return gone;
    if (!made) return made;
    return files::write_file_atomic(made_mark(site), digest_of(site), 0600);
  }

  process::Command command(const Site& site) override {
    // A quarter for what is cached and little for each of few sessions: it shares the machine.
    const std::vector<std::pair<std::string, std::string>> settings = {
        {"listen_addresses", "127.0.0.1"},
        {"port", std::to_string(site.port())},
        {"unix_socket_directories", "../socket"},  // from the data directory: a socket's path must be short
        {"unix_socket_permissions", "0700"},
        {"cluster_name", "offtake " + site.name},
        {"max_connections", "100"},
        {"shared_buffers", fmt::format("{}MB", memory_mib_ / 4)},
        {"effective_cache_size", fmt::format("{}MB", memory_mib_)},
        {"maintenance_work_mem", fmt::format("{}MB", std::max<std::int64_t>(memory_mib_ / 4, 16))},
        {"work_mem", "4MB"},
        {"max_wal_size", "1GB"},
        {"fsync", "on"},
        {"full_page_writes", "on"},
        {"synchronous_commit", "on"},
        {"password_encryption", "scram-sha-256"},
        {"TimeZone", "UTC"},
        {"log_timezone", "UTC"},
        {"log_destination", "stderr"},
        {"logging_collector", "off"},
        {"log_line_prefix", "%m [%p] "},
    };
    process::Command out;
    out.argv = {(programs_ / "postgres").string(), "-D", site.data().string()};
    for (const auto& [name, value] : settings) {
      out.argv.emplace_back("-c");
      out.argv.push_back(name + "=" + value);
    }
    out.env = environment();
    return out;
  }

  base::Status ask(const Site& site) override {
    targets::postgres::ConnectionSettings admin;
    admin.host = "127.0.0.1";
    admin.port = site.port();
    admin.database = kDatabase;
    admin.user = site.username;
    admin.password = site.password;
    admin.ssl_mode = "disable";
    admin.application = "offtake";
    admin.connect_timeout_s = kAskTimeoutSeconds;
    // Only this server knows the password: one that accepts it is no other.
    auto connection = targets::postgres::Connection::open(admin);
    if (!connection) return std::move(connection).error();
    return {};
  }

  // Fast shutdown: open sessions are ended, what they committed is on disk.
  int stop_signal() const override { return SIGINT; }
  std::chrono::milliseconds stop_patience() const override { return std::chrono::seconds(20); }

 private:
  static std::string digest_of(const Site& site) { return crypto::sha256_hex(site.uid + site.password); }

  // The Secret was edited, or made anew: the server is told while nobody else can be in it.
  base::Status renew_password(const Site& site, const RunToEnd& run) {
    auto known = files::read_file(made_mark(site), 4096);
    if (!known) return std::move(known).error();
    if (*known == digest_of(site)) return {};
    if (site.password.empty() || site.password.find_first_of("\r\n") != std::string::npos) {
      return base::terminal("BadSecret", "the password of the server's Secret is empty or of several lines")
          .with_hint("put one line there, or delete the Secret: it is made anew");
    }
    const files::Path statement = site.directory / "password.sql";
    auto written = write_own_file(
        site, statement,
        fmt::format("ALTER ROLE {} PASSWORD {}\n", targets::protocol::quote_name(site.username),
                    targets::postgres::literal(site.password)));
    if (!written) return written;
    process::Command single;
    single.argv = {(programs_ / "postgres").string(),
                   "--single",
                   "-D",
                   site.data().string(),
                   "-c",
                   "log_min_error_statement=panic",
                   "-c",
                   "password_encryption=scram-sha-256",
                   kDatabase};
    single.env = environment();
    auto told = run(single, statement);
    if (auto gone = files::remove_file(statement); !gone) return gone;
    if (!told) return told;
    base::log_info("the server's password was renewed");
    return files::write_file_atomic(made_mark(site), digest_of(site), 0600);
  }

  static std::vector<std::pair<std::string, std::string>> environment() {
    return {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C"}, {"TZ", "UTC"}};
  }

  const std::string home_;
  const std::int64_t memory_mib_;
  files::Path programs_;
};

}  // namespace

base::Result<std::unique_ptr<ServerKind>> make_kind(const Parameters& parameters) {
  return std::make_unique<PostgresKind>(parameters);
}

}  // namespace offtake::provision::servers::postgres
