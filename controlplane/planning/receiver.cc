#include "controlplane/planning/receiver.h"

#include <algorithm>

#include "base/crypto/crypto.h"
#include "controlplane/planning/dataset_facts.h"
#include "controlplane/planning/lookup.h"
#include "operators/provision/offers/offers.h"

namespace offtake::planning {
namespace {

using provision::ReceiverKind;

constexpr std::string_view kFolder = "receiver/";

ReceiverKind kind_of_receiver(const resources::TargetClass& target_class) {
  const provision::Offer* offer = provision::find_offer(target_class.spec.engine);
  return offer == nullptr ? ReceiverKind::kNone : offer->receiver;
}

base::Error located(base::Error error, std::string_view field) {
  if (error.location.field.empty()) error.location.field = field;
  return error;
}

// "https://host:port" of a URL.
std::string_view origin_of(std::string_view url) {
  const auto host = url.find("://");
  return host == std::string_view::npos ? url : url.substr(0, url.find('/', host + 3));
}

class Drafting {
 public:
  Drafting(const resources::DataProduct& product, const resources::TargetClass& target_class,
           const resources::EventStore& state, const Overlay* overlay, store::ResourceClient& resources,
           platform::Platform& platform)
      : product_(product),
        class_(target_class),
        state_(state),
        overlay_(overlay),
        resources_(resources),
        platform_(platform) {}

  base::Result<ReceiverDraft> run() {
    const auto& target = product_.spec.target;
    const ReceiverKind kind = kind_of_receiver(class_);
    if (kind != ReceiverKind::kUrl && target.http) return mismatch("spec.target.http", "no URL");
    if (kind != ReceiverKind::kCommand && target.function)
      return mismatch("spec.target.function", "no command");
    targets::Receiver& receiver = out_.receiver;
    receiver.source = fmt::format("/namespaces/{}/dataproducts/{}", product_.metadata.namespace_name,
                                  product_.metadata.name);
    receiver.name = product_.metadata.name;
    base::Status done = kind == ReceiverKind::kUrl ? add_url() : add_command();
    if (!done) return std::move(done).error();
    return std::move(out_);
  }

 private:
  base::Error mismatch(const char* field, std::string_view what) const {
    base::Error error = base::terminal(
        "TargetMismatch",
        fmt::format("class {} (engine {}) takes {}", class_.metadata.name, class_.spec.engine, what));
    return located(std::move(error), field).with_hint("leave it out, or name another class");
  }

  base::Status add_url() {
    const resources::HttpTarget http = product_.spec.target.http.value_or(resources::HttpTarget{});
    auto address = offered_url();
    if (!address) return std::move(address).error();
    const std::string& offered = *address;
    out_.receiver.url = http.url.empty() ? offered : http.url;
    if (origin_of(out_.receiver.url) != origin_of(offered)) {
      base::Error error =
          base::terminal("ReceiverNotAllowed",
                         fmt::format("{} is not at {}, where class {} lets messages be sent",
                                     origin_of(out_.receiver.url), origin_of(offered), class_.metadata.name));
      return located(std::move(error), "spec.target.http.url").with_hint("name a class of that host");
    }
    out_.receiver.structured = http.format == resources::EventFormat::kStructured;
    if (http.auth_secret_ref) {
      auto values = secret(http.auth_secret_ref->name, "spec.target.http.authSecretRef");
      if (!values) return std::move(values).error();
      for (const auto& [key, file] :
           {std::pair("token", "token"), std::pair("username", "user"), std::pair("password", "password"),
            std::pair("signingKey", "signing-key")}) {
        if (const auto found = values->find(key); found != values->end()) add_file(file, found->second);
      }
      if (out_.secret_files.empty()) {
        return located(
            base::waiting("SecretMissing",
                          fmt::format("Secret {}/{} has none of the keys token, username, "
                                      "password, signingKey",
                                      product_.metadata.namespace_name, http.auth_secret_ref->name)),
            "spec.target.http.authSecretRef");
      }
    }
    if (http.ca_secret_ref) {
      auto ca = secret_key(*http.ca_secret_ref, "spec.target.http.caSecretRef");
      if (!ca) return std::move(ca).error();
      add_file("ca.crt", *ca);
    } else if (const auto& external = class_.spec.provisioner.external; external && external->ca_secret_ref) {
      auto pem = platform_.system_secret_key(*external->ca_secret_ref);
      if (!pem) return std::move(pem).error();
      add_file("ca.crt", *pem);
    }
    return add_answers(http.response_dataset_name, "spec.target.http.responseDatasetName");
  }

