#include "base/yaml/node.h"
#include "controlplane/resources/validate.h"
#include "operators/provision/offers/offers.h"
#include "operators/provision/parameters/parameters.h"
#include "operators/sources/kafka_properties.h"

namespace offtake::resources {
namespace {

using base::Error;

Error rule(std::string code, std::string field, std::string message, std::string hint) {
  Error error = base::terminal(std::move(code), std::move(message));
  error.location.field = std::move(field);
  error.hint = std::move(hint);
  return error;
}

void no_twice(const std::vector<std::string>& columns, const std::string& field, std::vector<Error>& errors) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (columns[i] != columns[j]) continue;
      errors.push_back(rule("Duplicate", fmt::format("{}[{}]", field, i),
                            fmt::format("column '{}' is there twice", columns[i]), "remove one of the two"));
    }
  }
}

void check_access(const NamespaceAccess& access, const std::string& field, std::vector<Error>& errors) {
  if (access.from == AccessFrom::kSelector && !access.selector) {
    errors.push_back(rule("MissingField", field + ".selector", "is required with `from: Selector`",
                          "add `selector: {matchLabels: {…}}`"));
  }
  if (access.from != AccessFrom::kSelector && access.selector) {
    errors.push_back(rule("BadValue", field + ".selector",
                          fmt::format("has no meaning with `from: {}`", text_of(access.from)),
                          "write `from: Selector`, or remove the selector"));
  }
}

// Where an engine's targets may be.
void check_place(const TargetClassSpec& spec, std::vector<Error>& errors) {
  const provision::Offer* offer = provision::find_offer(spec.engine);
  if (offer == nullptr) return;  // the field's own rule says so
  const auto& schemes = offer->url_schemes;
  if (spec.provisioner.local && !offer->local) {
    errors.push_back(
        rule("NotAvailable", "spec.provisioner.local",
             fmt::format("`local` is not available for the engine {} in this version", spec.engine),
             offer->on_event_store ? "write `external: {eventStoreName}`"
                                   : "write `external: {url, adminSecretRef}` with a server that exists"));
  }
  if (!spec.provisioner.external) return;
  const std::string& url = spec.provisioner.external->url;
  if (offer->on_event_store) {
    if (spec.provisioner.external->event_store_name.empty()) {
      errors.push_back(rule("MissingField", "spec.provisioner.external.eventStoreName",
                            fmt::format("is required for the engine {}", spec.engine),
                            "name the EventStore that the topics are to be made on"));
    }
    if (!url.empty() || spec.provisioner.external->admin_secret_ref ||
        spec.provisioner.external->ca_secret_ref) {
      errors.push_back(rule("BadValue", "spec.provisioner.external",
                            fmt::format("the engine {} takes `eventStoreName` alone", spec.engine),
                            "remove the rest: the EventStore says how it is reached"));
    }
    return;
  }
  if (!spec.provisioner.external->event_store_name.empty()) {
    errors.push_back(rule("BadValue", "spec.provisioner.external.eventStoreName",
                          fmt::format("the engine {} does not write to an event store", spec.engine),
                          "remove it"));
  }
  if (schemes.empty()) {
    errors.push_back(rule("BadValue", "spec.provisioner.external",
                          fmt::format("the engine {} has no server", spec.engine), "write `local: {}`"));
    return;
  }
  if (url.empty()) {
    errors.push_back(rule("MissingField", "spec.provisioner.external.url",
                          fmt::format("is required for the engine {}", spec.engine),
                          fmt::format("write {}", offer->url_form)));
    return;
  }
  if (offer->receiver != provision::ReceiverKind::kNone && spec.provisioner.external->admin_secret_ref) {
    errors.push_back(rule("BadValue", "spec.provisioner.external.adminSecretRef",
                          fmt::format("the engine {} makes nothing there", spec.engine),
                          "remove it: products bring their own credentials, spec.target"));
  }
  const auto matches = [&](std::string_view scheme) { return url.starts_with(scheme); };
  if (url.find("://") == std::string::npos || std::any_of(schemes.begin(), schemes.end(), matches)) return;
  errors.push_back(rule("BadValue", "spec.provisioner.external.url",
                        fmt::format("'{}' must be {}", url, offer->url_form), ""));
}

