#include "operators/kubernetes/client.h"

#include <charconv>
#include <thread>

#include "operators/kubernetes/status.h"

namespace offtake::kubernetes {
namespace {

using namespace std::chrono_literals;

constexpr int kAttempts = 5;  // of a request that the server asks to come again
constexpr auto kLongestPause = 10s;

std::shared_ptr<http::Client> make_http(const Settings& settings, const std::string& certificate_pem,
                                        const std::string& key_pem) {
  http::ClientOptions options;
  options.base_url = settings.cluster.url;
  options.ca_pem = settings.cluster.ca_pem;
  options.insecure = settings.cluster.insecure;
  options.certificate_pem = certificate_pem;
  options.key_pem = key_pem;
  options.user_agent = settings.user_agent;
  options.timeout = settings.timeout;
  return std::make_shared<http::Client>(std::move(options));
}

void sign(http::ClientRequest& request, const Credentials::Shown& shown) {
  if (!shown.token.empty()) request.headers.set("Authorization", "Bearer " + shown.token);
}

bool is_write(const http::ClientRequest& request) {
  return request.method != "GET" && request.method != "HEAD";
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

bool is_named(std::string_view header, std::string_view name) {
  return std::equal(header.begin(), header.end(), name.begin(), name.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  });
}

std::string namespace_of(const ResourceType& type, const json::Value& object) {
  return type.namespaced ? object["metadata"].string_or("namespace") : "";
}

std::string name_of(const json::Value& object) {
  return object["metadata"].string_or("name");
}

void add_selectors(std::string_view labels, std::string_view fields, http::Pairs& query) {
  if (!labels.empty()) query.emplace_back("labelSelector", std::string(labels));
  if (!fields.empty()) query.emplace_back("fieldSelector", std::string(fields));
}

http::ClientRequest body_request(std::string method, std::string path, const json::Value& body,
                                 std::string_view content_type, std::string_view manager, bool dry_run) {
  http::ClientRequest request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.query = {{"fieldManager", std::string(manager)}};
  if (dry_run) request.query.emplace_back("dryRun", "All");
  request.headers.set("Content-Type", content_type);
  request.body = json::dump(body);
  return request;
}

// A path that the server does not serve at all: such an answer is no Status.
base::Error typed(base::Error error, const ResourceType& type) {
  if (error.code != "PathMissing") return error;
  error.code = "KindMissing";
  error.message = fmt::format("the API server does not know {} of {}", type.plural, type.api_version());
  error.retry = base::Retry::kWaiting;
  return std::move(error).with_hint("its CustomResourceDefinition has to be installed");
}

std::chrono::milliseconds asked_pause(const http::ClientResponse& response, int attempt) {
  for (const auto& [name, value] : response.headers.all()) {
    int seconds = 0;
    if (!is_named(name, "retry-after")) continue;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (read.ec == std::errc()) return std::min<std::chrono::milliseconds>(seconds * 1000ms, kLongestPause);
  }
  return std::min<std::chrono::milliseconds>(200ms * (1 << attempt), kLongestPause);
}

}  // namespace

Client::Client(Settings settings)
    : settings_(std::move(settings)),
      pace_(settings_.writes_per_second, settings_.burst),
      credentials_(settings_.cluster) {}

// Another one with each certificate.
std::shared_ptr<http::Client> Client::http_for(const Credentials::Shown& shown) {
  std::lock_guard lock(http_mutex_);
  if (!http_ || shown.certificate_pem != certificate_pem_ || shown.key_pem != key_pem_) {
    certificate_pem_ = shown.certificate_pem;
    key_pem_ = shown.key_pem;
    http_ = make_http(settings_, certificate_pem_, key_pem_);
  }
  return http_;
}

base::Error Client::way_error(base::Error error) const {
  if (settings_.explained) return settings_.explained(std::move(error));
  // The path that was asked for says nothing to people.
  const auto why = error.message.find(": ");
  error.message = fmt::format("the API server at {} does not answer{}", settings_.cluster.url,
                              why == std::string::npos ? "" : error.message.substr(why));
  return error;
}

base::Result<http::ClientResponse> Client::exchange(http::ClientRequest& request) {
  for (int attempt = 0;; ++attempt) {
    if (is_write(request)) {
      std::this_thread::sleep_until(pace_.take(std::chrono::steady_clock::now()));
      if (settings_.may_write && !settings_.may_write()) {
        return base::transient("NotLeader", "another process leads now: nothing was written");
      }
      ++writes_;
    }
    auto shown = credentials_.present();
    if (!shown) return std::move(shown).error();
    sign(request, *shown);
    auto response = http_for(*shown)->send(request);
    if (!response) return way_error(std::move(response).error());
    const bool again = response->status == 429 || (response->status == 503 && !is_write(request));
    if (response->status == 401 && attempt == 0 && credentials_.replaces(*shown)) continue;
    if (!again || attempt + 1 >= kAttempts) return response;
    const auto until = std::chrono::steady_clock::now() + asked_pause(*response, attempt);
    pace_.hold(until);
    std::this_thread::sleep_until(until);
  }
}

base::Error Client::refused(const http::ClientResponse& response) const {
  auto body = json::parse(response.body);
  base::Error error = from_status(response.status, body ? *body : json::Value());
  const bool said = body && body->is_object() && !body->string_or("message").empty();
  if (response.status == 404 && !said && (!body || body->string_or("kind") != "Status"))
    error.code = "PathMissing";
  if (error.code == "Unauthorized") {
    error.message =
        fmt::format("the API server at {} does not accept these credentials", settings_.cluster.url);
    if (!settings_.cluster.origin.empty()) error.message += fmt::format(" ({})", settings_.cluster.origin);
    if (const std::string trouble = credentials_.trouble(); !trouble.empty()) error.message += "; " + trouble;
  }
  return settings_.explained ? settings_.explained(std::move(error)) : error;
}

base::Result<http::ClientResponse> Client::send(http::ClientRequest request) {
  auto response = exchange(request);
  if (response && response->status >= 400) return refused(*response);
  return response;
}

base::Result<json::Value> Client::call(http::ClientRequest request) {
  const std::string path = request.path;
  auto response = send(std::move(request));
  if (!response) return std::move(response).error();
  auto body = json::parse(response->body);
  if (!body) return std::move(body).error().in(fmt::format("the answer to {} is not JSON", path));
  return body;
}

base::Status Client::stream(http::ClientRequest request, const http::Client::OnBytes& on_bytes,
                            std::stop_token stop) {
  for (int attempt = 0;; ++attempt) {
    auto shown = credentials_.present();
    if (!shown) return std::move(shown).error();
    sign(request, *shown);
    auto response = http_for(*shown)->stream(request, on_bytes, stop);
    if (!response) return way_error(std::move(response).error());
    if (response->status < 400) return {};
    if (response->status == 401 && attempt == 0 && credentials_.replaces(*shown)) continue;
    return refused(*response);
  }
}

base::Result<json::Value> Client::get(const ResourceType& type, std::string_view namespace_name,
                                      std::string_view name) {
  http::ClientRequest request;
  request.path = type.path(namespace_name, name);
  auto found = call(std::move(request));
  if (!found) return typed(std::move(found).error(), type);
  return found;
}

base::Result<ObjectList> Client::list(const ResourceType& type, const ListOptions& options,
                                      std::string_view resource_version) {
  http::ClientRequest request;
  request.path = type.path(options.namespace_name);
  add_selectors(options.label_selector, options.field_selector, request.query);
  if (options.limit > 0) request.query.emplace_back("limit", std::to_string(options.limit));
  if (!options.continue_token.empty()) request.query.emplace_back("continue", options.continue_token);
  if (!resource_version.empty()) request.query.emplace_back("resourceVersion", std::string(resource_version));
  auto body = call(std::move(request));
  if (!body) return typed(std::move(body).error(), type);
  ObjectList out;
  const json::Value& metadata = (*body)["metadata"];
  out.resource_version = metadata.string_or("resourceVersion");
  out.continue_token = metadata.string_or("continue");
  out.remaining = metadata.int_or("remainingItemCount");
  if (json::Value* items = body->find("items"); items != nullptr && items->is_array()) {
    out.items = std::move(items->as_array());
  }
  // Items of a list do not say what they are.
  for (json::Value& item : out.items) {
    if (item.find("kind") != nullptr) continue;
    item.set("apiVersion", type.api_version());
    item.set("kind", type.kind);
  }
  return out;
}

base::Status Client::watch(const ResourceType& type, const WatchOptions& options,
                           const std::function<void(WatchEvent)>& on_event, std::stop_token stop) {
  http::ClientRequest request;
  request.path = type.path(options.namespace_name);
  request.query = {{"watch", "true"}, {"allowWatchBookmarks", "true"}};
  if (!options.resource_version.empty()) {
    request.query.emplace_back("resourceVersion", options.resource_version);
  }
  if (options.lasting.count() > 0) {
    request.query.emplace_back("timeoutSeconds", std::to_string(options.lasting.count()));
  }
  add_selectors(options.label_selector, options.field_selector, request.query);
  request.silence = options.silence;
  request.on_head = options.on_open;

  std::string pending;
  std::optional<base::Error> said;
  const auto take = [&](std::string_view line) {
    auto parsed = json::parse(line);
    if (!parsed) {
      said = std::move(parsed).error().in("a line of the watch");
      return;
    }
    const std::string kind = parsed->string_or("type");
    json::Value* object = parsed->find("object");
    if (kind == "ERROR" || object == nullptr) {
      const json::Value& status = (*parsed)["object"];
      said = from_status(static_cast<int>(status.int_or("code")), status);
      return;
    }
    on_event({kind == "ADDED"      ? WatchEventType::kAdded
              : kind == "MODIFIED" ? WatchEventType::kModified
              : kind == "DELETED"  ? WatchEventType::kDeleted
                                   : WatchEventType::kBookmark,
              std::move(*object)});
  };
  auto ended = stream(
      request,
      [&](std::string_view bytes) {
        pending += bytes;
        std::size_t from = 0;
        for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n', from)) {
          if (end > from) take(std::string_view(pending).substr(from, end - from));
          from = end + 1;
          if (said) return false;
        }
        pending.erase(0, from);
        return !stop.stop_requested();
      },
      stop);
  if (said) ended = *said;
  if (!ended && stop.stop_requested()) return {};
  // A Status of 410 is worded Expired or Gone.
  if (!ended && ended.error().code == "Gone") {
    base::Error expired = ended.error();
    expired.code = "Expired";
    return expired;
  }
  if (!ended) return typed(std::move(ended).error(), type);
  return {};
}