  // The class's, or that of the product's own receiver, which is known once it is there.
  base::Result<std::string> offered_url() const {
    if (const auto& external = class_.spec.provisioner.external) return external->url;
    if (const auto& endpoint = product_.status.endpoint) return endpoint->address;
    return base::waiting(
        "ProvisionerPending",
        fmt::format("class {} gives a product its receiver when it is made", class_.metadata.name));
  }

  base::Status add_command() {
    if (!product_.spec.target.function) {
      return located(base::terminal("MissingField", fmt::format("class {} runs a command for each product",
                                                                class_.metadata.name)),
                     "spec.target.function")
          .with_hint("write `function: {command: […]}`");
    }
    const resources::FunctionTarget& function = *product_.spec.target.function;
    if (platform_.settings().in_cluster) return add_service(function);
    if (!function.image.empty()) {
      return located(base::terminal("ImageNotAvailable", "images run in a cluster only"),
                     "spec.target.function.image")
          .with_hint("leave it out, and name a command of this machine");
    }
    if (function.command.empty()) {
      return located(base::terminal("MissingField", "it is not said which command takes the changes"),
                     "spec.target.function.command")
          .with_hint("write `command: [PROGRAM, ARGUMENT, …]`");
    }
    targets::ReceiverCommand& command = out_.receiver.command.emplace();
    command.argv = function.command;
    if (function.idle_timeout) command.idle_timeout = function.idle_timeout->micros;
    if (function.memory) command.memory_bytes = function.memory->value;
    for (std::size_t i = 0; i < function.env.size(); ++i) {
      const auto& variable = function.env[i];
      if (!variable.secret_key_ref) {
        command.environment.emplace_back(variable.name, variable.value.value_or(""));
        continue;
      }
      auto value =
          secret_key(*variable.secret_key_ref, fmt::format("spec.target.function.env[{}].secretKeyRef", i));
      if (!value) return std::move(value).error();
      command.secrets.push_back(variable.name);
      add_file("env-" + variable.name, *value);
    }
    return add_answers(function.response_dataset_name, "spec.target.function.responseDatasetName");
  }

  // In a cluster: a Service in the product's namespace, before what the image runs.
  base::Status add_service(const resources::FunctionTarget& function) {
    if (function.image.empty()) {
      return located(base::terminal("MissingField", "a function of a cluster is a container image"),
                     "spec.target.function.image")
          .with_hint("write `image: REPOSITORY/NAME:TAG`");
    }
    if (function.idle_timeout) {
      return located(base::terminal("IdleNotAvailable",
                                    "a Deployment is not stopped when nobody calls it in this version"),
                     "spec.target.function.idleTimeout")
          .with_hint("leave it out; or send to a Knative Service by a class of engine http");
    }
    out_.receiver.url = function_url(product_);
    return add_answers(function.response_dataset_name, "spec.target.function.responseDatasetName");
  }

  base::Status add_answers(const std::string& name, const char* field) {
    if (name.empty()) return {};
    const std::string& namespace_name = product_.metadata.namespace_name;
    const auto refuse = [&](const char* code, std::string text) {
      return located(base::terminal(code, std::move(text)), field);
    };
    auto dataset = look_up<resources::Dataset>(overlay_, resources_, namespace_name, name, "DatasetMissing");
    if (!dataset) return located(std::move(dataset).error(), field);
    const std::string shown = namespace_name + "/" + name;
    if (dataset->spec.type != resources::DatasetType::kEvent)
      return refuse("DatasetNotSuitable", fmt::format("{} is no event dataset", shown));
    if (dataset->spec.source.event_store_name != state_.metadata.name) {
      return refuse(
          "DatasetNotSuitable",
          fmt::format("{} is on event store {}; answers are written where the product's state is, on {}",
                      shown, dataset->spec.source.event_store_name, state_.metadata.name));
    }
    auto registry = platform_.registry_of(state_);
    if (!registry) return located(std::move(registry).error(), field);
    auto schema = latest_schema(**registry, dataset->spec.source.topic + "-value");
    if (!schema) return located(std::move(schema).error(), field);
    out_.receiver.answers = {dataset->spec.source.topic, schema->id, schema->text};
    return {};
  }

  // Of the product's namespace: whoever may make the product may read it there.
  base::Result<std::map<std::string, std::string>> secret(const std::string& name, std::string field) {
    auto object = look_up<resources::Secret>(overlay_, resources_, product_.metadata.namespace_name, name,
                                             "SecretMissing");
    if (!object) return located(std::move(object).error(), field);
    std::map<std::string, std::string> out;
    for (const auto& [key, encoded] : object->data) {
      if (auto value = object->value(key)) out[key] = *value;
    }
    return out;
  }