// What is the matter with the templates is found where they are read.
void check_templates(const TargetClassSpec& spec, std::vector<Error>& errors) {
  const std::string path = "spec.provisioner.kubernetes";
  const provision::Offer* offer = provision::find_offer(spec.engine);
  if (offer == nullptr) return;
  if (!offer->kubernetes) {
    errors.push_back(rule("NotAvailable", path,
                          fmt::format("`kubernetes` is not available for the engine {}", spec.engine), ""));
    return;
  }
  for (Error& error :
       provision::templates::check(*spec.provisioner.kubernetes, spec.engine, spec.parameters)) {
    error.location.field = path + "." + error.location.field;
    errors.push_back(std::move(error));
  }
}

bool is_count(const std::string& text) {
  return !text.empty() && text.size() <= 4 && text[0] != '0' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// One on an event store has those of topics, others what their engine takes there.
void check_parameters(const TargetClassSpec& spec, std::vector<Error>& errors) {
  const provision::Offer* offer = provision::find_offer(spec.engine);
  std::vector<std::string> of_templates;
  if (spec.provisioner.kubernetes)
    of_templates = provision::templates::named_parameters(*spec.provisioner.kubernetes);
  for (const auto& [name, value] : spec.parameters) {
    const std::string field = yaml::field_path("spec.parameters", name);
    if (std::find(of_templates.begin(), of_templates.end(), name) != of_templates.end()) continue;
    if (offer != nullptr && offer->on_event_store && (name == "partitions" || name == "replicas")) {
      if (!is_count(value)) {
        errors.push_back(rule("BadValue", field, fmt::format("'{}' is no whole number from 1 to 9999", value),
                              "write it as text: \"4\""));
      }
      continue;
    }
    const bool local = spec.provisioner.local.has_value();
    const bool of_objects = !provision::of_objects(spec.engine, {{name, value}}).empty();
    if (spec.provisioner.kubernetes && !of_objects) {
      errors.push_back(rule("BadParameter", field,
                            fmt::format("no template names '${{parameters.{}}}'", name),
                            "use it in a template, or remove it"));
      continue;
    }
    if (!local && provision::object_parameters(spec.engine).empty()) {
      errors.push_back(rule("NotAvailable", field,
                            fmt::format("`parameters.{}` is not available in this version", name),
                            "remove it"));
      continue;
    }
    auto fine = provision::check_parameter(spec.engine, local, name, value);
    if (!fine) errors.push_back(rule(fine.error().code, field, fine.error().message, fine.error().hint));
  }
}

void check_key(const DatasetKey& key, std::vector<Error>& errors) {
  no_twice(key.columns, "spec.key.columns", errors);
  if (key.from == KeyFrom::kRecordKey && !key.format) {
    errors.push_back(rule("MissingField", "spec.key.format", "is required with `from: RecordKey`",
                          "say how the record's key is written: Avro, String, Int32, Int64 or UUID"));
  }
  if (key.from == KeyFrom::kValue && key.format) {
    errors.push_back(rule("BadValue", "spec.key.format", "has no meaning with `from: Value`",
                          "write `from: RecordKey`, or remove the format"));
  }
  if (key.from == KeyFrom::kRecordKey && key.format && *key.format != RecordKeyFormat::kAvro &&
      key.columns.size() > 1) {
    errors.push_back(rule("BadValue", "spec.key.columns",
                          fmt::format("a record key of format {} holds one column, not {}",
                                      text_of(*key.format), key.columns.size()),
                          "name one column"));
  }
}

}  // namespace

std::vector<Error> validate_self(const Event& object) {
  std::vector<Error> errors;
  // Of objects of the whole cluster they are in one namespace that is always there.
  const std::string& about = object.involved_object.namespace_name;
  const std::string wanted = about.empty() ? "default" : about;
  if (!object.metadata.namespace_name.empty() && object.metadata.namespace_name != wanted) {
    errors.push_back(rule("BadValue", "involvedObject.namespace",
                          fmt::format("'{}' is not the Event's own namespace", about),
                          fmt::format("make the Event in {}", wanted)));
  }
  return errors;
}

std::vector<Error> validate_self(const Secret& object) {
  constexpr std::size_t kMostBytes = 1 << 20;
  std::size_t bytes = 0;
  for (const auto& [key, value] : object.data) {
    const auto padding = static_cast<std::size_t>(std::count(value.begin(), value.end(), '='));
    bytes += value.size() / 4 * 3 - std::min(padding, value.size() / 4 * 3);
  }
  if (bytes <= kMostBytes) return {};
  return {
      rule("TooLong", "data", fmt::format("holds {} bytes; at most {} are allowed", bytes, kMostBytes), "")};
}

