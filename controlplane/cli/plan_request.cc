#include "controlplane/cli/plan_request.h"

#include "controlplane/cli/connection.h"
#include "controlplane/view/plan.h"

namespace offtake::cli {
namespace {

// `document` is null for a stored product: then places are field paths alone.
PlanAnswer read_answer(json::Value plan, const resources::Document* document) {
  PlanAnswer out;
  const auto errors = [&](const json::Value& list) {
    std::vector<base::Error> found;
    if (!list.is_array()) return found;
    for (const json::Value& item : list.as_array()) {
      base::Error error = view::error_from_json(item);
      found.push_back(document != nullptr ? document->located(std::move(error)) : std::move(error));
    }
    return found;
  };
  out.errors = errors(plan["errors"]);
  out.waiting = errors(plan["waiting"]);
  if (const json::Value& warnings = plan["warnings"]; warnings.is_array()) {
    for (const json::Value& warning : warnings.as_array()) {
      if (warning.is_string()) out.warnings.push_back(warning.as_string());
    }
  }
  out.plan = std::move(plan);
  return out;
}

// A topic that is missing now, but that a Dataset sent along makes, is nothing to warn of.
bool is_made(const base::Error& waiting, const std::vector<resources::Document>& documents) {
  if (waiting.code != "TopicMissing") return false;
  return std::any_of(documents.begin(), documents.end(), [&](const resources::Document& document) {
    const json::Value& source = document.object["spec"]["source"];
    return document.kind == &resources::kind_of<resources::Dataset>() && source["topicConfig"].is_object() &&
           waiting.message.find("'" + source.string_or("topic") + "'") != std::string::npos;
  });
}

}  // namespace

std::string waiting_text(const base::Error& waiting) {
  std::string text = waiting.text();
  if (text.find("waited for") == std::string::npos) text += "; it is waited for";
  return text;
}

base::Result<PlanAnswer> plan_document(ApiClient& client, const resources::Document& document,
                                       const std::vector<resources::Document>& documents) {
  json::Value objects = json::Value::array();
  for (const auto& other : documents) objects.push_back(other.object);
  http::ClientRequest request;
  request.method = "POST";
  request.path = view_path(document.namespace_name(), document.name(), "plan");
  request.headers.set("Content-Type", "application/json");
  request.body = json::dump(json::Object{{"object", document.object}, {"objects", std::move(objects)}});
  auto plan = client.call(std::move(request));
  if (plan) {
    PlanAnswer answer = read_answer(*std::move(plan), &document);
    auto& waiting = answer.waiting;
    waiting.erase(std::remove_if(waiting.begin(), waiting.end(),
                                 [&](const base::Error& error) { return is_made(error, documents); }),
                  waiting.end());
    return answer;
  }
  if (plan.error().code != "Invalid" || plan.error().causes.empty()) {
    return std::move(plan).error().in(document.title());
  }
  PlanAnswer out;
  for (const base::Error& cause : plan.error().causes) out.errors.push_back(document.located(cause));
  return out;
}

base::Result<PlanAnswer> plan_stored(ApiClient& client, std::string_view namespace_name,
                                     std::string_view name) {
  http::ClientRequest request;
  request.path = view_path(namespace_name, name, "plan");
  auto plan = client.call(std::move(request));
  if (!plan) return std::move(plan).error();
  return read_answer(*std::move(plan), nullptr);
}

}  // namespace offtake::cli
