#include "controlplane/api/negotiation.h"

#include "base/yaml/node.h"
#include "controlplane/resources/document.h"
#include "controlplane/store/status.h"

namespace offtake::api {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t end = text.find(at);
    out.push_back(trim(text.substr(0, end)));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

struct MediaType {
  std::string name;
  std::map<std::string, std::string> parameters;

  std::string parameter(const std::string& parameter_name) const {
    const auto it = parameters.find(parameter_name);
    return it == parameters.end() ? "" : it->second;
  }
};

MediaType parse_media_type(std::string_view text) {
  MediaType out;
  for (const std::string_view part : split(text, ';')) {
    const std::size_t equals = part.find('=');
    if (out.name.empty()) {
      out.name = lower(part);
    } else if (equals != std::string_view::npos) {
      out.parameters[lower(part.substr(0, equals))] = std::string(part.substr(equals + 1));
    }
  }
  return out;
}

bool is_json(const std::string& name) {
  return name == "application/json" || name == "*/*" || name == "application/*";
}

}  // namespace

base::Result<Shape> accepted_shape(const http::Request& request) {
  const std::string_view accept = request.headers.get("Accept");
  if (trim(accept).empty()) return Shape::kObject;
  for (const std::string_view part : split(accept, ',')) {
    const MediaType type = parse_media_type(part);
    if (!is_json(type.name)) continue;
    const std::string as = type.parameter("as");
    if (as.empty()) return Shape::kObject;
    if (type.parameter("g") != "meta.k8s.io" || type.parameter("v") != "v1") continue;
    if (as == "Table") return Shape::kTable;
    if (as == "PartialObjectMetadata" || as == "PartialObjectMetadataList") return Shape::kPartialObject;
  }
  return base::terminal("NotAcceptable", fmt::format("none of '{}' can be given", accept))
      .with_hint("accept application/json");
}

bool accepts_aggregated_discovery(const http::Request& request) {
  for (const std::string_view part : split(request.headers.get("Accept"), ',')) {
    const MediaType type = parse_media_type(part);
    if (type.name == "application/json" && type.parameter("g") == "apidiscovery.k8s.io" &&
        type.parameter("v") == "v2" && type.parameter("as") == "APIGroupDiscoveryList") {
      return true;
    }
  }
  return false;
}

std::string content_type(const http::Request& request) {
  const std::string name = parse_media_type(request.headers.get("Content-Type")).name;
  return name.empty() ? "application/json" : name;
}

base::Result<json::Value> parse_body(std::string_view text, bool yaml, const resources::Kind* kind) {
  if (!yaml) return json::parse(text);
  // What is sent as YAML is JSON for the most part, and then says itself what is text and what a number.
  if (trim(text).starts_with('{')) {
    if (auto object = json::parse(text)) return object;
  }
  auto documents = yaml::parse(text);
  if (!documents) return std::move(documents).error();
  if (documents->size() != 1) {
    return base::terminal("BadRequest", fmt::format("the body holds {} documents", documents->size()))
        .with_hint("send one at a time");
  }
  const yaml::Node& root = documents->front().root;
  if (kind == nullptr) return yaml::to_json(root);
  std::vector<base::Error> errors;
  json::Value typed = resources::typed_by_table(*kind, root, errors);
  if (errors.empty()) return typed;
  const json::Value& metadata = typed["metadata"];
  return resources::invalid(*kind, metadata.string_or("namespace"), metadata.string_or("name"),
                            std::move(errors));
}

base::Result<json::Value> read_body(const http::Request& request, const resources::Kind* kind) {
  const std::string type = content_type(request);
  if (type == "application/json") return parse_body(request.body, false, kind);
  if (type == "application/yaml" || type == "application/x-yaml" || type == "text/yaml") {
    return parse_body(request.body, true, kind);
  }
  return base::terminal("UnsupportedMediaType", fmt::format("bodies of type {} are not read here", type))
      .with_hint("send application/json or application/yaml");
}

base::Result<bool> query_bool(const http::Request& request, std::string_view name) {
  const std::string text = request.query_value(name);
  static constexpr std::array<std::string_view, 6> kTrue{"1", "t", "T", "true", "TRUE", "True"};
  static constexpr std::array<std::string_view, 6> kFalse{"0", "f", "F", "false", "FALSE", "False"};
  if (text.empty()) return false;
  if (std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end()) return true;
  if (std::find(kFalse.begin(), kFalse.end(), text) != kFalse.end()) return false;
  return base::terminal("BadRequest", fmt::format("{}={} is neither true nor false", name, text));
}

base::Result<bool> dry_run(const http::Request& request) {
  const std::string text = request.query_value("dryRun");
  if (text.empty()) return false;
  if (text == "All") return true;
  return base::terminal("BadRequest", fmt::format("dryRun={} is unknown", text))
      .with_hint("write dryRun=All");
}

std::string field_manager(const http::Request& request) {
  const std::string given = request.query_value("fieldManager");
  if (!given.empty()) return given;
  const std::string_view agent = request.headers.get("User-Agent");
  const std::string name(agent.substr(0, agent.find('/')));
  return name.empty() ? "unknown" : name;
}

http::Response json_response(int status, const json::Value& value) {
  return http::Response::of(status, json::dump(value) + "\n", "application/json");
}

http::Response status_response(const base::Error& error, const resources::Kind* kind, std::string_view name) {
  http::Response response = json_response(store::http_code(error), store::to_status(error, kind, name));
  if (response.status == 429 || response.status == 503) response.headers.set("Retry-After", "1");
  return response;
}

void add_warnings(http::Response& response, const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    std::string quoted;
    for (const char c : warning) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    response.headers.add("Warning", fmt::format("299 - \"{}\"", quoted));
  }
}

}  // namespace offtake::api
