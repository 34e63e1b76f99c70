#include "controlplane/resources/validate.h"
#include "controlplane/sql/form/form_json.h"
#include "controlplane/view/builder.h"
#include "controlplane/view/builder_handlers.h"
#include "controlplane/view/openapi.h"
#include "controlplane/view/submitted.h"

namespace offtake::view {
namespace {

struct Context {
  std::shared_ptr<ViewContext> view;
  Builder builder;
};

struct Asked {
  BuilderRequest request;
  json::Value body;
};

base::Error bad(std::string message) {
  return base::terminal("BadRequest", std::move(message));
}

base::Result<Asked> read_asked(const http::Request& request) {
  auto body = json::parse(request.body);
  if (!body) return bad(body.error().text());
  Asked out;
  BuilderRequest& asked = out.request;
  asked.namespace_name = request.param("namespace");
  if (!(*body)["sql"].is_string()) return bad("sql must be a text; it may be empty");
  asked.sql = (*body)["sql"].as_string();
  asked.class_name = (*body)["target"].string_or("className");
  asked.proposals = body->bool_or("proposals", true);
  if ((*body)["key"].is_array()) {
    asked.key.emplace();
    for (const json::Value& column : (*body)["key"].as_array()) {
      if (!column.is_string()) return bad("key must be a list of names");
      asked.key->push_back(column.as_string());
    }
    // As in the spec: none is given.
    if (asked.key->empty()) asked.key.reset();
  }
  if (const std::string from = body->string_or("history"); !from.empty()) {
    auto history = resources::HistoryFrom::parse(from);
    if (!history) return bad("history: " + history.error().text());
    asked.history = *history;
  }
  if ((*body)["objects"].is_array()) {
    for (const json::Value& object : (*body)["objects"].as_array()) {
      auto checked = resources::check(object);
      if (checked.ok()) asked.overlay.objects.push_back(std::move(checked.object));
    }
  }
  out.body = *std::move(body);
  return out;
}

json::Value key_json(const plan::Plan& plan) {
  using Kind = plan::Identity::Kind;
  json::Value out = json::Value::object(), columns = json::Value::array();
  for (const int column : plan.identity.key) {
    columns.push_back(plan.root->output[static_cast<std::size_t>(column)].name);
  }
  const char* kind = "";
  switch (plan.identity.kind) {
    case Kind::kProvedKey:
      kind = "Proved";
      break;
    case Kind::kWatchedKey:
      kind = "Watched";
      break;
    case Kind::kPosition:
      kind = "Position";
      break;
    case Kind::kBag:
      kind = "Bag";
      break;
  }
  out.set("kind", kind);
  out.set("columns", std::move(columns));
  out.set("text", identity_text(plan));
  return out;
}

json::Value read_json(const BuilderRead& read) {
  json::Value out = json::Value::object(), columns = json::Value::array();
  for (const std::string& column : read.use.columns) columns.push_back(column);
  out.set("namespace", read.use.id.dataset_namespace);
  out.set("name", read.use.id.name);
  out.set("columns", std::move(columns));
  out.set("columnsTotal", static_cast<std::int64_t>(read.columns_total));
  out.set("windowed", read.use.windowed);
  out.set("reason", read.use.reason);
  json::Value bytes = json::Value::object();
  bytes.set("read", static_cast<std::int64_t>(read.bytes + 0.5));
  bytes.set("whole", static_cast<std::int64_t>(read.whole_bytes + 0.5));
  const double saved = read.whole_bytes > 0 ? 100 * (1 - read.bytes / read.whole_bytes) : 0;
  bytes.set("savedPercent", static_cast<std::int64_t>(saved + 0.5));
  bytes.set("basis", read.records > 0 ? "Sample" : "Schema");
  if (read.records > 0) bytes.set("records", read.records);
  out.set("bytes", std::move(bytes));
  return out;
}

json::Value proposal_json(const Proposal& proposal) {
  json::Value out = json::Value::object(), pairs = json::Value::array(), types = json::Value::array();
  for (const sql::form::Pair& pair : proposal.pairs) {
    json::Value left = json::Object{{"dataset", pair.left.dataset}, {"column", pair.left.column}};
    pairs.push_back(json::Object{{"left", std::move(left)}, {"column", pair.column}});
  }
  for (const auto& [left, right] : proposal.types)
    types.push_back(json::Object{{"left", left}, {"right", right}});
  out.set("namespace", proposal.id.dataset_namespace);
  out.set("name", proposal.id.name);
  out.set("owner", proposal.owner);
  out.set("description", proposal.description);
  out.set("basis", proposal.basis == Proposal::Basis::kDeclared ? "Declared" : "Name");
  out.set("reason", proposal.reason);
  out.set("pairs", std::move(pairs));
  out.set("types", std::move(types));
  out.set("joinable", proposal.problem.empty());
  if (!proposal.problem.empty()) out.set("problem", proposal.problem);
  out.set("readable", proposal.denied.empty());
  if (!proposal.denied.empty()) out.set("denied", proposal.denied);
  return out;
}

json::Value answer_json(const BuilderRequest& request, const BuilderAnswer& found) {
  json::Value out = to_json(found.analysis, request.sql);
  if (found.analysis.compiled) {
    json::Array& output = out.find("output")->as_array();
    for (std::size_t i = 0; i < output.size(); ++i) {
      if (!found.target_types.empty() && !found.target_types[i].empty())
        output[i].set("targetType", found.target_types[i]);
      if (!found.classifications[i].empty()) output[i].set("classification", found.classifications[i]);
    }
    out.set("key", key_json(found.analysis.compiled->plan));
    json::Value reads = json::Value::array();
    for (const BuilderRead& read : found.reads) reads.push_back(read_json(read));
    out.set("reads", std::move(reads));
  }
  if (!request.proposals) return out;
  json::Value proposals = json::Value::array();
  for (const Proposal& proposal : found.proposals) proposals.push_back(proposal_json(proposal));
  out.set("proposals", std::move(proposals));
  return out;
}

http::Response post_analyse(Context& context, const http::Request& request) {
  auto asked = read_asked(request);
  if (!asked) return refuse(asked.error());
  auto found = context.builder.look(asked->request);
  if (!found) return refuse(found.error());
  return answer(answer_json(asked->request, *found));
}

// The indexes of an edit are those of one text: of another they may mean something else.
base::Status check_hash(const Asked& asked) {
  const json::Value& hash = asked.body["hash"];
  const json::Value& edit = asked.body["edit"];
  if (hash.is_null()) {
    if (edit.find("index") == nullptr && edit.find("order") == nullptr) return {};
    return bad("hash must be there with an edit that has an index: that of the form it was made from");
  }
  if (hash.is_string() && hash.as_string() == sql::form::hash_of(asked.request.sql)) return {};
  return base::terminal("Conflict",
                        "the SQL has changed since the form was drawn that this edit was made from")
      .with_hint("analyse it again");
}

http::Response post_edit(Context& context, const http::Request& request) {
  auto asked = read_asked(request);
  if (!asked) return refuse(asked.error());
  auto edit = sql::form::edit_from_json(asked->body["edit"]);
  if (!edit) return refuse(edit.error());
  if (auto fine = check_hash(*asked); !fine) return refuse(fine.error());
  auto edited = context.builder.edit(asked->request, *edit);
  if (!edited) return refuse(edited.error());
  asked->request.sql = std::move(edited->sql);
  auto found = context.builder.look(asked->request);
  if (!found) return refuse(found.error());
  json::Value out = answer_json(asked->request, *found);
  out.set("changed", json::Array{edited->changed.begin, edited->changed.end});
  return answer(out);
}

}  // namespace

void add_builder_routes(http::Router& router, std::shared_ptr<ViewContext> context,
                        std::shared_ptr<catalog::Catalog> catalog) {
  auto& resources = *context->resources;
  auto& platform = *context->platform;
  auto& clock = *context->clock;
  auto shared = std::shared_ptr<Context>(
      new Context{std::move(context), Builder(resources, platform, clock, std::move(catalog))});
  const auto bind = [&](auto handler) {
    return [shared, handler](const http::Request& request) { return handler(*shared, request); };
  };
  const std::string path = kPaths + "/namespaces/{namespace}/sql/";
  router.add("POST", path + "analyse", bind(post_analyse));
  router.add("POST", path + "edit", bind(post_edit));
}

}  // namespace offtake::view
