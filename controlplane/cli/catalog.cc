#include <thread>

#include "base/yaml/node.h"
#include "controlplane/cli/catalog_text.h"
#include "controlplane/cli/connection.h"
#include "controlplane/cli/preview_text.h"
#include "controlplane/cli/verbs.h"
#include "controlplane/resources/validate.h"
#include "controlplane/view/plan.h"

namespace offtake::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::minutes kPatience{1};  // the server answers long before
// Figures that a store was not asked for before come a moment later.
constexpr int kMoreTries = 6;
constexpr auto kBetweenTries = 200ms;

const std::string kViewPaths = "/apis/view.offtake.dev/v1alpha1/";

constexpr const char* kFilters[] = {"namespace", "owner", "tag", "type", "store", "classification"};

enum class Format { kTable, kWide, kJson, kYaml };

std::optional<Format> read_format(const Arguments& arguments, Console& console) {
  const std::string text = arguments.text("output");
  if (text.empty() || text == "table") return Format::kTable;
  if (text == "wide") return Format::kWide;
  if (text == "json") return Format::kJson;
  if (text == "yaml") return Format::kYaml;
  const std::string nearest = resources::did_you_mean(text, {"table", "wide", "json", "yaml"});
  console.say(fmt::format(
      "--output: there is no format `{}`; {}", text,
      nearest.empty() ? "there are table, wide, json and yaml" : fmt::format("did you mean {}?", nearest)));
  return std::nullopt;
}

// As the API gives it, where that was asked for.
bool show_as_data(const json::Value& value, Format format, Console& console) {
  if (format == Format::kJson) console.out(json::dump(value, 2));
  if (format == Format::kYaml) console.text(yaml::dump(value));
  return format == Format::kJson || format == Format::kYaml;
}

http::ClientRequest request_of(std::string path, const Arguments& arguments) {
  http::ClientRequest request;
  request.path = kViewPaths + std::move(path);
  request.timeout = kPatience;
  for (const char* name : {"reader", "limit"}) {
    if (const std::string value = arguments.text(name); !value.empty())
      request.query.emplace_back(name, value);
  }
  return request;
}

struct Named {
  std::string namespace_name, name;
};

// NAME, or NAMESPACE/NAME as a search shows it.
Named named(const Arguments& arguments, const ApiClient& client) {
  const std::string word = arguments.text("NAME");
  const auto slash = word.find('/');
  if (slash != std::string::npos) return {word.substr(0, slash), word.substr(slash + 1)};
  return {namespace_of(arguments, client), word};
}

std::string path_of(const Named& wanted, std::string_view plural, std::string_view rest) {
  return fmt::format("namespaces/{}/{}/{}{}", http::percent_encode(wanted.namespace_name), plural,
                     http::percent_encode(wanted.name), rest);
}

bool lacks_figures(const json::Value& answer) {
  const json::Value& items = answer["items"];
  return std::any_of(items.as_array().begin(), items.as_array().end(),
                     [](const json::Value& item) { return item.find("records") == nullptr; });
}

int run_search(const Arguments& arguments, Console& console) {
  const auto format = read_format(arguments, console);
  if (!format) return kUsage;
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  http::ClientRequest request = request_of("catalog", arguments);
  request.query.emplace_back("q", fmt::format("{}", fmt::join(arguments.all("WORDS"), " ")));
  for (const char* name : kFilters) {
    for (const std::string& value : arguments.all(name)) request.query.emplace_back(name, value);
  }
  auto found = (*client)->call(request);
  for (int tries = 0; found && tries < kMoreTries && lacks_figures(*found); ++tries) {
    std::this_thread::sleep_for(kBetweenTries);
    auto again = (*client)->call(request);
    if (again) found = std::move(again);
  }
  if (!found) return fail(console, found.error());
  if (show_as_data(*found, *format, console)) return kDone;
  if ((*found)["items"].as_array().empty()) {
    bool filtered = !arguments.all("WORDS").empty();
    for (const char* name : kFilters) filtered = filtered || arguments.has(name);
    console.say(filtered ? "no dataset has all of this; fewer words and options find more"
                         : "no datasets; `offtake demo generate` makes some");
    return kDone;
  }
  console.text(catalog_text(*found, *format == Format::kWide, base::system_clock().now(), console));
  if (const std::string note = catalog_note(*found); !note.empty()) console.say(note);
  return kDone;
}

int run_show(const Arguments& arguments, Console& console) {
  const auto format = read_format(arguments, console);
  if (!format) return kUsage;
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  auto found = (*client)->call(request_of(path_of(named(arguments, **client), "datasets", ""), arguments));
  if (!found) return fail(console, found.error());
  if (show_as_data(*found, *format, console)) return kDone;
  console.text(dataset_text(*found, *format == Format::kWide, base::system_clock().now(), console));
  for (const json::Value& sentence : (*found)["unavailable"].as_array()) console.warn(sentence.as_string());
  if (const json::Value& pending = (*found)["pending"]; !pending.as_array().empty()) {
    std::vector<std::string> names;
    for (const json::Value& name : pending.as_array()) names.push_back(name.as_string());
    console.warn(fmt::format("not answered yet: {}", fmt::join(names, ", ")));
  }
  return kDone;
}

