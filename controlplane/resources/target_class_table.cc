#include "controlplane/resources/tables.h"
#include "operators/provision/offers/offers.h"

namespace offtake::resources {

namespace templates = provision::templates;

namespace {

std::vector<std::string> names(const std::vector<std::string_view>& engines) {
  return {engines.begin(), engines.end()};
}

// "scheme://host:port (engine)", of each engine that is a server.
std::string url_forms() {
  std::string out;
  for (const auto engine : provision::offered_engines()) {
    const auto form = provision::find_offer(engine)->url_form;
    if (!form.empty()) out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", form, engine);
  }
  return out;
}

}  // namespace

template <>
const ObjectType& table<ExternalProvisioner>() {
  static const ObjectType type =
      Table<ExternalProvisioner>("ExternalProvisioner",
                                 "A server that exists: products get schemas and roles on it")
          .field("url", &ExternalProvisioner::url, url_forms() + "; without a password", like(kServerUrl),
                 at_most(512))
          .field("eventStoreName", &ExternalProvisioner::event_store_name,
                 "The EventStore that the products' topics are made on (topic)", at_most(253),
                 refers_to("EventStore"))
          .field("adminSecretRef", &ExternalProvisioner::admin_secret_ref,
                 "Secret in offtake-system with the keys username and password of an account that may make "
                 "what products need there: roles and schemas, or indices")
          .field("caSecretRef", &ExternalProvisioner::ca_secret_ref, "PEM of the certificate authority")
          .done();
  return type;
}

template <>
const ObjectType& table<LocalProvisioner>() {
  static const ObjectType type =
      Table<LocalProvisioner>("LocalProvisioner",
                              "On this machine: files in the data directory of this installation, or for "
                              "an engine that is a server, one that Offtake starts, watches and stops")
          .done();
  return type;
}

template <>
const ObjectType& table<templates::Template>() {
  static const ObjectType type =
      Table<templates::Template>("ObjectTemplate", "An object that each product gets")
          .field("name", &templates::Template::name, "By what outputs name it", required(), like(kLabelName))
          .field(
              "manifest", &templates::Template::manifest,
              "YAML of one object, with placeholders in its scalars: ${product.id} and more. It is made in "
              "the operator's namespace",
              required(), between(1, templates::kLongestManifest))
          .done();
  return type;
}

template <>
const ObjectType& table<templates::SecretKey>() {
  static const ObjectType type =
      Table<templates::SecretKey>("OutputSecretKey", "A key of a Secret in the operator's namespace")
          .field("name", &templates::SecretKey::name,
                 "Name of the Secret, with placeholders; absent: the template's own object", at_most(512))
          .field("key", &templates::SecretKey::key, "Key within the Secret", required(), like(kSecretKey))
          .done();
  return type;
}

template <>
const ObjectType& table<templates::Output>() {
  static const ObjectType type =
      Table<templates::Output>("ProvisionerOutput", "What a client of the server needs to know")
          .field("name", &templates::Output::name, "What it is", required(),
                 one_of({templates::kOutputs.begin(), templates::kOutputs.end()}))
          .field("template", &templates::Output::template_name, "The template whose object is read",
                 like(kLabelName))
          .field("fieldPath", &templates::Output::field_path,
                 "A field of the object: status.url, .spec.clusterIP, status.addresses[0].ip", at_most(512))
          .field("secretKey", &templates::Output::secret_key, "A key of a Secret")
          .field("value", &templates::Output::value, "A text with placeholders", at_most(1024))
          .exactly_one({"fieldPath", "secretKey", "value"})
          .done();
  return type;
}

template <>
const ObjectType& table<templates::Definition>() {
  static const ObjectType type =
      Table<templates::Definition>("KubernetesProvisioner",
                                   "Objects of the cluster that the operator runs in, made for each product")
          .field("templates", &templates::Definition::templates, "The objects, in the order they are made in",
                 required(), between(1, 16), map_list({"name"}))
          .field("outputs", &templates::Definition::outputs,
                 "Where the server is, and who may provision there", required(), between(1, 16),
                 map_list({"name"}))
          .done();
  return type;
}

template <>
const ObjectType& table<ProvisionerChoice>() {
  static const ObjectType type =
      Table<ProvisionerChoice>("ProvisionerChoice", "How a target's infrastructure comes to life")
          .field("external", &ProvisionerChoice::external, "A server that exists")
          .field("local", &ProvisionerChoice::local, "On this machine")
          .field("kubernetes", &ProvisionerChoice::kubernetes,
                 "A server of its own for each product, in the cluster that the operator runs in")
          .exactly_one({"external", "local", "kubernetes"}, true)
          .done();
  return type;
}

template <>
const ObjectType& table<ProductLimits>() {
  static const ObjectType type = Table<ProductLimits>("ProductLimits", "What one product may take")
                                     .field("rows", &ProductLimits::rows, "Rows of its target")
                                     .field("storage", &ProductLimits::storage, "Bytes of its target")
                                     .done();
  return type;
}

template <>
const ObjectType& table<ClassLimits>() {
  static const ObjectType type =
      Table<ClassLimits>("ClassLimits", "What may be taken")
          .field("products", &ClassLimits::products, "How many products", between(0, 100'000))
          .field("perProduct", &ClassLimits::per_product, "What one product may take")
          .done();
  return type;
}

template <>
const ObjectType& table<TargetClassSpec>() {
  static const ObjectType type =
      Table<TargetClassSpec>("TargetClassSpec", "What is offered")
          .field("engine", &TargetClassSpec::engine, "What the target is", required(), immutable(),
                 one_of(names(provision::offered_engines())), not_yet(names(provision::planned_engines())))
          .field("description", &TargetClassSpec::description, "What it is good for", at_most(4096))
          .field("provisioner", &TargetClassSpec::provisioner, "How a target comes to life", required())
          .field("parameters", &TargetClassSpec::parameters,
                 "Settings of a local server (home, runAs, memory), or what templates name as "
                 "${parameters.NAME}",
                 at_most(64), each(at_most(1024)))
          .field("limits", &TargetClassSpec::limits, "What may be taken")
          .field("namespaces", &TargetClassSpec::namespaces, "Absent: all namespaces may use it")
          .done();
  return type;
}

template <>
const ObjectType& table<TargetClassStatus>() {
  static const ObjectType type =
      Table<TargetClassStatus>("TargetClassStatus", "What was found")
          .field("observedGeneration", &TargetClassStatus::observed_generation,
                 "The spec that this speaks about")
          .field("conditions", &TargetClassStatus::conditions, "Ready", at_most(16), map_list({"type"}))
          .field("products", &TargetClassStatus::products, "How many products use it")
          .field("address", &TargetClassStatus::address,
                 "host:port of the server, where this installation runs it itself", at_most(512))
          .done();
  return type;
}

template <>
const ObjectType& table<TargetClass>() {
  static const ObjectType type =
      root_table<TargetClass>("TargetClass", "What the platform team offers as targets")
          .field("spec", &TargetClass::spec, "What is offered", required())
          .field("status", &TargetClass::status, "What was found")
          .done();
  return type;
}

template <>
const Kind& kind_of<TargetClass>() {
  static const Kind kind{std::string(kGroup),
                         std::string(kVersion),
                         "TargetClass",
                         "targetclasses",
                         "targetclass",
                         {"tclass"},
                         {"offtake"},
                         false,
                         true,
                         table<TargetClass>().doc,
                         {ready_column(),
                          status_column(),
                          {"Engine", "string", ".spec.engine", 0, "What the target is"},
                          {"Products", "integer", ".status.products", 0, "How many products use it"},
                          {"Address", "string", ".status.address", 0, "Of a server that Offtake runs itself"},
                          age_column(),
                          {"Description", "string", ".spec.description", 1, "What it is good for"}},
                         &table<TargetClass>(),
                         &kSubdomainName};
  return kind;
}

}  // namespace offtake::resources
