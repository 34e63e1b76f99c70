#include "base/crypto/crypto.h"
#include "base/id.h"
#include "controlplane/reconcile/data_product/reconciler.h"

namespace offtake::reconcile {
namespace {

constexpr std::string_view kWriterKey = "writer-password";
constexpr std::string_view kReaderKey = "reader-password";
constexpr const char* kUidLabel = "offtake.dev/product-uid";

// Of the worker: in the system namespace, where tenants cannot read it.
std::string credentials_name(const resources::DataProduct& product) {
  return "target-" + product.metadata.uid;
}
std::string binding_name(const resources::DataProduct& product) {
  return product.metadata.name + "-binding";
}

std::map<std::string, std::string> labels(const resources::DataProduct& product) {
  return {{"offtake.dev/product-namespace", product.metadata.namespace_name},
          {"offtake.dev/product-name", product.metadata.name},
          {kUidLabel, product.metadata.uid}};
}

bool is_of(const resources::ObjectMeta& metadata, const resources::DataProduct& product) {
  const auto label = metadata.labels.find(kUidLabel);
  return label != metadata.labels.end() && label->second == product.metadata.uid;
}

base::Error taken(const std::string& name) {
  return base::terminal("BindingNameTaken",
                        fmt::format("the Secret {} is there already, and not this product's", name))
      .with_hint("remove it, or call the product otherwise");
}

// `uid` empty: whichever has the name.
base::Status delete_if_there(store::ResourceClient& client, std::string_view namespace_name,
                             const std::string& name, const std::string& uid = "") {
  store::DeleteOptions options;
  options.uid = uid;
  auto deleted = client.remove(resources::kind_of<resources::Secret>(), namespace_name, name, options);
  if (deleted || deleted.error().code == "NotFound") return {};
  return std::move(deleted).error();
}

}  // namespace

base::Result<provision::Credentials> DataProductReconciler::ensure_credentials(
    const resources::DataProduct& product) {
  const std::string name = credentials_name(product);
  auto existing = store::get<resources::Secret>(client_, platform_.settings().system_namespace, name);
  if (!existing && existing.error().code != "NotFound") return std::move(existing).error();
  if (!existing) {
    // Stored before it is used: a crash in between finds the same passwords again.
    resources::Secret secret;
    secret.metadata.name = name;
    secret.metadata.namespace_name = platform_.settings().system_namespace;
    secret.metadata.labels = labels(product);
    secret.set(kWriterKey, base::random_password());
    secret.set(kReaderKey, base::random_password());
    if (auto created = client_.create(resources::to_json(secret)); !created)
      return std::move(created).error();
    existing = secret;
  }
  provision::Credentials credentials;
  credentials.writer_password = existing->value(kWriterKey).value_or("");
  credentials.reader_password = existing->value(kReaderKey).value_or("");
  return credentials;
}

base::Status DataProductReconciler::ensure_binding(const resources::DataProduct& product,
                                                   const provision::Provisioned& provisioned,
                                                   std::string& bound) {
  resources::Secret secret;
  secret.metadata.name = binding_name(product);
  secret.metadata.namespace_name = product.metadata.namespace_name;
  secret.metadata.labels = labels(product);
  secret.type = "servicebinding.io/" + provisioned.endpoint_type;
  for (const auto& [key, value] : provisioned.binding) secret.set(key, value);
  const json::Value wanted = resources::to_json(secret);
  const std::string digest = crypto::sha256_hex(json::dump_canonical(wanted));
  auto there = store::get<resources::Secret>(client_, secret.metadata.namespace_name, secret.metadata.name);
  if (there && there->data == secret.data && there->type == secret.type && is_of(there->metadata, product)) {
    bound = digest;
    return {};
  }
  // In a cluster it may be written and not read: what was written is taken to be there still.
  if (!there && there.error().code == "Forbidden" && bound == digest) return {};
  if (auto own = own_binding(product); !own) return std::move(own).error();
  store::ApplyOptions options;
  options.force = true;
  auto applied = client_.apply(wanted, options);
  if (!applied) return std::move(applied).error();
  bound = digest;
  return {};
}

// The uid of the binding, when it is there; an error where somebody else's Secret has its name. Its label is
// asked for by a patch that only tests: in a cluster it may be written and not read.
base::Result<std::optional<std::string>> DataProductReconciler::own_binding(
    const resources::DataProduct& product) {
  store::PatchOptions options;
  options.dry_run = true;
  const json::Value test = json::Array{json::Object{{"op", "test"},
                                                    {"path", "/metadata/labels/offtake.dev~1product-uid"},
                                                    {"value", product.metadata.uid}}};
  auto tested = client_.patch(resources::kind_of<resources::Secret>(), product.metadata.namespace_name,
                              binding_name(product), store::PatchType::kJson, test, options);
  if (tested) return std::optional(tested->object["metadata"].string_or("uid"));
  if (tested.error().code == "NotFound") return std::optional<std::string>();
  if (tested.error().code == "Invalid") return taken(binding_name(product));
  return std::move(tested).error();
}

base::Status DataProductReconciler::remove_secrets(const resources::DataProduct& product) {
  auto own = own_binding(product);
  if (!own && own.error().code != "BindingNameTaken") return std::move(own).error();
  if (own && *own) {
    auto gone = delete_if_there(client_, product.metadata.namespace_name, binding_name(product), **own);
    if (!gone) return gone;
  }
  return delete_if_there(client_, platform_.settings().system_namespace, credentials_name(product));
}

}  // namespace offtake::reconcile