std::vector<Error> validate_self(const EventStore& object) {
  std::vector<Error> errors;
  if (!object.spec.kafka) return errors;
  for (const auto& [name, value] : object.spec.kafka->properties) {
    static const std::vector<std::string> allowed(sources::kKafkaProperties.begin(),
                                                  sources::kKafkaProperties.end());
    if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) continue;
    const std::string meant = did_you_mean(name, allowed);
    errors.push_back(rule("BadValue", fmt::format("spec.kafka.properties[\"{}\"]", name),
                          fmt::format("'{}' is not among the client properties that may be set", name),
                          meant.empty() ? fmt::format("they are {}", fmt::join(allowed, ", "))
                                        : fmt::format("did you mean {}?", meant)));
  }
  return errors;
}

std::vector<Error> validate_self(const Dataset& object) {
  std::vector<Error> errors;
  const DatasetSpec& spec = object.spec;
  const bool entity = spec.type == DatasetType::kEntity;
  if (entity && !spec.key) {
    errors.push_back(rule("MissingField", "spec.key", "is required for an Entity",
                          "add `key: {columns: [id]}` with what identifies a row"));
  }
  if (spec.key) check_key(*spec.key, errors);
  if (entity && spec.source.topic_config && spec.source.topic_config->retention.duration) {
    errors.push_back(rule(
        "EntityWithRetention", "spec.source.topicConfig.retention",
        fmt::format("an Entity on a topic that forgets after {} would lose the rows that nobody changes",
                    spec.source.topic_config->retention.text()),
        "write `retention: Forever`, with `cleanupPolicy: Compact` to keep the last record of each key"));
  }
  if (!spec.schema.references.empty() && spec.schema.definition.empty()) {
    errors.push_back(rule("BadValue", "spec.schema.references", "has no meaning without a definition",
                          "add `definition`, or remove the references"));
  }
  check_access(spec.access.namespaces, "spec.access.namespaces", errors);
  return errors;
}

std::vector<Error> validate_self(const TargetClass& object) {
  std::vector<Error> errors;
  const TargetClassSpec& spec = object.spec;
  check_place(spec, errors);
  if (spec.provisioner.kubernetes) check_templates(spec, errors);
  if (spec.provisioner.external) {
    const std::string& url = spec.provisioner.external->url;
    const std::size_t at = url.rfind('@');
    const std::size_t scheme = url.find("://");
    const bool password =
        at != std::string::npos && scheme != std::string::npos && url.find(':', scheme + 3) < at;
    if (password || url.find("password=") != std::string::npos) {
      errors.push_back(rule("BadValue", "spec.provisioner.external.url", "must not hold a password",
                            "put it in a Secret and name that in adminSecretRef"));
    }
  }
  check_parameters(spec, errors);
  if (spec.limits && spec.limits->per_product) {
    errors.push_back(rule("NotAvailable", "spec.limits.perProduct",
                          "`limits.perProduct` is not available in this version", "remove it"));
  }
  if (spec.namespaces.from == AccessFrom::kSame) {
    errors.push_back(rule("BadValue", "spec.namespaces.from", "a TargetClass is in no namespace of its own",
                          "write All or Selector"));
  }
  check_access(spec.namespaces, "spec.namespaces", errors);
  return errors;
}

std::vector<Error> validate_self(const DataProduct& object, const SqlCheck& sql) {
  constexpr std::size_t kLongestTarget = 48;
  std::vector<Error> errors;
  const DataProductSpec& spec = object.spec;
  no_twice(spec.target.key, "spec.target.key", errors);
  for (std::size_t i = 0; i < spec.target.indexes.size(); ++i) {
    no_twice(spec.target.indexes[i].columns, fmt::format("spec.target.indexes[{}].columns", i), errors);
  }
  if (spec.target.name.empty() && object.metadata.name.size() > kLongestTarget) {
    errors.push_back(rule("TooLong", "spec.target.name",
                          fmt::format("the product's name is {} bytes long; a target's has at most {}",
                                      object.metadata.name.size(), kLongestTarget),
                          "give the target a shorter name"));
  }
  if (spec.target.function) {
    const auto& variables = spec.target.function->env;
    for (std::size_t i = 0; i < variables.size(); ++i) {
      if (variables[i].name != "PORT" && variables[i].name != "K_SERVICE") continue;
      errors.push_back(rule("ReservedName", fmt::format("spec.target.function.env[{}].name", i),
                            fmt::format("{} is what Offtake tells the function", variables[i].name),
                            "leave it out, or choose another name"));
    }
  }
  if (sql && !spec.sql.empty()) {
    for (Error& error : sql(object)) errors.push_back(std::move(error));
  }
  return errors;
}

}  // namespace offtake::resources
