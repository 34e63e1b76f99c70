#include <atomic>

#include "base/http/client.h"
#include "base/json/value.h"
#include "schemas/registry/client.h"
#include "schemas/registry/identity.h"

namespace offtake::registry {
namespace {

constexpr int kMaxReferenceDepth = 20;

class ConfluentClient final : public Client {
 public:
  explicit ConfluentClient(const ConfluentOptions& options) {
    for (const std::string& url : options.urls) {
      http::ClientOptions http;
      http.base_url = url;
      http.user = options.user;
      http.password = options.password;
      http.bearer_token = options.bearer_token;
      http.ca_file = options.ca_file;
      servers_.push_back({url, http::Client(std::move(http))});
    }
  }

  base::Status ping() override {
    const auto answer = call("GET", "/schemas/types");
    // Some registries have no such path: that they answer is enough.
    if (!answer && answer.error().retry != base::Retry::kWaiting) return answer.error();
    return {};
  }

  base::Result<SchemaVersion> version(const std::string& subject, int version) override {
    const std::string number = version == kLatest ? "latest" : std::to_string(version);
    const auto answer = call("GET", "/subjects/" + http::percent_encode(subject) + "/versions/" + number);
    if (!answer) return answer.error();
    auto text = text_of(*answer, 0);
    if (!text) return std::move(text).error();
    return SchemaVersion{subject, static_cast<int>(answer->int_or("version")),
                         static_cast<int>(answer->int_or("id")), std::move(*text)};
  }

  base::Result<std::string> text_by_id(int id) override {
    const auto answer = call("GET", "/schemas/ids/" + std::to_string(id));
    if (!answer) return answer.error();
    return text_of(*answer, 0);
  }

  base::Result<SchemaVersion> register_schema(const std::string& subject, const std::string& text) override {
    const std::string path = "/subjects/" + http::percent_encode(subject);
    const auto registered = call("POST", path + "/versions", schema_body(text));
    if (!registered) return registered.error();
    // Registering answers the id only; the version is looked up.
    const auto found = call("POST", path, schema_body(text));
    if (!found) return found.error();
    return SchemaVersion{subject, static_cast<int>(found->int_or("version")),
                         static_cast<int>(registered->int_or("id")), found->string_or("schema", text)};
  }

  base::Result<std::vector<std::string>> subjects() override {
    const auto answer = call("GET", "/subjects");
    if (!answer) return answer.error();
    return strings(*answer);
  }

  base::Result<std::vector<int>> versions(const std::string& subject) override {
    const auto answer = call("GET", "/subjects/" + http::percent_encode(subject) + "/versions");
    if (!answer) return answer.error();
    std::vector<int> numbers;
    if (!answer->is_array()) return unexpected("a list of versions", *answer);
    for (const json::Value& item : answer->as_array()) {
      if (item.is_int()) numbers.push_back(static_cast<int>(item.as_int()));
    }
    return numbers;
  }

  base::Status delete_subject(const std::string& subject) override {
    const std::string path = "/subjects/" + http::percent_encode(subject);
    for (const char* query : {"", "?permanent=true"}) {
      const auto answer = call("DELETE", path + query);
      if (!answer && answer.error().retry != base::Retry::kWaiting) return answer.error();
    }
    return {};
  }

  base::Result<std::vector<std::string>> conflicts(const std::string& subject,
                                                   const std::string& text) override {
    const auto answer = call(
        "POST", "/compatibility/subjects/" + http::percent_encode(subject) + "/versions/latest?verbose=true",
        schema_body(text));
    if (!answer) {
      if (answer.error().retry == base::Retry::kWaiting)
        return std::vector<std::string>{};  // the first version
      return answer.error();
    }
    if (answer->bool_or("is_compatible")) return std::vector<std::string>{};
    auto messages = strings((*answer)["messages"]);
    if (!messages || messages->empty()) return std::vector<std::string>{"the registry finds it incompatible"};
    return messages;
  }

 private:
  struct Server {
    std::string url;
    http::Client client;
  };

  static std::string schema_body(const std::string& text) {
    json::Value body = json::Value::object();
    body.set("schema", text);
    return json::dump(body);
  }

