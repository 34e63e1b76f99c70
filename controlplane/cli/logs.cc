#include "controlplane/cli/connection.h"
#include "controlplane/cli/verbs.h"

namespace offtake::cli {
namespace {

int run(const Arguments& arguments, Console& console) {
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  http::ClientRequest request;
  request.path = view_path(namespace_of(arguments, **client), arguments.text("NAME"), "logs");
  if (arguments.flag("follow")) request.query.emplace_back("follow", "true");
  if (arguments.has("revision")) request.query.emplace_back("revision", arguments.text("revision"));
  auto read = (*client)->stream(request, [&](std::string_view bytes) {
    console.text(bytes);
    return true;
  });
  if (!read) return fail(console, read.error());
  return kDone;
}

}  // namespace

const Verb& logs_verb() {
  static const Verb kVerb = {"logs",
                             "Prints the log of a product's worker",
                             {{"NAME", "the product"}},
                             {{"-f,--follow", "", "goes on as lines come"},
                              {"--revision", "N", "of this revision; by default the newest"},
                              namespace_option()},
                             "  offtake logs payment-confirmations -n retail -f",
                             run,
                             false,
                             true};
  return kVerb;
}

}  // namespace offtake::cli
