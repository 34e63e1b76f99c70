#include <charconv>
#include <cstdlib>

#include "controlplane/cli/connection.h"
#include "controlplane/cli/listen_address.h"
#include "controlplane/cli/verbs.h"
#include "controlplane/server/server.h"

namespace offtake::cli {
namespace {

// A flag, else its environment variable, else what it is by default.
std::string setting(const Arguments& arguments, std::string_view name, const char* variable,
                    const std::string& otherwise) {
  if (arguments.has(name)) return arguments.text(name);
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

int run(const Arguments& arguments, Console& console) {
  server::ServeOptions options;
  options.data_directory =
      setting(arguments, "data-dir", "OFFTAKE_DATA_DIR", server::default_data_directory().string());
  auto listen = read_listen_address(setting(arguments, "listen", "OFFTAKE_LISTEN", "127.0.0.1:7070"));
  if (!listen) {
    console.error(listen.error());
    return kUsage;
  }
  options.host = listen->host;
  options.port = listen->port;
  options.kubeconfig = server::default_kubeconfig();
  // With a terminal somebody reads along; otherwise the log on standard error is all.
  options.on_ready = [&](const std::string& url) {
    if (!console.out_terminal()) return;
    console.out(
        fmt::format("Offtake is ready at {}, with its data in {}", url, options.data_directory.string()));
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
  static const Verb kVerb = {
      "serve",
      "Runs the server: API, registry, event log, reconcilers, workers",
      {},
      {{"--data-dir", "DIR", "where everything is kept (OFFTAKE_DATA_DIR; default ~/.local/share/offtake)"},
       {"--listen", "HOST:PORT",
        "where it answers (OFFTAKE_LISTEN; default 127.0.0.1:7070; port 0: a free one)"}},
      "  offtake serve\n"
      "  offtake serve --data-dir /srv/offtake --listen 127.0.0.1:7071",
      run};
  return kVerb;
}

}  // namespace offtake::cli