  static base::Error unexpected(std::string_view what, const json::Value& answer) {
    return base::terminal("RegistryAnswerNotUnderstood",
                          fmt::format("the schema registry did not answer with {}", what))
        .with_detail(json::dump(answer).substr(0, 500));
  }

  static base::Result<std::vector<std::string>> strings(const json::Value& answer) {
    if (!answer.is_array()) return unexpected("a list of names", answer);
    std::vector<std::string> out;
    for (const json::Value& item : answer.as_array()) {
      if (item.is_string()) out.push_back(item.as_string());
    }
    return out;
  }

  // One exchange with the first server that answers.
  base::Result<json::Value> call(const std::string& method, const std::string& path, std::string body = "") {
    base::Error last = base::transient("Unreachable", "the schema registry did not answer");
    const std::size_t first = preferred_.load();
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      const std::size_t index = (first + i) % servers_.size();
      const Server& server = servers_[index];
      http::ClientRequest request;
      request.method = method;
      request.path = path;
      request.headers.set("Accept", "application/vnd.schemaregistry.v1+json, application/json");
      if (!body.empty()) request.headers.set("Content-Type", "application/vnd.schemaregistry.v1+json");
      request.body = body;
      const auto response = server.client.send(request);
      if (!response) {
        last = base::Error(response.error()).in("schema registry " + server.url);
        continue;
      }
      if (response->status >= 500 || response->status == 429) {
        last = refused(server, *response);
        continue;
      }
      preferred_.store(index);
      if (response->status / 100 != 2) return refused(server, *response);
      auto value = json::parse(response->body, 200);
      if (!value) return unexpected("JSON", json::Value(response->body.substr(0, 200)));
      return value;
    }
    return last;
  }

  static base::Error refused(const Server& server, const http::ClientResponse& response) {
    const auto body = json::parse(response.body);
    const std::string message =
        body ? body->string_or("message") : std::string(http::status_text(response.status));
    const auto error_code =
        static_cast<int>(body ? body->int_or("error_code", response.status) : response.status);
    base::Error error = base::terminal(
        code_of(error_code), fmt::format("schema registry {}: {} ({})", server.url, message, error_code));
    if (response.status == 401 || response.status == 403) {
      error.code = "RegistryUnauthorized";
      error.hint = "check the credentials of the event store's registry";
    } else if (response.status == 404) {
      error.retry = base::Retry::kWaiting;
    } else if (response.status >= 500 || response.status == 429) {
      error.retry = base::Retry::kTransient;
    }
    return error;
  }

  // Reads a schema with what it refers to.
  base::Result<avro::Schema> schema_of(const json::Value& answer, int depth) {
    if (depth > kMaxReferenceDepth) return errors::invalid_schema("references are nested too deeply");
    const std::string type = answer.string_or("schemaType", "AVRO");
    if (type != "AVRO") {
      return errors::invalid_schema(fmt::format("schemas of type {} are not supported; AVRO is", type));
    }
    const auto references = parse_references(answer["references"]);
    if (!references) return unexpected("references", answer["references"]);
    std::vector<avro::Schema> known;
    for (const Reference& reference : *references) {
      const auto target =
          call("GET", fmt::format("/subjects/{}/versions/{}?deleted=true",
                                  http::percent_encode(reference.subject), reference.version));
      if (!target) return target.error();
      auto schema = schema_of(*target, depth + 1);
      if (!schema) return std::move(schema).error();
      known.push_back(std::move(*schema));
    }
    auto schema = avro::parse(answer.string_or("schema"), {.check_defaults = false, .known = known});
    if (!schema) return errors::invalid_schema(schema.error().text());
    return schema;
  }

  base::Result<std::string> text_of(const json::Value& answer, int depth) {
    if (!answer["schema"].is_string()) return unexpected("a schema", answer);
    const auto schema = schema_of(answer, depth);
    if (!schema) return schema.error();
    return answer["references"].is_null() ? answer.string_or("schema") : avro::to_json(*schema);
  }

  std::vector<Server> servers_;
  std::atomic<std::size_t> preferred_{0};
};

}  // namespace

base::Result<std::unique_ptr<Client>> confluent_client(const ConfluentOptions& options) {
  if (options.urls.empty()) return base::terminal("BadUrl", "the schema registry has no URL");
  return std::unique_ptr<Client>(std::make_unique<ConfluentClient>(options));
}

}  // namespace offtake::registry
