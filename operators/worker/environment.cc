#include "operators/worker/environment.h"

#include <sstream>

#include "base/files/files.h"
#include "operators/sources/kafka/store.h"
#include "schemas/registry/client.h"

namespace offtake::worker {
namespace {

const std::string kRegistryFolder = "registry-";

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) out.push_back(line);
  }
  return out;
}

// A secret file's content; empty when there is none: what is needed is found out by the connection.
base::Result<std::string> secret(const files::Path& directory, const std::string& folder, const char* name) {
  const files::Path path = directory / folder / name;
  if (!files::exists(path)) return std::string();
  return files::read_file(path);
}

base::Result<std::shared_ptr<sources::EventStore>> open_store(const StoreSpec& spec,
                                                              const files::Path& secrets) {
  if (spec.kind == StoreSpec::Kind::kEmbedded) {
    return base::terminal("StoreNotAvailable", "the embedded event store is opened by `offtake serve` alone");
  }
  sources::KafkaConnection connection;
  connection.bootstrap_servers = spec.bootstrap_servers;
  connection.tls = spec.tls;
  connection.sasl_mechanism = spec.sasl_mechanism;
  connection.properties = spec.properties;
  for (const auto& [name, field] :
       {std::pair("username", &connection.username), std::pair("password", &connection.password),
        std::pair("ca.crt", &connection.ca_pem)}) {
    auto value = secret(secrets, spec.secrets_folder, name);
    if (!value) return std::move(value).error();
    *field = *std::move(value);
  }
  auto store = sources::kafka::make_store(connection);
  if (!store) return std::move(store).error();
  return std::shared_ptr<sources::EventStore>(*std::move(store));
}

base::Result<std::string> fetch_schema(const StoreSpec& spec, int id, const files::Path& secrets) {
  const std::string folder = kRegistryFolder + spec.name;
  // Where the registry is may change while the worker runs: the embedded one's port does.
  auto urls = secret(secrets, folder, "urls");
  if (!urls) return std::move(urls).error();
  registry::ConfluentOptions options;
  options.urls = urls->empty() ? spec.registry_urls : lines(*urls);
  if (options.urls.empty()) {
    return base::waiting(
        "SchemaMissing",
        fmt::format("schema {} is not in the job and store {} has no registry", id, spec.name));
  }
  for (const auto& [name, field] :
       {std::pair("username", &options.user), std::pair("password", &options.password),
        std::pair("token", &options.bearer_token)}) {
    auto value = secret(secrets, folder, name);
    if (!value) return std::move(value).error();
    *field = *std::move(value);
  }
  auto client = registry::confluent_client(options);
  if (!client) return std::move(client).error();
  return (*client)->text_by_id(id);
}

}  // namespace

bool is_read_at_use(std::string_view secret_file) {
  return secret_file.starts_with(kRegistryFolder);
}

base::Result<targets::TargetConnection> resolve_target(const Job& job, const std::string& secrets_directory,
                                                       const std::string& state_directory) {
  targets::TargetConnection connection = job.target;
  auto password = secret(secrets_directory, job.target_secrets_folder, "password");
  if (!password) return std::move(password).error();
  connection.password = *std::move(password);
  auto ca = secret(secrets_directory, job.target_secrets_folder, "ca.crt");
  if (!ca) return std::move(ca).error();
  connection.ca_pem = *std::move(ca);
  if (connection.receiver) {
    connection.receiver->secrets_directory = (files::Path(secrets_directory) / "receiver").string();
    connection.receiver->directory = (files::Path(state_directory) / "function").lexically_normal().string();
  }
  if (!connection.path.empty()) {
    connection.path = (files::Path(state_directory) / connection.path).lexically_normal().string();
  }
  return connection;
}

Environment process_environment(const std::string& secrets_directory, const std::string& state_directory,
                                std::int64_t incarnation) {
  Environment environment;
  environment.incarnation = incarnation;
  environment.state_directory = state_directory;
  environment.open_store = [secrets_directory](const StoreSpec& spec) {
    return open_store(spec, secrets_directory);
  };
  environment.fetch_schema = [secrets_directory](const StoreSpec& spec, int id) {
    return fetch_schema(spec, id, secrets_directory);
  };
  environment.resolve_target = [=](const Job& job) {
    return resolve_target(job, secrets_directory, state_directory);
  };
  return environment;
}

}  // namespace offtake::worker
