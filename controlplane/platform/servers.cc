#include "base/id.h"
#include "controlplane/platform/platform.h"
#include "controlplane/platform/server_secret.h"
#include "operators/provision/parameters/parameters.h"
#include "operators/provision/server_engines.h"

namespace offtake::platform {

namespace servers = provision::servers;

bool runs_server(const resources::TargetClass& object) {
  return object.spec.provisioner.local.has_value() &&
         provision::local_form(object.spec.engine) == provision::LocalForm::kServer;
}

std::string server_secret_name(const resources::TargetClass& object) {
  return "server-" + object.metadata.uid;
}

base::Result<servers::ServerOrder> Platform::server_order(const resources::TargetClass& object) {
  servers::ServerOrder order;
  order.name = object.metadata.name;
  order.uid = object.metadata.uid;
  order.generation = object.metadata.generation;
  order.engine = object.spec.engine;
  order.parameters = provision::of_server(order.engine, object.spec.parameters);
  const std::string name = server_secret_name(object);
  std::string version;
  auto admin = secret(name, version);
  if (!admin && admin.error().code != "SecretMissing") return std::move(admin).error();
  if (!admin) {
    const provision::ServerEngine* engine = provision::find_server_engine(order.engine);
    if (engine == nullptr) {
      return base::terminal("EngineNotAvailable",
                            fmt::format("this version cannot run a server of the engine {}", order.engine));
    }
    // Stored before it is used: a crash in between finds the same password again.
    resources::Secret made;
    made.metadata.name = name;
    made.metadata.namespace_name = settings_.system_namespace;
    made.metadata.labels = {{"offtake.dev/target-class", object.metadata.name}};
    made.set("username", engine->username);
    made.set("password", base::random_password());
    if (auto created = resources_.create(resources::to_json(made)); !created)
      return std::move(created).error();
    admin = secret(name, version);
    if (!admin) return std::move(admin).error();
  }
  order.username = (*admin)["username"];
  order.password = (*admin)["password"];
  return order;
}

base::Status Platform::keep_server(const resources::TargetClass& object) {
  if (!runs_server(object)) return {};
  if (!settings_.servers) {
    return base::terminal("ServersNotAvailable",
                          "servers of an installation's own run under `offtake serve` only");
  }
  auto order = server_order(object);
  if (!order) return std::move(order).error();
  return settings_.servers->keep(*order);
}

base::Status Platform::remove_server(const resources::TargetClass& object) {
  if (!runs_server(object) || !settings_.servers) return {};
  servers::ServerOrder order;
  order.name = object.metadata.name;
  order.uid = object.metadata.uid;
  order.generation = object.metadata.generation;
  order.engine = object.spec.engine;
  order.parameters = provision::of_server(order.engine, object.spec.parameters);
  if (auto removed = settings_.servers->remove(order); !removed) return removed;
  auto deleted = resources_.remove(resources::kind_of<resources::Secret>(), settings_.system_namespace,
                                   server_secret_name(object));
  if (deleted || deleted.error().code == "NotFound") return {};
  return std::move(deleted).error();
}

std::string Platform::server_address(const resources::TargetClass& object) const {
  if (!runs_server(object) || !settings_.servers) return "";
  const auto view = settings_.servers->look(object.metadata.name, object.metadata.uid);
  return view.port == 0 ? "" : fmt::format("127.0.0.1:{}", view.port);
}

}  // namespace offtake::platform