int run_sample(const Arguments& arguments, Console& console) {
  const auto format = read_format(arguments, console);
  if (!format) return kUsage;
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  const Named wanted = named(arguments, **client);
  auto found = (*client)->call(request_of(path_of(wanted, "datasets", "/sample"), arguments));
  if (!found) return fail(console, found.error());
  const bool data = show_as_data(*found, *format, console);
  bool good = true;
  for (const char* kind : {"errors", "waiting"}) {
    for (const json::Value& error : (*found)[kind].as_array()) {
      console.error(view::error_from_json(error));
      good = false;
    }
  }
  if (!good) return kFailed;
  if (data) return kDone;
  console.text(
      preview_text(fmt::format("Dataset {}/{}", wanted.namespace_name, wanted.name), *found, console));
  const auto shown = static_cast<std::int64_t>((*found)["rows"].as_array().size());
  const std::string back = found->string_or("backTo");
  console.say(fmt::format("{} row{}, of the newest {} records{}", grouped(shown), shown == 1 ? "" : "s",
                          grouped(found->int_or("recordsRead")), back.empty() ? "" : ", back to " + back));
  for (const json::Value& record : (*found)["badRecords"].as_array())
    console.say("in error: " + record.as_string());
  return kDone;
}

int run_lineage(const Arguments& arguments, Console& console) {
  const auto format = read_format(arguments, console);
  if (!format) return kUsage;
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  const Named wanted = named(arguments, **client);
  const bool product = arguments.flag("product");
  auto found = (*client)->call(
      request_of(path_of(wanted, product ? "dataproducts" : "datasets", "/lineage"), arguments));
  if (!found) return fail(console, found.error());
  if (show_as_data(*found, *format, console)) return kDone;
  console.text(lineage_text(*found, console));
  if (found->bool_or("truncated")) console.say("there is more than is shown; ask for one of the nodes");
  return kDone;
}

const Positional kName = {"NAME", "the dataset: NAME, or NAMESPACE/NAME"};
const Option kReader = {"--reader", "NAMESPACE", "whose products would read: what they may not read is said"};
const Option kOutput = {"-o,--output", "FORMAT", "table, wide, json or yaml", "table"};
const Option kData = {"-o,--output", "FORMAT", "table, json or yaml", "table"};

}  // namespace

std::vector<const Verb*> catalog_verbs() {
  static const Verb kSearch = {
      "catalog",
      "Finds datasets by words of their names, descriptions, owners, tags and columns",
      {{"WORDS", "all of them have to be found; without any, every dataset", false, true}},
      {{"-n,--namespace", "NAMESPACE", "of these namespaces alone", "", true},
       {"--owner", "OWNER", "of these owners alone", "", true},
       {"--tag", "TAG", "with one of these tags", "", true},
       {"--type", "TYPE", "Event or Entity", "", true},
       {"--store", "STORE", "of these event stores alone", "", true},
       {"--classification", "CLASS", "with such columns; pii has pii.email", "", true},
       {"--limit", "DATASETS", "as many at most", "20"},
       kReader,
       kOutput},
      "  offtake catalog receipt\n"
      "  offtake catalog order customer --tag core\n"
      "  offtake catalog show retail/orders",
      run_search,
      false,
      true};
  static const Verb kShow = {"catalog show",
                             "Shows a dataset: columns, versions, figures, who uses it, what it goes with",
                             {kName},
                             {namespace_option(), kReader, kOutput},
                             "  offtake catalog show orders -n retail\n"
                             "  offtake catalog show retail/orders -o yaml",
                             run_show,
                             false,
                             true};
  static const Verb kSample = {
      "catalog sample",
      "Shows the newest records of a dataset, classified values masked",
      {kName},
      {{"--limit", "ROWS", "as many rows at most", "20"}, namespace_option(), kReader, kData},
      "  offtake catalog sample retail/orders --limit 5",
      run_sample,
      false,
      true};
  static const Verb kLineage = {"catalog lineage",
                                "Shows what a dataset comes from and what is made of it",
                                {kName},
                                {{"--product", "", "NAME is a product"}, namespace_option(), kReader, kData},
                                "  offtake catalog lineage retail/orders\n"
                                "  offtake catalog lineage --product payment-confirmations -n retail",
                                run_lineage,
                                false,
                                true};
  return {&kSearch, &kShow, &kSample, &kLineage};
}

}  // namespace offtake::cli