  base::Result<std::string> secret_key(const resources::SecretKeyRef& ref, std::string field) {
    auto values = secret(ref.name, field);
    if (!values) return std::move(values).error();
    const auto found = values->find(ref.key);
    if (found != values->end()) return found->second;
    return located(
        base::waiting("SecretMissing", fmt::format("Secret {}/{} has no key {}",
                                                   product_.metadata.namespace_name, ref.name, ref.key)),
        field);
  }

  void add_file(const std::string& name, const std::string& content) {
    out_.secret_files[std::string(kFolder) + name] = content;
  }

  const resources::DataProduct& product_;
  const resources::TargetClass& class_;
  const resources::EventStore& state_;
  const Overlay* overlay_;
  store::ResourceClient& resources_;
  platform::Platform& platform_;
  ReceiverDraft out_;
};

}  // namespace

std::string function_name(const resources::DataProduct& product) {
  // Of a Service, which has at most 63 characters.
  constexpr std::string_view kSuffix = "-function";
  constexpr std::size_t kLongest = 63;
  const std::string& name = product.metadata.name;
  if (name.size() + kSuffix.size() <= kLongest) return fmt::format("{}{}", name, kSuffix);
  const std::string hash = crypto::sha256_hex(name).substr(0, 8);
  std::string readable = name.substr(0, kLongest - kSuffix.size() - hash.size() - 1);
  while (readable.ends_with('-') || readable.ends_with('.')) readable.pop_back();
  return fmt::format("{}-{}{}", readable, hash, kSuffix);
}

std::string function_url(const resources::DataProduct& product) {
  return fmt::format("http://{}.{}.svc/", function_name(product), product.metadata.namespace_name);
}

bool is_pushed(const resources::TargetClass& target_class) {
  return kind_of_receiver(target_class) != ReceiverKind::kNone;
}

targets::PushSpec push_spec(const resources::DataProduct& product, plan::SentChanges changes) {
  const resources::Delivery& delivery = product.spec.delivery;
  targets::PushSpec out;
  out.changes = changes;
  if (delivery.max_in_flight) out.max_in_flight = static_cast<int>(*delivery.max_in_flight);
  if (delivery.answer_timeout) out.answer_timeout = delivery.answer_timeout->micros;
  if (delivery.retry.max_attempts) out.max_attempts = static_cast<int>(*delivery.retry.max_attempts);
  if (delivery.retry.max_delay) out.max_delay = delivery.retry.max_delay->micros;
  return out;
}

base::Result<resources::EventStore> state_store(const resources::DataProduct& product,
                                                const std::string& known, const Overlay* overlay,
                                                store::ResourceClient& resources) {
  if (!known.empty())
    return look_up<resources::EventStore>(overlay, resources, "", known, "EventStoreMissing");
  std::optional<resources::Dataset> chosen;
  for (const auto& name : sql::referenced_datasets(product.spec.sql, product.metadata.namespace_name)) {
    auto dataset =
        look_up<resources::Dataset>(overlay, resources, name.dataset_namespace, name.name, "DatasetMissing");
    if (!dataset) return std::move(dataset).error();
    const bool event = dataset->spec.type == resources::DatasetType::kEvent;
    if (!chosen || (event && chosen->spec.type != resources::DatasetType::kEvent))
      chosen = *std::move(dataset);
  }
  if (!chosen) return base::waiting("DatasetMissing", "the SQL names no dataset");
  return store_of(overlay, resources, *chosen);
}

base::Result<std::shared_ptr<provision::Provisioner>> provisioner_of(
    const resources::DataProduct& product, const resources::TargetClass& target_class,
    const std::string& known_store, const Overlay* overlay, store::ResourceClient& resources,
    platform::Platform& platform) {
  if (!is_pushed(target_class)) return platform.provisioner(target_class);
  auto store = state_store(product, known_store, overlay, resources);
  if (!store) return std::move(store).error();
  return platform.provisioner(target_class, &*store);
}

base::Result<ReceiverDraft> receiver_of(const resources::DataProduct& product,
                                        const resources::TargetClass& target_class,
                                        const resources::EventStore& state, const Overlay* overlay,
                                        store::ResourceClient& resources, platform::Platform& platform) {
  return Drafting(product, target_class, state, overlay, resources, platform).run();
}

}  // namespace offtake::planning
