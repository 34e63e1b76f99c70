#include <charconv>
#include <cstdlib>

#include "controlplane/cli/config_file.h"
#include "controlplane/cli/connection.h"
#include "controlplane/cli/listen_address.h"
#include "controlplane/cli/verbs.h"
#include "controlplane/server/server.h"

namespace offtake::cli {
namespace {

const std::vector<Option>& options_of_serve() {
  static const std::vector<Option> kOptions = {
      {"--data-dir", "DIR", "where everything is kept (OFFTAKE_DATA_DIR; default ~/.local/share/offtake)"},
      {"--listen", "HOST:PORT",
       "where it answers (OFFTAKE_LISTEN; default 127.0.0.1:7070; port 0: a free one)"},
      {"--console-host", "NAME,…",
       "names beside its address by which browsers reach it, such as a proxy's (OFFTAKE_CONSOLE_HOST)"},
      {"--config", "FILE", "YAML with these settings by the same names (OFFTAKE_CONFIG)"},
  };
  return kOptions;
}

std::string environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? "" : value;
}

// "a,b" -> {a, b}
std::vector<std::string> listed(const std::string& text) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    if (comma > begin) out.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return out;
}

// A flag, else its environment variable, else the file of --config, else what it is by default.
class Settings {
 public:
  static base::Result<Settings> read(const Arguments& arguments) {
    Settings out(arguments);
    const std::string file =
        arguments.has("config") ? arguments.text("config") : environment("OFFTAKE_CONFIG");
    if (file.empty()) return out;
    auto config = read_config(file, options_of_serve());
    if (!config) return std::move(config).error();
    out.config_ = *std::move(config);
    return out;
  }

  std::string text(const std::string& name, const char* variable, const std::string& otherwise) const {
    if (arguments_->has(name)) return arguments_->text(name);
    if (auto value = environment(variable); !value.empty()) return value;
    const auto found = config_.find(name);
    return found == config_.end() ? otherwise : found->second;
  }

 private:
  explicit Settings(const Arguments& arguments) : arguments_(&arguments) {}
  const Arguments* arguments_;
  std::map<std::string, std::string> config_;
};

int run(const Arguments& arguments, Console& console) {
  const auto settings = Settings::read(arguments);
  if (!settings) {
    console.error(settings.error());
    return kUsage;
  }
  server::ServeOptions options;
  options.data_directory =
      settings->text("data-dir", "OFFTAKE_DATA_DIR", server::default_data_directory().string());
  auto listen = read_listen_address(settings->text("listen", "OFFTAKE_LISTEN", "127.0.0.1:7070"));
  if (!listen) {
    console.error(listen.error());
    return kUsage;
  }
  options.host = listen->host;
  options.port = listen->port;
  options.console_hosts = listed(settings->text("console-host", "OFFTAKE_CONSOLE_HOST", ""));
  options.kubeconfig = server::default_kubeconfig();
  // With a terminal somebody reads along; otherwise the log on standard error is all.
  options.on_ready = [&](const server::ServeOptions::Ready& ready) {
    if (!console.out_terminal()) return;
    console.out(fmt::format("Offtake is ready at {}, with its data in {}", ready.url,
                            options.data_directory.string()));
    if (!ready.sign_in_link.empty()) {
      console.out(fmt::format("The console, signed in once within the hour: {}", ready.sign_in_link));
      console.out("`offtake console` gives another such link");
    }
    console.out("`offtake get dataproducts` in another terminal asks it; Ctrl-C stops it");
  };
  if (auto served = server::serve(options); !served) return fail(console, served.error());
  return kDone;
}

}  // namespace

base::Result<ListenAddress> read_listen_address(std::string_view text) {
  const auto bad = [&] {
    return base::terminal("BadListenAddress", fmt::format("`{}` is no address to listen on", text))
        .with_hint("write HOST:PORT, such as 127.0.0.1:7070; port 0 takes a free one");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return bad();
  ListenAddress out;
  out.host = std::string(text.substr(0, colon));
  if (out.host.starts_with('[') && out.host.ends_with(']'))
    out.host = out.host.substr(1, out.host.size() - 2);
  const std::string_view port = text.substr(colon + 1);
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (parsed.ec != std::errc() || parsed.ptr != port.data() + port.size() || out.port < 0 ||
      out.port > 65535) {
    return bad();
  }
  return out;
}

const Verb& serve_verb() {
  static const Verb kVerb = {"serve",
                             "Runs the server: API, registry, event log, reconcilers, workers",
                             {},
                             options_of_serve(),
                             "  offtake serve\n"
                             "  offtake serve --data-dir /srv/offtake --listen 127.0.0.1:7071\n"
                             "  offtake serve --config /etc/offtake.yaml      # data-dir: /srv/offtake",
                             run};
  return kVerb;
}

}  // namespace offtake::cli
