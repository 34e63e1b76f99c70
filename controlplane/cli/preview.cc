#include "controlplane/cli/connection.h"
#include "controlplane/cli/documents.h"
#include "controlplane/cli/preview_text.h"
#include "controlplane/cli/verbs.h"
#include "controlplane/view/plan.h"

namespace offtake::cli {
namespace {

constexpr std::chrono::minutes kPatience{1};  // the server ends by itself long before

struct Asked {
  std::int64_t limit = 20;
  std::string from;
  bool as_json = false;
};

http::ClientRequest preview_request(std::string_view space, std::string_view name) {
  http::ClientRequest request;
  request.path = view_path(space, name, "preview");
  request.timeout = kPatience;
  return request;
}

std::vector<base::Error> errors_of(const json::Value& list, const resources::Document* document) {
  std::vector<base::Error> out;
  if (!list.is_array()) return out;
  for (const json::Value& item : list.as_array()) {
    base::Error error = view::error_from_json(item);
    out.push_back(document != nullptr ? document->located(std::move(error)) : std::move(error));
  }
  return out;
}

// Shows it; whether there was something to show.
bool show(const std::string& title, const json::Value& preview, const resources::Document* document,
          const Asked& asked, Console& console) {
  const auto errors = errors_of(preview["errors"], document),
             waiting = errors_of(preview["waiting"], document);
  if (asked.as_json) console.out(json::dump(preview, 2));
  if (const json::Value& warnings = preview["warnings"]; warnings.is_array()) {
    for (const json::Value& warning : warnings.as_array()) console.warn(warning.as_string());
  }
  for (const auto& error : errors) console.error(error);
  for (const auto& error : waiting) console.error(error);
  if (!errors.empty() || !waiting.empty()) return false;
  if (!asked.as_json) {
    console.text(preview_text(title, preview, console));
    for (const std::string& line : preview_notes(preview)) console.say(line);
  }
  return true;
}

int preview_files(const Arguments& arguments, const Asked& asked, ApiClient& client, Console& console) {
  const auto documents = read_all(arguments.all("filename"), namespace_of(arguments, client), console);
  if (!documents) return kFailed;
  json::Value objects = json::Value::array();
  for (const auto& document : *documents) objects.push_back(document.object);
  bool good = true, any = false;
  for (const auto& document : *documents) {
    if (document.kind != &resources::kind_of<resources::DataProduct>()) continue;
    json::Object body{{"object", document.object}, {"objects", objects}, {"limit", asked.limit}};
    if (!asked.from.empty()) body.emplace_back("from", asked.from);
    http::ClientRequest request = preview_request(document.namespace_name(), document.name());
    request.method = "POST";
    request.headers.set("Content-Type", "application/json");
    request.body = json::dump(json::Value(std::move(body)));
    if (any && !asked.as_json) console.out("");
    any = true;
    auto preview = client.call(std::move(request));
    if (preview) {
      good = show(document.title(), *preview, &document, asked, console) && good;
      continue;
    }
    good = false;
    if (preview.error().causes.empty()) return fail(console, std::move(preview).error().in(document.title()));
    for (const base::Error& cause : preview.error().causes) console.error(document.located(cause));
  }
  if (!any) {
    console.say(fmt::format("{}: there is no DataProduct in it, and only these have a preview",
                            fmt::join(arguments.all("filename"), ", ")));
    return kFailed;
  }
  return good ? kDone : kFailed;
}

int preview_stored(const Arguments& arguments, const Asked& asked, ApiClient& client, Console& console) {
  const std::string space = namespace_of(arguments, client), name = arguments.text("NAME");
  http::ClientRequest request = preview_request(space, name);
  request.query.emplace_back("limit", std::to_string(asked.limit));
  if (!asked.from.empty()) request.query.emplace_back("from", asked.from);
  auto preview = client.call(std::move(request));
  if (!preview) return fail(console, preview.error());
  return show(fmt::format("DataProduct {}/{}", space, name), *preview, nullptr, asked, console) ? kDone
                                                                                                : kFailed;
}

int run(const Arguments& arguments, Console& console) {
  if (arguments.has("filename") == arguments.has("NAME")) {
    console.say("offtake preview: give either -f FILE or the NAME of a product");
    return kUsage;
  }
  Asked asked;
  const std::string limit = arguments.text("limit"), output = arguments.text("output");
  if (limit.empty() || limit.size() > 6 || limit.find_first_not_of("0123456789") != std::string::npos) {
    console.say(fmt::format("--limit: `{}` is no number of rows", limit));
    return kUsage;
  }
  asked.limit = std::stoll(limit);
  asked.from = arguments.text("from");
  if (output != "json" && output != "table") {
    console.say(fmt::format("--output: `{}` is neither json nor table", output));
    return kUsage;
  }
  asked.as_json = output == "json";
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  if (arguments.has("filename")) return preview_files(arguments, asked, **client, console);
  return preview_stored(arguments, asked, **client, console);
}

}  // namespace

const Verb& preview_verb() {
  static const Verb kVerb = {
      "preview",
      "Shows rows that products would give, of the newest records; makes and writes nothing",
      {{"NAME", "a product that exists already", false}},
      {{"-f,--filename", "FILE", "the documents: a file, a folder, or - for standard input", "", true},
       {"--limit", "ROWS", "as many rows at most", "20"},
       {"--from", "DURATION", "the records since so long ago; by default the newest until there are rows"},
       {"-o,--output", "FORMAT", "table, or json: as the API gives it", "table"},
       namespace_option()},
      "  offtake preview -f product.yaml\n"
      "  offtake preview -f product.yaml --from 1h --limit 100 -o json\n"
      "  offtake preview payment-confirmations -n retail",
      run,
      false,
      true};
  return kVerb;
}

}  // namespace offtake::cli
