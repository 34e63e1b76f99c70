#include "controlplane/cli/connection.h"
#include "controlplane/cli/verbs.h"

namespace offtake::cli {
namespace {

constexpr std::chrono::minutes kPatience{1};  // the server answers long before

http::ClientRequest request_of(const Arguments& arguments, const ApiClient& client, std::string_view what) {
  http::ClientRequest request;
  request.path = view_path(namespace_of(arguments, client), arguments.text("NAME"), what);
  request.timeout = kPatience;
  if (const std::string revision = arguments.text("revision"); !revision.empty()) {
    request.query.emplace_back("revision", revision);
  }
  return request;
}

base::Status check_product(const Arguments& arguments, ApiClient& client) {
  auto product = client.get(resources::kind_of<resources::DataProduct>(), namespace_of(arguments, client),
                            arguments.text("NAME"));
  if (!product) return std::move(product).error();
  return {};
}

std::string place_of(const json::Value& entry) {
  std::string out = entry.string_or("dataset");
  if (entry.find("partition") != nullptr) {
    out += fmt::format("{}{}@{}", out.empty() ? "" : " ", entry.int_or("partition"), entry.int_or("offset"));
  }
  return out;
}

bool is_wanted(const Arguments& arguments, const json::Value& entry) {
  const std::string key = arguments.text("key"), dataset = arguments.text("dataset");
  if (!key.empty() && entry.string_or("key") != key) return false;
  return dataset.empty() || entry.string_or("dataset") == dataset;
}

int run_list(const Arguments& arguments, Console& console) {
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  if (auto there = check_product(arguments, **client); !there) return fail(console, there.error());
  auto listed = (*client)->call(request_of(arguments, **client, "parked"));
  if (!listed) return fail(console, listed.error());
  if (arguments.text("output") == "json") {
    console.out(json::dump(*listed, 2));
    return kDone;
  }
  std::vector<std::vector<std::string>> rows = {{"ID", "KIND", "STATUS", "WHERE", "KEY", "ERROR"}};
  const json::Value& entries = (*listed)["entries"];
  for (const json::Value& entry : entries.as_array()) {
    if (!is_wanted(arguments, entry)) continue;
    rows.push_back({entry.string_or("id"), entry.string_or("kind"), entry.string_or("status"),
                    place_of(entry), entry.string_or("key"), entry.string_or("error")});
  }
  if (rows.size() == 1) {
    console.say("nothing is parked, discarded or in error");
    return kDone;
  }
  console.text(table_text(rows));
  return kDone;
}

int run_show(const Arguments& arguments, Console& console) {
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  if (auto there = check_product(arguments, **client); !there) return fail(console, there.error());
  auto shown = (*client)->call(request_of(arguments, **client, "parked/" + arguments.text("ID")));
  if (!shown) return fail(console, shown.error());
  console.out(json::dump(*shown, 2));
  return kDone;
}

int run_command(std::string_view verb, const Arguments& arguments, Console& console) {
  json::Value body = json::Value::object();
  json::Value ids = json::Value::array();
  for (const auto& id : arguments.all("ID")) ids.push_back(id);
  if (!ids.as_array().empty()) body.set("ids", std::move(ids));
  for (const char* name : {"key", "dataset"}) {
    if (const std::string given = arguments.text(name); !given.empty()) body.set(name, given);
  }
  if (arguments.flag("all")) body.set("all", true);
  if (body.as_object().empty()) {
    console.say("say which: an ID, --key, --dataset or --all");
    return kUsage;
  }
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  if (auto there = check_product(arguments, **client); !there) return fail(console, there.error());
  http::ClientRequest request = request_of(arguments, **client, fmt::format("parked/{}", verb));
  request.method = "POST";
  request.headers.set("Content-Type", "application/json");
  request.body = json::dump(body);
  auto done = (*client)->call(request);
  if (!done) return fail(console, done.error());
  const json::Value& outcome = (*done)["outcome"];
  const std::int64_t replayed = outcome.int_or("replayed"), discarded = outcome.int_or("discarded"),
                     left = outcome.int_or("stillParked");
  for (const json::Value& note : outcome["notes"].as_array()) console.warn(note.as_string());
  console.out(fmt::format("{} replayed, {} discarded, {} still parked", grouped(replayed), grouped(discarded),
                          grouped(left)));
  return replayed + discarded > 0 || left == 0 ? kDone : kFailed;
}

int run_replay(const Arguments& arguments, Console& console) {
  return run_command("replay", arguments, console);
}
int run_discard(const Arguments& arguments, Console& console) {
  return run_command("discard", arguments, console);
}

int run_errors(const Arguments&, Console& console) {
  console.say("say what: list, show, replay or discard; see `offtake errors --help`");
  return kUsage;
}

const Positional kProduct = {"NAME", "the product"};
const Option kKey = {"--key", "KEY", "of this key alone, written as `errors list` shows it"};
const Option kDataset = {"--dataset", "NAMESPACE/NAME", "of this dataset alone"};
const Option kAll = {"--all", "", "everything"};
const Option kRevision = {"--revision", "N", "of this revision; by default the one that readers see"};

}  // namespace

std::vector<const Verb*> errors_verbs() {
  const Positional ids = {"ID", "entries of the ledger", false, true};
  static const Verb kList = {
      "errors list",
      "Lists what a product leaves out: its ledger",
      {kProduct},
      {kKey, kDataset, {"-o,--output", "json", "the whole ledger"}, kRevision, namespace_option()},
      "  offtake errors list payment-confirmations -n retail",
      run_list,
      false,
      true};
  static const Verb kShow = {"errors show",
                             "Shows one entry and its record, as its source has it",
                             {kProduct, {"ID", "an entry of the ledger"}},
                             {kRevision, namespace_option()},
                             "  offtake errors show payment-confirmations in-3f0c9a1be2d44c07 -n retail",
                             run_show,
                             false,
                             true};
  static const Verb kReplay = {"errors replay",
                               "Takes parked records in, in order, as far as they decode now",
                               {kProduct, ids},
                               {kKey, kDataset, kAll, kRevision, namespace_option()},
                               "  offtake errors replay payment-confirmations --all -n retail",
                               run_replay,
                               false,
                               true};
  static const Verb kDiscard = {
      "errors discard",
      "Leaves parked records out for good; those behind them come in",
      {kProduct, ids},
      {kKey, kDataset, kAll, kRevision, namespace_option()},
      "  offtake errors discard payment-confirmations in-3f0c9a1be2d44c07 -n retail",
      run_discard,
      false,
      true};
  static const Verb kErrors = {"errors",
                               "Lists, shows, replays and discards what a product leaves out",
                               {},
                               {},
                               "  offtake errors list payment-confirmations -n retail\n"
                               "  offtake errors replay payment-confirmations --all -n retail",
                               run_errors};
  return {&kErrors, &kList, &kShow, &kReplay, &kDiscard};
}

}  // namespace offtake::cli
