#include "controlplane/platform/platform.h"

#include "controlplane/platform/server_secret.h"
#include "operators/sources/kafka/store.h"

namespace offtake::platform {
namespace {

std::string version_of(const resources::ObjectMeta& metadata) {
  return fmt::format("{}/{}", metadata.uid, metadata.generation);
}

}  // namespace

Platform::Platform(store::ResourceClient& resources, PlatformSettings settings)
    : resources_(resources), settings_(std::move(settings)) {}

base::Result<std::map<std::string, std::string>> Platform::secret(std::string_view name,
                                                                  std::string& version) {
  auto object = store::get<resources::Secret>(resources_, settings_.system_namespace, name);
  if (!object) {
    if (object.error().code != "NotFound") return std::move(object).error();
    return base::waiting("SecretMissing",
                         fmt::format("Secret {}/{} does not exist", settings_.system_namespace, name))
        .with_hint("create it in that namespace; it is waited for");
  }
  version += "/" + object->metadata.resource_version;
  std::map<std::string, std::string> out;
  for (const auto& [key, encoded] : object->data) {
    if (auto value = object->value(key)) out[key] = *value;
  }
  return out;
}

base::Result<std::string> Platform::secret_key(const resources::SecretKeyRef& ref, std::string& version) {
  auto values = secret(ref.name, version);
  if (!values) return std::move(values).error();
  const auto found = values->find(ref.key);
  if (found == values->end()) {
    return base::waiting("SecretMissing", fmt::format("Secret {}/{} has no key {}",
                                                      settings_.system_namespace, ref.name, ref.key));
  }
  return found->second;
}

base::Result<sources::KafkaConnection> Platform::kafka_connection(const resources::EventStore& object,
                                                                  std::string& version) {
  const resources::KafkaStore& kafka = *object.spec.kafka;
  sources::KafkaConnection connection;
  connection.bootstrap_servers = kafka.bootstrap_servers;
  connection.properties = kafka.properties;
  connection.tls = kafka.tls.has_value();
  if (kafka.tls && kafka.tls->ca_secret_ref) {
    auto ca = secret_key(*kafka.tls->ca_secret_ref, version);
    if (!ca) return std::move(ca).error();
    connection.ca_pem = *std::move(ca);
  }
  if (kafka.sasl) {
    connection.sasl_mechanism = std::string(resources::text_of(kafka.sasl->mechanism));
    auto credentials = secret(kafka.sasl->secret_ref.name, version);
    if (!credentials) return std::move(credentials).error();
    connection.username = (*credentials)["username"];
    connection.password = (*credentials)["password"];
  }
  return connection;
}

base::Result<std::shared_ptr<sources::EventStore>> Platform::event_store(
    const resources::EventStore& object) {
  if (object.spec.embedded) {
    if (settings_.embedded_log) return settings_.embedded_log;
    return base::terminal("StoreNotAvailable",
                          "the embedded event store is only there under `offtake serve`");
  }
  std::lock_guard lock(mutex_);
  std::string version = version_of(object.metadata);
  auto connection = kafka_connection(object, version);
  if (!connection) return std::move(connection).error();
  auto& kept = stores_[object.metadata.name];
  if (kept.handle && kept.version == version) return kept.handle;
  auto opened = sources::kafka::make_store(*connection);
  if (!opened) return std::move(opened).error();
  kept = {version, *std::move(opened)};
  return kept.handle;
}

base::Result<std::shared_ptr<registry::Client>> Platform::registry_of(const resources::EventStore& object) {
  const auto& choice = object.spec.registry;
  if (!choice || !choice->confluent) {
    if (settings_.embedded_registry) return settings_.embedded_registry;
    return base::terminal("RegistryNotAvailable", "no embedded schema registry runs here");
  }
  std::lock_guard lock(mutex_);
  std::string version = version_of(object.metadata);
  registry::ConfluentOptions options;
  options.urls = choice->confluent->urls;
  if (choice->confluent->secret_ref) {
    auto credentials = secret(choice->confluent->secret_ref->name, version);
    if (!credentials) return std::move(credentials).error();
    options.user = (*credentials)["username"];
    options.password = (*credentials)["password"];
  }
  auto& kept = registries_[object.metadata.name];
  if (kept.handle && kept.version == version) return kept.handle;
  auto client = registry::confluent_client(options);
  if (!client) return std::move(client).error();
  kept = {version, *std::move(client)};
  return kept.handle;
}

base::Result<std::shared_ptr<provision::Provisioner>> Platform::provisioner(
    const resources::TargetClass& object, const resources::EventStore* state) {
  provision::ProvisionerSettings settings;
  std::string version = version_of(object.metadata);
  std::string key = object.metadata.name;
  if (state != nullptr) {
    auto events = event_store(*state);
    if (!events) return std::move(events).error();
    settings.event_store = state->metadata.name;
    settings.events = *std::move(events);
    version += fmt::format("/{}", fmt::ptr(settings.events.get()));
    key += "/" + state->metadata.name;
  } else if (const auto& external = object.spec.provisioner.external;
             external && !external->event_store_name.empty()) {
    auto found = store::get<resources::EventStore>(resources_, "", external->event_store_name);
    if (!found) {
      if (found.error().code != "NotFound") return std::move(found).error();
      return base::waiting("EventStoreMissing",
                           fmt::format("EventStore {} does not exist", external->event_store_name))
          .with_hint("create it; it is waited for");
    }
    auto events = event_store(*found);
    if (!events) return std::move(events).error();
    settings.event_store = external->event_store_name;
    settings.events = *std::move(events);
    // Another handle where it, or a Secret it names, changed.
    version += fmt::format("/{}", fmt::ptr(settings.events.get()));
  }
  std::lock_guard lock(mutex_);
  settings.engine = object.spec.engine;
  settings.class_name = object.metadata.name;
  settings.class_uid = object.metadata.uid;
  settings.local = object.spec.provisioner.local.has_value();
  settings.servers = settings_.servers;
  settings.parameters = object.spec.parameters;
  settings.directory = settings_.targets_directory;
  if (const auto& external = object.spec.provisioner.external) {
    settings.url = external->url;
    if (external->admin_secret_ref) {
      auto admin = secret(external->admin_secret_ref->name, version);
      if (!admin) return std::move(admin).error();
      settings.admin = *std::move(admin);
    }
    if (external->ca_secret_ref) {
      auto ca = secret_key(*external->ca_secret_ref, version);
      if (!ca) return std::move(ca).error();
      settings.admin["ca.crt"] = *std::move(ca);
    }
  }
  if (const auto& kubernetes = object.spec.provisioner.kubernetes)
    settings.objects = {*kubernetes, settings_.cluster, settings_.objects_namespace};
  if (runs_server(object)) {
    auto admin = secret(server_secret_name(object), version);
    // Made with the server.
    if (!admin && admin.error().code == "SecretMissing") {
      return base::waiting("ServerStarting",
                           fmt::format("the server of class {} is not made yet", object.metadata.name));
    }
    if (!admin) return std::move(admin).error();
    settings.admin = *std::move(admin);
  }
  auto& kept = provisioners_[key];
  if (kept.handle && kept.version == version) return kept.handle;
  auto made = provision::make_provisioner(settings);
  if (!made) return std::move(made).error();
  kept = {version, std::shared_ptr<provision::Provisioner>(*std::move(made))};
  return kept.handle;
}

base::Result<std::string> Platform::system_secret_key(const resources::SecretKeyRef& ref) {
  std::string version;
  return secret_key(ref, version);
}

void Platform::set_registry_url(std::string url) {
  std::lock_guard lock(mutex_);
  registry_url_ = std::move(url);
}

base::Result<worker::StoreSpec> Platform::worker_store(const resources::EventStore& object,
                                                       std::map<std::string, std::string>& secret_files) {
  worker::StoreSpec spec;
  spec.name = object.metadata.name;
  const auto& choice = object.spec.registry;
  const std::string folder = "registry-" + spec.name;
  if (choice && choice->confluent) {
    spec.registry_urls = choice->confluent->urls;
    if (choice->confluent->secret_ref) {
      std::string version;
      auto credentials = secret(choice->confluent->secret_ref->name, version);
      if (!credentials) return std::move(credentials).error();
      secret_files[folder + "/username"] = (*credentials)["username"];
      secret_files[folder + "/password"] = (*credentials)["password"];
    }
  } else {
    std::lock_guard lock(mutex_);
    if (!registry_url_.empty()) {
      spec.registry_urls = {registry_url_};
      if (!settings_.registry_token.empty())
        secret_files["registry-" + spec.name + "/token"] = settings_.registry_token;
    }
  }
  if (!spec.registry_urls.empty()) {
    secret_files[folder + "/urls"] = fmt::format("{}\n", fmt::join(spec.registry_urls, "\n"));
  }
  if (!object.spec.kafka) {
    spec.kind = worker::StoreSpec::Kind::kEmbedded;
    return spec;
  }
  std::string version;
  auto connection = kafka_connection(object, version);
  if (!connection) return std::move(connection).error();
  spec.kind = worker::StoreSpec::Kind::kKafka;
  spec.bootstrap_servers = connection->bootstrap_servers;
  spec.tls = connection->tls;
  spec.sasl_mechanism = connection->sasl_mechanism;
  spec.properties = connection->properties;
  spec.secrets_folder = "store-" + spec.name;
  if (!connection->username.empty()) {
    secret_files[spec.secrets_folder + "/username"] = connection->username;
    secret_files[spec.secrets_folder + "/password"] = connection->password;
  }
  if (!connection->ca_pem.empty()) secret_files[spec.secrets_folder + "/ca.crt"] = connection->ca_pem;
  return spec;
}

}  // namespace offtake::platform
