#include "controlplane/cli/api_client.h"

namespace offtake::cli {
namespace {

using resources::Kind;

// The object without what changes by itself: equal ones were not touched by a write.
json::Value written_part(json::Value object, bool with_status) {
  if (!with_status) object.erase("status");
  if (json::Value* metadata = object.find("metadata")) {
    metadata->erase("resourceVersion");
    metadata->erase("managedFields");
  }
  return object;
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

base::Error explained(base::Error error, const std::string& url) {
  if (error.code == "Unauthorized") {
    error.message = "Unauthorized: the server does not know this token";
    return std::move(error).with_hint(
        "give the server's token: the file `token` of its data directory, or OFFTAKE_TOKEN");
  }
  if (error.code == "PathMissing") {
    error.message = fmt::format("the server at {} does not answer this", url);
    return std::move(error).with_hint(
        "`plan`, `preview`, `logs`, `errors` and `catalog` ask `offtake serve`; in a cluster: kubectl get, "
        "kubectl describe, kubectl logs");
  }
  if (error.code != "Unreachable" || !error.hint.empty()) return error;
  // The path that was asked for says nothing to people.
  const auto why = error.message.find(": ");
  error.message = fmt::format("no server answers at {}{}", url,
                              why == std::string::npos ? "" : error.message.substr(why));
  return std::move(error).with_hint("is it running? `offtake serve` starts one");
}

std::shared_ptr<kubernetes::Client> make_api(const ServerAddress& address) {
  kubernetes::Settings settings;
  settings.cluster = address;
  settings.writes_per_second = 0;
  settings.explained = [url = address.url](base::Error error) { return explained(std::move(error), url); };
  return std::make_shared<kubernetes::Client>(std::move(settings));
}

}  // namespace

std::string view_path(std::string_view namespace_name, std::string_view name, std::string_view what) {
  return fmt::format("/apis/view.offtake.dev/v1alpha1/namespaces/{}/dataproducts/{}/{}",
                     http::percent_encode(namespace_name), http::percent_encode(name), what);
}

ApiClient::ApiClient(const ServerAddress& address) : store::ApiClient(make_api(address)), address_(address) {}

base::Result<json::Value> ApiClient::get(const Kind& kind, std::string_view namespace_name,
                                         std::string_view name) {
  auto found = store::ApiClient::get(kind, namespace_name, name);
  if (!found) return named(std::move(found).error(), kind, namespace_name, name);
  return found;
}

base::Result<store::Written> ApiClient::apply(const json::Value& object, const store::ApplyOptions& options) {
  auto kind = store::kind_of_object(object);
  if (!kind) return std::move(kind).error();
  const json::Value& metadata = object["metadata"];
  json::Value before;
  if (auto present = get(**kind, metadata.string_or("namespace"), metadata.string_or("name"))) {
    before = written_part(*std::move(present), options.status);
  } else if (present.error().code != "NotFound") {
    return std::move(present).error();
  }
  auto written = store::ApiClient::apply(object, options);
  if (!written) return std::move(written).error();
  written->changed = !(written_part(written->object, options.status) == before);
  return written;
}

base::Result<store::Deleted> ApiClient::remove(const Kind& kind, std::string_view namespace_name,
                                               std::string_view name, const store::DeleteOptions& options) {
  auto gone = store::ApiClient::remove(kind, namespace_name, name, options);
  if (!gone) return named(std::move(gone).error(), kind, namespace_name, name);
  return gone;
}

}  // namespace offtake::cli