base::Result<Written> Client::write(const ResourceType& type, http::ClientRequest request) {
  request.headers.set("Accept", "application/json");
  auto response = send(std::move(request));
  if (!response) return typed(std::move(response).error(), type);
  auto body = json::parse(response->body);
  if (!body) return std::move(body).error().in("the server's answer is not JSON");
  Written out;
  out.object = *std::move(body);
  out.created = response->status == 201;
  for (const auto& [name, value] : response->headers.all()) {
    if (is_named(name, "warning")) out.warnings.push_back(warning_text(value));
  }
  return out;
}

base::Result<Written> Client::create(const ResourceType& type, const json::Value& object,
                                     const WriteOptions& options) {
  return write(type, body_request("POST", type.path(namespace_of(type, object)), object, "application/json",
                                  options.field_manager, options.dry_run));
}

base::Result<Written> Client::update(const ResourceType& type, const json::Value& object,
                                     const WriteOptions& options) {
  return write(type, body_request("PUT", type.path(namespace_of(type, object), name_of(object)), object,
                                  "application/json", options.field_manager, options.dry_run));
}

base::Result<Written> Client::update_status(const ResourceType& type, const json::Value& object,
                                            const WriteOptions& options) {
  return write(type, body_request("PUT", type.path(namespace_of(type, object), name_of(object)) + "/status",
                                  object, "application/json", options.field_manager, options.dry_run));
}

