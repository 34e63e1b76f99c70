// `offtake console`: a link that signs a browser in, and the browser where there is one.
#include <cstdlib>

#include "base/files/files.h"
#include "base/process/process.h"
#include "controlplane/cli/connection.h"
#include "controlplane/cli/verbs.h"
#include "controlplane/console/session_handlers.h"

namespace offtake::cli {
namespace {

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

// On a desktop. The link goes by way of a file of this user's alone: the arguments of a program are for every
// user of the machine to see.
base::Status open_in_browser(const std::string& link) {
  const files::Path page = files::Path(std::getenv("XDG_RUNTIME_DIR")) / "offtake-console.html";
  const std::string text = fmt::format(
      "<!doctype html><title>Offtake</title><meta http-equiv=\"refresh\" content=\"0;url={}\">\n", link);
  if (auto written = files::write_file_atomic(page, text, 0600); !written) return written;
  process::Command command;
  command.argv = {"xdg-open", page.string()};
  auto started = process::spawn(command);
  if (!started) return std::move(started).error();
  return {};
}

int run(const Arguments& arguments, Console& console) {
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  http::ClientRequest request;
  request.method = "POST";
  request.path = "/offtake/v1/session/codes";
  auto answer = (*client)->call(std::move(request));
  if (!answer) {
    if (answer.error().code != "NotFound") return fail(console, answer.error());
    return fail(console,
                base::terminal("NoConsole", fmt::format("{} serves no console", (*client)->address().url))
                    .with_hint("`offtake serve` does"));
  }
  if (!answer->bool_or("console")) {
    return fail(console, base::terminal("NoConsole", "the server was built without the console")
                             .with_hint("build it with -DOFFTAKE_WEB=ON"));
  }
  const std::string link = console::sign_in_link((*client)->address().url, answer->string_or("code"));
  console.out(link);
  console.say(fmt::format("it signs in once, within {} min", answer->int_or("lastsSeconds") / 60));
  const bool desktop = (is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")) && is_set("XDG_RUNTIME_DIR");
  if (!desktop || !console.out_terminal() || arguments.flag("no-open")) return kDone;
  if (auto opened = open_in_browser(link); !opened) console.warn(opened.error().text());
  return kDone;
}

}  // namespace

const Verb& console_verb() {
  static const Verb kVerb = {"console",
                             "Gives a link that signs a browser in to the console, and opens it on a desktop",
                             {},
                             {{"--no-open", "", "only prints it"}},
                             "  offtake console\n"
                             "  offtake console --no-open",
                             run,
                             false,
                             true};
  return kVerb;
}

}  // namespace offtake::cli
