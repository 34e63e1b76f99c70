#include "controlplane/cli/api_client.h"

#include "controlplane/cli/api_watch.h"
#include "controlplane/store/status.h"

namespace offtake::cli {
namespace {

using resources::Kind;

http::Client make_http(const ServerAddress& address) {
  http::ClientOptions options;
  options.base_url = address.url;
  options.bearer_token = address.token;
  options.ca_file = address.ca_file;
  return http::Client(std::move(options));
}

base::Result<const Kind*> kind_of_object(const json::Value& object) {
  const Kind* kind = resources::find_kind(object.string_or("apiVersion"), object.string_or("kind"));
  if (kind != nullptr) return kind;
  return base::terminal("BadRequest", fmt::format("there is no kind {} in {}", object.string_or("kind"),
                                                  object.string_or("apiVersion")));
}

std::string namespace_of(const Kind& kind, const json::Value& object) {
  return kind.namespaced ? object["metadata"].string_or("namespace") : "";
}

std::string name_of(const json::Value& object) {
  return object["metadata"].string_or("name");
}

void add_selectors(const store::ListOptions& options, http::Pairs& query) {
  if (!options.label_selector.empty()) query.emplace_back("labelSelector", options.label_selector);
  if (!options.field_selector.empty()) query.emplace_back("fieldSelector", options.field_selector);
}

// `Warning: 299 - "text"`.
std::string warning_text(std::string_view header) {
  const auto from = header.find('"');
  const auto to = header.rfind('"');
  if (from == std::string_view::npos || to <= from) return std::string(header);
  std::string out;
  for (std::size_t i = from + 1; i < to; ++i) {
    if (header[i] == '\\' && i + 1 < to) ++i;
    out += header[i];
  }
  return out;
}

// The object without what changes by itself: equal ones were not touched by a write.
json::Value written_part(json::Value object, bool with_status) {
  if (!with_status) object.erase("status");
  if (json::Value* metadata = object.find("metadata")) {
    metadata->erase("resourceVersion");
    metadata->erase("managedFields");
  }
  return object;
}

base::Error refusal(const http::ClientResponse& response) {
  auto body = json::parse(response.body);
  base::Error error = store::from_status(response.status, body ? *body : json::Value());
  if (response.status == 401) {
    error.message = "Unauthorized: the server does not know this token";
    return std::move(error).with_hint(
        "give the server's token: the file `token` of its data directory, or OFFTAKE_TOKEN");
  }
  return error;
}

// The API says `datasets.offtake.dev "x" not found`, and not where it looked.
base::Error named(base::Error error, const Kind& kind, std::string_view namespace_name,
                  std::string_view name) {
  if (error.code != "NotFound") return error;
  const bool placed = kind.namespaced && !namespace_name.empty();
  error.message = placed ? fmt::format("{} {}/{} not found", kind.kind, namespace_name, name)
                         : fmt::format("{} {} not found", kind.kind, name);
  error.hint = placed ? fmt::format("`offtake get {} -A` lists those of all namespaces", kind.plural)
                      : fmt::format("`offtake get {}` lists what there is", kind.plural);
  return error;
}

}  // namespace

std::string resource_path(const Kind& kind, std::string_view namespace_name, std::string_view name) {
  std::string out = kind.group.empty() ? "/api/" + kind.version : "/apis/" + kind.group + "/" + kind.version;
  if (kind.namespaced && !namespace_name.empty())
    out += "/namespaces/" + http::percent_encode(namespace_name);
  out += "/" + kind.plural;
  if (!name.empty()) out += "/" + http::percent_encode(name);
  return out;
}

std::string view_path(std::string_view namespace_name, std::string_view name, std::string_view what) {
  return fmt::format("/apis/view.offtake.dev/v1alpha1/namespaces/{}/dataproducts/{}/{}",
                     http::percent_encode(namespace_name), http::percent_encode(name), what);
}

ApiClient::ApiClient(const ServerAddress& address)
    : address_(address), http_(std::make_shared<http::Client>(make_http(address))) {}

base::Error ApiClient::unreachable(base::Error error) const {
  if (error.code != "Unreachable" || !error.hint.empty()) return error;
  // The path that was asked for says nothing to people.
  const auto why = error.message.find(": ");
  error.message = fmt::format("no server answers at {}{}", address_.url,
                              why == std::string::npos ? "" : error.message.substr(why));
  return std::move(error).with_hint("is it running? `offtake serve` starts one");
}

base::Result<http::ClientResponse> ApiClient::send(const http::ClientRequest& request) {
  auto response = http_->send(request);
  if (!response) return unreachable(std::move(response).error());
  if (response->status >= 400) return refusal(*response);
  return response;
}

base::Result<json::Value> ApiClient::call(http::ClientRequest request) {
  auto response = send(request);
  if (!response) return std::move(response).error();
  auto body = json::parse(response->body);
  if (!body) return std::move(body).error().in(fmt::format("the answer to {} is not JSON", request.path));
  return body;
}

base::Status ApiClient::stream(const http::ClientRequest& request, const http::Client::OnBytes& on_bytes,
                               std::stop_token stop) {
  auto response = http_->stream(request, on_bytes, stop);
  if (!response) return unreachable(std::move(response).error());
  if (response->status >= 400) return refusal(*response);
  return {};
}

base::Result<json::Value> ApiClient::get(const Kind& kind, std::string_view namespace_name,
                                         std::string_view name) {
  http::ClientRequest request;
  request.path = resource_path(kind, namespace_name, name);
  auto found = call(std::move(request));
  if (!found) return named(std::move(found).error(), kind, namespace_name, name);
  return found;
}

base::Result<store::ObjectList> ApiClient::list(const Kind& kind, const store::ListOptions& options) {
  http::ClientRequest request;
  request.path = resource_path(kind, options.namespace_name);
  add_selectors(options, request.query);
  if (options.limit > 0) request.query.emplace_back("limit", std::to_string(options.limit));
  if (!options.continue_token.empty()) request.query.emplace_back("continue", options.continue_token);
  auto body = call(std::move(request));
  if (!body) return std::move(body).error();
  store::ObjectList out;
  const json::Value& metadata = (*body)["metadata"];
  out.resource_version = metadata.string_or("resourceVersion");
  out.continue_token = metadata.string_or("continue");
  out.remaining = metadata.int_or("remainingItemCount");
  if (const json::Value& items = (*body)["items"]; items.is_array()) out.items = items.as_array();
  return out;
}

base::Result<std::unique_ptr<store::Watch>> ApiClient::watch(const Kind& kind,
                                                             std::string_view resource_version,
                                                             const store::ListOptions& options) {
  http::ClientRequest request;
  request.path = resource_path(kind, options.namespace_name);
  request.query.emplace_back("watch", "true");
  request.query.emplace_back("allowWatchBookmarks", "true");
  if (!resource_version.empty()) {
    request.query.emplace_back("resourceVersion", std::string(resource_version));
  }
  add_selectors(options, request.query);
  return open_watch(http_, std::move(request), std::string(resource_version));
}

base::Result<store::Written> ApiClient::write(http::ClientRequest request) {
  request.headers.set("Accept", "application/json");
  auto response = send(request);
  if (!response) return std::move(response).error();
  auto body = json::parse(response->body);
  if (!body) return std::move(body).error().in("the server's answer is not JSON");
  store::Written out;
  out.object = *std::move(body);
  out.created = response->status == 201;
  for (const auto& [name, value] : response->headers.all()) {
    if (name.size() == 7 && (name[0] == 'W' || name[0] == 'w') && name.substr(1) == "arning") {
      out.warnings.push_back(warning_text(value));
    }
  }
  return out;
}

base::Result<store::Written> ApiClient::create(const json::Value& object,
                                               const store::WriteOptions& options) {
  auto kind = kind_of_object(object);
  if (!kind) return std::move(kind).error();
  http::ClientRequest request;
  request.method = "POST";
  request.path = resource_path(**kind, namespace_of(**kind, object));
  request.query = {{"fieldManager", options.field_manager}};
  if (options.dry_run) request.query.emplace_back("dryRun", "All");
  request.headers.set("Content-Type", "application/json");
  request.body = json::dump(object);
  return write(std::move(request));
}

namespace {

base::Result<http::ClientRequest> put_request(const json::Value& object, const store::WriteOptions& options,
                                              std::string_view below) {
  auto kind = kind_of_object(object);
  if (!kind) return std::move(kind).error();
  http::ClientRequest request;
  request.method = "PUT";
  request.path = resource_path(**kind, namespace_of(**kind, object), name_of(object)) + std::string(below);
  request.query = {{"fieldManager", options.field_manager}};
  if (options.dry_run) request.query.emplace_back("dryRun", "All");
  request.headers.set("Content-Type", "application/json");
  request.body = json::dump(object);
  return request;
}

}  // namespace

base::Result<store::Written> ApiClient::update(const json::Value& object,
                                               const store::WriteOptions& options) {
  auto request = put_request(object, options, "");
  if (!request) return std::move(request).error();
  return write(*std::move(request));
}

base::Result<store::Written> ApiClient::update_status(const json::Value& object,
                                                      const store::WriteOptions& options) {
  auto request = put_request(object, options, "/status");
  if (!request) return std::move(request).error();
  return write(*std::move(request));
}

namespace {

http::ClientRequest apply_request(const Kind& kind, const json::Value& body,
                                  const store::ApplyOptions& options) {
  http::ClientRequest request;
  request.method = "PATCH";
  request.path =
      resource_path(kind, namespace_of(kind, body), name_of(body)) + (options.status ? "/status" : "");
  request.query = {{"fieldManager", options.field_manager}};
  if (options.force) request.query.emplace_back("force", "true");
  if (options.dry_run) request.query.emplace_back("dryRun", "All");
  request.headers.set("Content-Type", "application/apply-patch+yaml");
  request.body = json::dump(body);
  return request;
}

}  // namespace

base::Result<store::Written> ApiClient::apply(const json::Value& object, const store::ApplyOptions& options) {
  auto kind = kind_of_object(object);
  if (!kind) return std::move(kind).error();
  const std::string uid = object["metadata"].string_or("uid");
  // Kubernetes writes a status to whatever has that name. That it is still the object of this uid is told by
  // reading it and writing over exactly what was read, again when something else was written in between.
  const bool bound =
      options.status && !uid.empty() && object["metadata"].string_or("resourceVersion").empty();
  constexpr int kMostTries = 8;
  for (int tried = 1;; ++tried) {
    json::Value before, body = object;
    auto present = get(**kind, namespace_of(**kind, object), name_of(object));
    if (present) {
      const std::string stored = (*present)["metadata"].string_or("uid");
      if (options.status && !uid.empty() && uid != stored) {
        return base::terminal("Conflict", fmt::format("{} {} is another object by now: its uid is {}, not {}",
                                                      (*kind)->kind, name_of(object), stored, uid));
      }
      if (bound)
        body.get_or_add("metadata").set("resourceVersion", (*present)["metadata"]["resourceVersion"]);
      before = written_part(*std::move(present), options.status);
    } else if (present.error().code != "NotFound") {
      return std::move(present).error();
    }
    auto written = write(apply_request(**kind, body, options));
    if (written) {
      written->changed = !(written_part(written->object, options.status) == before);
      return written;
    }
    const base::Error& error = written.error();
    const bool overtaken = bound && error.code == "Conflict" && error.causes.empty();
    if (!overtaken || tried == kMostTries) return written;
  }
}

base::Result<store::Written> ApiClient::patch(const Kind& kind, std::string_view namespace_name,
                                              std::string_view name, store::PatchType type,
                                              const json::Value& patch, const store::PatchOptions& options) {
  http::ClientRequest request;
  request.method = "PATCH";
  request.path = resource_path(kind, namespace_name, name) + (options.status ? "/status" : "");
  request.query = {{"fieldManager", options.field_manager}};
  if (options.dry_run) request.query.emplace_back("dryRun", "All");
  request.headers.set("Content-Type", type == store::PatchType::kMerge ? "application/merge-patch+json"
                                                                       : "application/json-patch+json");
  request.body = json::dump(patch);
  return write(std::move(request));
}

base::Result<store::Deleted> ApiClient::remove(const Kind& kind, std::string_view namespace_name,
                                               std::string_view name, const store::DeleteOptions& options) {
  json::Value body = json::Object{{"kind", "DeleteOptions"}, {"apiVersion", "v1"}};
  json::Value preconditions = json::Value::object();
  if (!options.uid.empty()) preconditions.set("uid", options.uid);
  if (!options.resource_version.empty()) preconditions.set("resourceVersion", options.resource_version);
  if (!preconditions.as_object().empty()) body.set("preconditions", std::move(preconditions));
  if (options.orphan) body.set("propagationPolicy", "Orphan");
  if (options.dry_run) body.set("dryRun", json::Array{"All"});
  http::ClientRequest request;
  request.method = "DELETE";
  request.path = resource_path(kind, namespace_name, name);
  request.headers.set("Content-Type", "application/json");
  request.body = json::dump(body);
  auto answer = call(std::move(request));
  if (!answer) return named(std::move(answer).error(), kind, namespace_name, name);
  store::Deleted out;
  out.gone = answer->string_or("kind") == "Status";
  out.object = *std::move(answer);
  return out;
}

}  // namespace offtake::cli