base::Result<Written> Client::apply(const ResourceType& type, const json::Value& object,
                                    const ApplyOptions& options) {
  auto request = body_request(
      "PATCH", type.path(namespace_of(type, object), name_of(object)) + (options.status ? "/status" : ""),
      object, "application/apply-patch+yaml", options.field_manager, options.dry_run);
  if (options.force) request.query.emplace_back("force", "true");
  return write(type, std::move(request));
}

base::Result<Written> Client::patch(const ResourceType& type, std::string_view namespace_name,
                                    std::string_view name, PatchType patch_type, const json::Value& patch,
                                    const PatchOptions& options) {
  const std::string_view content =
      patch_type == PatchType::kMerge ? "application/merge-patch+json" : "application/json-patch+json";
  return write(
      type, body_request("PATCH", type.path(namespace_name, name) + (options.status ? "/status" : ""), patch,
                         content, options.field_manager, options.dry_run));
}

base::Result<Deleted> Client::remove(const ResourceType& type, std::string_view namespace_name,
                                     std::string_view name, const DeleteOptions& options) {
  json::Value body = json::Object{{"kind", "DeleteOptions"}, {"apiVersion", "v1"}};
  json::Value preconditions = json::Value::object();
  if (!options.uid.empty()) preconditions.set("uid", options.uid);
  if (!options.resource_version.empty()) preconditions.set("resourceVersion", options.resource_version);
  if (!preconditions.as_object().empty()) body.set("preconditions", std::move(preconditions));
  body.set("propagationPolicy", options.orphan ? "Orphan" : "Background");
  if (options.grace_seconds) body.set("gracePeriodSeconds", *options.grace_seconds);
  if (options.dry_run) body.set("dryRun", json::Array{"All"});
  http::ClientRequest request;
  request.method = "DELETE";
  request.path = type.path(namespace_name, name);
  request.headers.set("Content-Type", "application/json");
  request.body = json::dump(body);
  auto answer = call(std::move(request));
  if (!answer) return typed(std::move(answer).error(), type);
  Deleted out;
  out.gone = answer->string_or("kind") == "Status";
  out.object = *std::move(answer);
  return out;
}

}  // namespace offtake::kubernetes
