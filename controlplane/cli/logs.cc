#include "controlplane/cli/connection.h"
#include "controlplane/cli/verbs.h"

namespace offtake::cli {
namespace {

int run(const Arguments& arguments, Console& console) {
  const std::string revision = arguments.text("revision");
  if (revision.find_first_not_of("0123456789") != std::string::npos) {
    console.say(fmt::format("--revision: `{}` is no number", revision));
    return kUsage;
  }
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  const std::string space = namespace_of(arguments, **client), name = arguments.text("NAME");
  auto product = (*client)->get(resources::kind_of<resources::DataProduct>(), space, name);
  if (!product) return fail(console, product.error());
  http::ClientRequest request;
  request.path = view_path(space, name, "logs");
  if (arguments.flag("follow")) request.query.emplace_back("follow", "true");
  if (arguments.flag("function")) request.query.emplace_back("of", "function");
  if (!revision.empty()) request.query.emplace_back("revision", revision);
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
                              {"--function", "", "of the function that it is sent to"},
                              namespace_option()},
                             "  offtake logs payment-confirmations -n retail -f",
                             run,
                             false,
                             true};
  return kVerb;
}

}  // namespace offtake::cli
