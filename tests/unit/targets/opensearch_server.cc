#include "opensearch_server.h"

#include <doctest/doctest.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "base/http/client.h"
#include "server_process.h"

namespace offtake::targets_test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDistribution = "opensearch-2.19.6";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

fs::path cached_distribution() {
  fs::path cache = variable("OFFTAKE_CACHE");
  if (cache.empty()) {
    const std::string base = variable("XDG_CACHE_HOME");
    cache = (base.empty() ? fs::path(variable("HOME")) / ".cache" : fs::path(base)) / "offtake";
  }
  REQUIRE_MESSAGE(fs::exists(cache / kDistribution / ".complete"),
                  kDistribution << " is missing: run ./dev deps test");
  return cache / kDistribution;
}

// "opensearch-core-3.6.0.jar": 3
int major_of(const fs::path& home) {
  for (const auto& file : fs::directory_iterator(home / "lib")) {
    const std::string name = file.path().filename().string();
    for (const std::string_view product : {"opensearch-core-", "elasticsearch-"}) {
      if (name.starts_with(product) && name[product.size()] >= '0' && name[product.size()] <= '9')
        return std::atoi(name.c_str() + product.size());
    }
  }
  return 2;
}

}  // namespace

OpenSearchServer::OpenSearchServer(const char* other_home) {
  const std::string other = variable(other_home);
  const fs::path distribution = other.empty() ? cached_distribution() : fs::path(other);
  auto made = files::TempDir::make("offtake-search");
  REQUIRE(made.ok());
  directory_.emplace(*std::move(made));
  folder_ = directory_->path().string();
  // Where the server's account may reach it: the cache may be below a closed home directory.
  home_ = folder_ + "/home";
  fs::copy(distribution, home_, fs::copy_options::recursive);
  for (const auto& file : fs::directory_iterator(home_ + "/lib"))
    elastic_ = elastic_ || file.path().filename().string().starts_with("elasticsearch-");
  major_ = major_of(home_);
  port_ = free_port();
  transport_ = free_port();
  for (const char* name : {"data", "logs", "config", "tmp"}) fs::create_directory(folder_ + "/" + name);
  write_settings();
  if (const passwd* user = getuid() == 0 ? getpwnam("postgres") : nullptr) {
    fs::permissions(folder_, fs::perms(0755));
    for (const char* name : {"data", "logs", "config", "tmp", "home/config", "home"})
      REQUIRE(chown((folder_ + "/" + name).c_str(), user->pw_uid, user->pw_gid) == 0);
  }
  start();
}

OpenSearchServer::~OpenSearchServer() {
  kill();
}

void OpenSearchServer::write_settings() {
  // Elasticsearch reads no settings outside of its home.
  const std::string config = elastic_ ? home_ + "/config/" : folder_ + "/config/";
  std::string settings = fmt::format(
      "cluster.name: offtake-test\nnode.name: node\ndiscovery.type: single-node\nnetwork.host: 127.0.0.1\n"
      "http.port: {}\ntransport.port: {}\npath.data: {}/data\npath.logs: {}/logs\n"
      "cluster.routing.allocation.disk.threshold_enabled: false\n"
      "cluster.max_shards_per_node: 5000\n",
      port_, transport_, folder_, folder_);
  if (elastic_) settings += "xpack.security.enabled: false\n";
  const std::string yml = elastic_ ? "elasticsearch.yml" : "opensearch.yml";
  REQUIRE(files::write_file_atomic(config + yml, settings, 0644).ok());
  REQUIRE(files::write_file_atomic(config + "jvm.options", "", 0644).ok());
  REQUIRE(
      files::write_file_atomic(config + "log4j2.properties",
                               "status = error\nappender.console.type = Console\nappender.console.name = "
                               "console\nappender.console.layout.type = PatternLayout\n"
                               "appender.console.layout.pattern = [%d][%p] %m%n\nrootLogger.level = info\n"
                               "rootLogger.appenderRef.console.ref = console\n",
                               0644)
          .ok());
}

std::vector<std::string> OpenSearchServer::command() const {
  // Elasticsearch's own launcher gives the server what it needs; the server ends with its launcher.
  if (elastic_) {
    // It refuses a folder for temporary files that its own home is in.
    std::vector<std::string> out = {
        "env", "ES_JAVA_OPTS=-Xms512m -Xmx512m -XX:+UseSerialGC -Djava.io.tmpdir=" + folder_ + "/tmp",
        "ES_TMPDIR=" + folder_ + "/tmp"};
    if (const std::string java = variable("OFFTAKE_TEST_JAVA_21"); !java.empty())
      out.push_back("ES_JAVA_HOME=" + java);
    out.push_back(home_ + "/bin/elasticsearch");
    return out;
  }
  std::string java = variable(major_ >= 3 ? "OFFTAKE_TEST_JAVA_21" : "JAVA_HOME");
  java = java.empty() ? "java" : java + "/bin/java";
  std::vector<std::string> out = {java,
                                  "-Xms512m",
                                  "-Xmx512m",
                                  "-XX:+UseSerialGC",
                                  "-XX:TieredStopAtLevel=1",
                                  "-XX:-UsePerfData",
                                  "-Djava.io.tmpdir=" + folder_ + "/tmp",
                                  "-Dfile.encoding=UTF-8",
                                  "-Djna.nosys=true",
                                  "-Dio.netty.noUnsafe=true",
                                  "-Dlog4j2.disable.jmx=true",
                                  "-Dlog4j.shutdownHookEnabled=false",
                                  "-Dopensearch.path.home=" + home_,
                                  "-Dopensearch.path.conf=" + folder_ + "/config",
                                  "-Dopensearch.distribution.type=zip",
                                  "-Dopensearch.bundled_jdk=false"};
  if (major_ < 3) {
    out.emplace_back("-Djava.security.manager=allow");
  } else {
    out.push_back("-javaagent:" + home_ + "/agent/opensearch-agent.jar");
    out.emplace_back("--add-modules=jdk.incubator.vector");
    out.emplace_back("--add-opens=java.base/java.nio=org.apache.arrow.memory.core,ALL-UNNAMED");
  }
  out.insert(out.end(), {"-cp", home_ + "/lib/*", "org.opensearch.bootstrap.OpenSearch"});
  return out;
}

void OpenSearchServer::start() {
  pid_ = spawn(as_server_user(command(), "SIGKILL"), folder_ + "/server.log");
  http::ClientOptions options;
  options.base_url = url();
  const http::Client client(options);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(180);
  for (;;) {
    const auto health = client.get("/_cluster/health?wait_for_status=yellow&timeout=1s");
    if (health.ok() && health->status == 200) return;
    const auto words = files::read_file(folder_ + "/server.log");
    const std::string log = words ? *words : "";
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, log);
    REQUIRE_MESSAGE(waitpid(pid_, nullptr, WNOHANG) == 0, log);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

void OpenSearchServer::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string OpenSearchServer::url() const {
  return fmt::format("http://127.0.0.1:{}", port_);
}

}  // namespace offtake::targets_test
