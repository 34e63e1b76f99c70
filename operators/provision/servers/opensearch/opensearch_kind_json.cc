#include <csignal>
#include <cstdlib>

#include "base/http/client.h"
#include "base/json/value.h"
#include "operators/provision/servers/opensearch/java.h"
#include "operators/provision/servers/opensearch/opensearch_kind.h"

namespace offtake::provision::servers::opensearch {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kDefaultHeapMib = 512;
constexpr std::int64_t kSmallHeapMib = 1024;  // up to here the serial collector is the better one
constexpr int kFirstWithoutSecurityManager = 3;

// Everything goes to the file that the supervisor keeps and rotates.
constexpr std::string_view kLogging =
    "status = error\n"
    "appender.console.type = Console\n"
    "appender.console.name = console\n"
    "appender.console.layout.type = PatternLayout\n"
    "appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n\n"
    "rootLogger.level = info\n"
    "rootLogger.appenderRef.console.ref = console\n";

// The major version by the name of the server's library: opensearch-2.19.6.jar. 0: there is none.
int major_of(const files::Path& home) {
  constexpr std::string_view kPrefix = "opensearch-";
  auto names = files::list_names(home / "lib");
  if (!names) return 0;
  for (const auto& name : *names) {
    if (!name.starts_with(kPrefix) || !name.ends_with(".jar")) continue;
    const char digit = name[kPrefix.size()];
    if (digit >= '0' && digit <= '9') return std::atoi(name.c_str() + kPrefix.size());
  }
  return 0;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

class OpenSearchKind : public ServerKind {
 public:
  explicit OpenSearchKind(const Parameters& parameters)
      : home_(parameter(parameters, "home")),
        java_home_(parameter(parameters, "javaHome")),
        heap_mib_(memory_mib(parameter(parameters, "memory")).value_or(kDefaultHeapMib)) {}

  std::string title() const override { return "OpenSearch"; }
  std::size_t ports() const override { return 2; }  // HTTP, and the transport between nodes
  std::vector<std::string> usual_users() const override { return {"opensearch"}; }

  base::Status find(const Site& site) override {
    if (home_.empty()) {
      return base::terminal("BinariesMissing", "parameters.home does not say where OpenSearch is")
          .with_hint("unpack a distribution of OpenSearch and write parameters: {home: /path/to/it}");
    }
    major_ = major_of(home_);
    if (major_ == 0) {
      return base::transient("BinariesMissing",
                             fmt::format("OpenSearch is not installed: looked for "
                                         "lib/opensearch-<version>.jar in {} (parameters.home)",
                                         home_.string()))
          .with_hint("unpack a distribution of OpenSearch there; it is looked for again by itself");
    }
    JavaPlaces places;
    places.wanted = java_home_;
    places.java_home = variable("JAVA_HOME");
    places.bundled = home_ / "jdk";
    places.path = variable("PATH");
    auto java = find_java(places, major_ >= kFirstWithoutSecurityManager ? 21 : 11);
    if (!java) return std::move(java).error();
    java_ = *std::move(java);
    if (auto passes = check_way(site, home_ / "lib", "the installation"); !passes) return passes;
    return check_way(site, java_ / "bin/java", "the Java runtime");
  }

  base::Status prepare(const Site& site, const RunToEnd&) override {
    for (const char* name : {"data", "logs", "config", "tmp"}) {
      if (auto made = make_own_directory(site, site.directory / name); !made) return made;
    }
    const files::Path config = site.directory / "config";
    if (auto written = write_own_file(site, config / "jvm.options", ""); !written) return written;
    if (auto written = write_own_file(site, config / "log4j2.properties", std::string(kLogging)); !written)
      return written;
    return write_own_file(site, config / "opensearch.yml", settings(site));
  }

  process::Command command(const Site& site) override {
    process::Command out;
    out.directory = site.directory / "tmp";
    out.argv = {(java_ / "bin/java").string(),
                fmt::format("-Xms{}m", heap_mib_),
                fmt::format("-Xmx{}m", heap_mib_),
                heap_mib_ <= kSmallHeapMib ? "-XX:+UseSerialGC" : "-XX:+UseG1GC",
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:-UsePerfData",
                "-XX:ErrorFile=" + (site.directory / "logs/hs_err_%p.log").string(),
                "-Djava.io.tmpdir=" + (site.directory / "tmp").string(),
                "-Djava.awt.headless=true",
                "-Dfile.encoding=UTF-8",
                "-Djna.nosys=true",
                "-Dio.netty.noUnsafe=true",
                "-Dlog4j2.disable.jmx=true",
                "-Dlog4j.shutdownHookEnabled=false",
                "-Dopensearch.path.home=" + home_.string(),
                "-Dopensearch.path.conf=" + (site.directory / "config").string(),
                "-Dopensearch.distribution.type=zip",
                "-Dopensearch.bundled_jdk=false"};
    if (major_ < kFirstWithoutSecurityManager) {
      out.argv.emplace_back("-Djava.security.manager=allow");
    } else {
      out.argv.push_back("-javaagent:" + (home_ / "agent/opensearch-agent.jar").string());
      out.argv.emplace_back("--add-modules=jdk.incubator.vector");
      out.argv.emplace_back("--add-opens=java.base/java.nio=org.apache.arrow.memory.core,ALL-UNNAMED");
    }
    out.argv.insert(out.argv.end(),
                    {"-cp", (home_ / "lib/*").string(), "org.opensearch.bootstrap.OpenSearch"});
    out.env = {{"PATH", "/usr/bin:/bin"}, {"HOME", (site.directory / "tmp").string()}, {"LC_ALL", "C.UTF-8"}};
    return out;
  }

  base::Status ask(const Site& site) override {
    http::ClientOptions options;
    options.base_url = fmt::format("http://127.0.0.1:{}", site.port());
    options.connect_timeout = 1s;
    options.timeout = 2s;
    const http::Client client(options);
    // First whether it is this server that answers there, by its node's name.
    auto node = client.get("/_nodes/_local?filter_path=nodes.*.name");
    if (!node) return std::move(node).error();
    const auto nodes = json::parse(node->body);
    bool ours = false;
    if (node->status == 200 && nodes && nodes->is_object() && (*nodes)["nodes"].is_object()) {
      for (const auto& [id, value] : (*nodes)["nodes"].as_object())
        ours = ours || value.string_or("name") == site.uid;
    }
    if (!ours) {
      return base::transient("ServerStarting",
                             fmt::format("port {} answers with status {}", site.port(), node->status));
    }
    auto health = client.get("/_cluster/health?wait_for_status=yellow&timeout=1s");
    if (!health) return std::move(health).error();
    if (health->status == 200) return {};
    return base::transient("ServerStarting", "its shards are not all there yet");
  }

  int stop_signal() const override { return SIGTERM; }
  std::chrono::milliseconds stop_patience() const override { return 20s; }

 private:
  std::string settings(const Site& site) const {
    std::string out;
    const auto line = [&](std::string_view name, const std::string& value) {
      out += fmt::format("{}: {}\n", name, json::dump(json::Value(value)));  // JSON text is YAML
    };
    line("cluster.name", "offtake-" + site.name);
    line("node.name", site.uid);
    line("discovery.type", "single-node");
    line("network.host", "127.0.0.1");
    line("http.port", std::to_string(site.ports.at(0)));
    line("transport.port", std::to_string(site.ports.at(1)));
    line("path.data", site.data().string());
    line("path.logs", (site.directory / "logs").string());
    // What matters on a machine shared with others is what is left, not which part of the disk is used.
    line("cluster.routing.allocation.disk.watermark.low", "2gb");
    line("cluster.routing.allocation.disk.watermark.high", "1gb");
    line("cluster.routing.allocation.disk.watermark.flood_stage", "500mb");
    if (files::exists(home_ / "plugins/opensearch-security")) line("plugins.security.disabled", "true");
    return out;
  }

  const files::Path home_;
  const std::string java_home_;
  const std::int64_t heap_mib_;
  int major_ = 0;
  files::Path java_;
};

}  // namespace

base::Result<std::unique_ptr<ServerKind>> make_kind(const Parameters& parameters) {
  return std::make_unique<OpenSearchKind>(parameters);
}

}  // namespace offtake::provision::servers::opensearch
