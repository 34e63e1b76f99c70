#include "controlplane/view/parked_handlers.h"
#include "controlplane/view/submitted.h"
#include "operators/targets/ledger_json.h"

namespace offtake::view {
namespace {

using delivery::LedgerDesk;

// The worker whose ledger is meant: of the revision that is asked for, else of the one that readers see, else
// of the newest.
base::Result<FoundWorker> worker_of(const ViewContext& context, const resources::DataProduct& product,
                                    int revision) {
  const auto workers = workers_of(product, context.runners);
  std::optional<FoundWorker> best;
  for (const auto& found : workers) {
    if (revision > 0 && found.revision != revision) continue;
    best = found;
    if (revision > 0) break;
    auto observed = found.runner->observe({product.metadata.uid, found.revision});
    if (observed && observed->running && observed->status && observed->status->progress.published) break;
  }
  if (best) return *best;
  return base::terminal(
      "NotFound", fmt::format("DataProduct {} has no worker{} yet: it has no ledger", product.metadata.key(),
                              revision > 0 ? fmt::format(" of revision {}", revision) : ""));
}

struct Answered {
  int revision = 0;
  LedgerDesk::Answer answer;
};

base::Result<Answered> ask(const ViewContext& context, const http::Request& request,
                           const LedgerDesk::Request& wanted) {
  auto product = stored_product(context, request);
  if (!product) return std::move(product).error();
  auto worker = worker_of(context, *product, std::atoi(request.query_value("revision").c_str()));
  if (!worker) return std::move(worker).error();
  auto answered = worker->runner->ask_ledger({product->metadata.uid, worker->revision}, wanted);
  if (!answered) return std::move(answered).error();
  return Answered{worker->revision, *std::move(answered)};
}

// An entry as it is shown: instants as texts, nothing of how it is kept.
json::Value shown_entry(const targets::LedgerEntry& entry) {
  json::Value out = targets::to_json(entry);
  out.erase("keyDigest");
  out.erase("delivered");
  out.erase("wanted");
  out.erase("wantedRow");
  if (entry.at != 0) out.set("at", base::format_instant(entry.at));
  return out;
}

json::Value document(std::string_view kind, int revision) {
  json::Value out = json::Value::object();
  out.set("apiVersion", "view.offtake.dev/v1alpha1");
  out.set("kind", kind);
  out.set("revision", revision);
  return out;
}

http::Response get_parked(const ViewContext& context, const http::Request& request) {
  auto answered = ask(context, request, {});
  if (!answered) return refuse(answered.error());
  json::Value out = document("ParkedList", answered->revision);
  json::Value entries = json::Value::array();
  for (const auto& [id, entry] : answered->answer.entries) {
    if (entry.status != targets::LedgerEntry::Status::kReplayed) entries.push_back(shown_entry(entry));
  }
  out.set("entries", std::move(entries));
  return answer(out);
}

http::Response get_entry(const ViewContext& context, const http::Request& request) {
  auto answered = ask(context, request, {std::nullopt, std::string(request.param("id"))});
  if (!answered) return refuse(answered.error());
  const delivery::ShownRecord& shown = answered->answer.shown;
  json::Value out = document("Parked", answered->revision);
  out.set("entry", shown_entry(shown.entry));
  if (shown.entry.kind != targets::LedgerEntry::Kind::kInput) return answer(out);
  json::Value record = json::Value::object();
  record.set("found", shown.found);
  if (shown.found) {
    record.set("timestamp", base::format_instant(shown.timestamp_ms * 1000));
    record.set("key", shown.key);
    record.set("tombstone", shown.tombstone);
    record.set("value", shown.value);
    record.set("valueBytes", static_cast<std::int64_t>(shown.value_bytes));
  }
  out.set("record", std::move(record));
  return answer(out);
}

http::Response carry_out(const ViewContext& context, const http::Request& request,
                         targets::LedgerCommand::Verb verb) {
  auto body = json::parse(request.body);
  if (!body) return refuse(base::terminal("BadRequest", body.error().text()));
  targets::LedgerCommand command = targets::ledger_command_from_json(*body);
  command.verb = verb;
  const bool selects =
      command.all || !command.ids.empty() || !command.key.empty() || !command.dataset.empty();
  if (!selects) return refuse(base::terminal("BadRequest", "say what it is about: ids, key, dataset or all"));
  auto answered = ask(context, request, {command, ""});
  if (!answered) return refuse(answered.error());
  json::Value out = document("ParkedOutcome", answered->revision);
  out.set("outcome", targets::to_json(answered->answer.outcome));
  return answer(out);
}

}  // namespace

void add_parked_routes(http::Router& router, std::shared_ptr<ViewContext> context) {
  const auto bind = [&](auto handler) {
    return [context, handler](const http::Request& request) { return handler(*context, request); };
  };
  const auto command = [context](targets::LedgerCommand::Verb verb) {
    return [context, verb](const http::Request& request) { return carry_out(*context, request, verb); };
  };
  router.add("GET", kProductPaths + "parked", bind(get_parked));
  router.add("GET", kProductPaths + "parked/{id}", bind(get_entry));
  router.add("POST", kProductPaths + "parked/replay", command(targets::LedgerCommand::Verb::kReplay));
  router.add("POST", kProductPaths + "parked/discard", command(targets::LedgerCommand::Verb::kDiscard));
}

}  // namespace offtake::view
