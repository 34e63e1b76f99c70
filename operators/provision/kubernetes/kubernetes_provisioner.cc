#include "operators/provision/kubernetes/kubernetes_provisioner.h"

#include <mutex>

#include "base/crypto/crypto.h"
#include "base/id.h"
#include "operators/provision/kubernetes/objects.h"
#include "operators/provision/kubernetes/outputs.h"
#include "operators/provision/kubernetes/readiness.h"
#include "operators/provision/offers/offers.h"
#include "operators/provision/templates/manifest.h"

namespace offtake::provision::kubernetes {
namespace {

using templates::Manifest;

const Type kClaims{"", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"};

std::string label_of(const json::Value& object, std::string_view label) {
  return object.at({"metadata", "labels"}).string_or(label);
}

bool is_of(const json::Value& object, const ProductTarget& target) {
  return label_of(object, templates::kUidLabel) == target.product_uid;
}

base::Error taken(const json::Value& object) {
  const std::string title = title_of(object);
  if (std::string left = object.at({"metadata", "annotations"}).string_or(kRetainedAnnotation); !left.empty())
    return retained_from(title, left);
  const std::string owner = label_of(object, templates::kNameLabel);
  const std::string whose = owner.empty() ? "is not Offtake's"
                                          : fmt::format("belongs to the product {}/{}",
                                                        label_of(object, templates::kNamespaceLabel), owner);
  return base::terminal("TargetNameTaken", fmt::format("{} exists and {}", title, whose))
      .with_hint("let the template's metadata.name hold ${product.id}");
}

// The passwords that a Secret keeps; new ones for those it does not have yet.
base::Result<std::map<std::string, std::string>> passwords(const Manifest& manifest,
                                                           const json::Value& live) {
  std::map<std::string, std::string> out;
  for (const auto& [name, key] : manifest.generated()) {
    const std::string kept = live["data"].string_or(key);
    if (kept.empty()) {
      out[name] = base::random_password();
      continue;
    }
    auto bytes = crypto::base64_decode(kept);
    if (!bytes) return std::move(bytes).error().in(fmt::format("{}, key {}", title_of(live), key));
    out[name] = *std::move(bytes);
  }
  return out;
}

class KubernetesProvisioner : public Provisioner {
 public:
  KubernetesProvisioner(const ProvisionerSettings& settings, std::vector<Manifest> manifests,
                        MakeServer make_server)
      : settings_(settings),
        manifests_(std::move(manifests)),
        make_server_(make_server),
        objects_(settings.objects->api, settings.objects->namespace_name) {
    const Offer* offer = find_offer(settings.engine);
    is_receiver_ = offer != nullptr && offer->receiver != ReceiverKind::kNone;
  }

  // That its kinds are there; whether a server comes to life is each product's to say.
  base::Status check() override {
    for (const Manifest& manifest : manifests_) {
      auto type = objects_.type_of(manifest.api_version(), manifest.kind());
      if (!type) return of_template(manifest, std::move(type).error());
    }
    if (!is_receiver_) return {};
    auto journal = receiver_journal();
    if (!journal) return std::move(journal).error();
    return (*journal)->check();
  }

  base::Result<Provisioned> ensure(const ProductTarget& target, const Credentials& credentials) override {
    const templates::Subject subject = subject_of(target);
    auto live = make_objects(target, subject);
    if (!live) return std::move(live).error();
    for (const Manifest& manifest : manifests_) {
      const json::Value& object = live->at(manifest.template_name());
      const Readiness readiness = readiness_of(object);
      if (readiness.progress == Progress::kReady) continue;
      std::string sentence = fmt::format("{}: {}{}", title_of(object), readiness.says, words_of_pods(object));
      if (readiness.progress == Progress::kPending) return not_ready(std::move(sentence));
      return base::terminal("ProvisionerFailed", std::move(sentence));
    }
    auto server = server_of(target, subject, *live);
    if (!server) return std::move(server).error();
    return (*server)->ensure(target, credentials);
  }

  std::vector<std::string> makes(const ProductTarget& target) const override {
    std::vector<std::string> out;
    for (const Manifest& manifest : manifests_) {
      auto name = manifest.name(subject_of(target));
      if (!name) continue;
      out.push_back(fmt::format("{} {} in namespace {}", manifest.kind(), *name, objects_.namespace_name()));
    }
    if (!is_receiver_) return out;
    if (auto journal = receiver_journal()) {
      for (std::string& made : (*journal)->makes(target)) out.push_back(std::move(made));
    }
    return out;
  }

  base::Result<std::vector<targets::ControlRow>> controls(const ProductTarget& target) override {
    return delegate<std::vector<targets::ControlRow>>(
        target, [&](Provisioner& server) { return server.controls(target); });
  }
  base::Result<ViewChange> view_change(const ProductTarget& target,
                                       const std::vector<ViewColumn>& columns) override {
    return delegate<ViewChange>(target,
                                [&](Provisioner& server) { return server.view_change(target, columns); });
  }
  base::Status fence(const ProductTarget& target, int revision) override {
    return delegate<void>(target, [&](Provisioner& server) { return server.fence(target, revision); });
  }
  base::Status drop_revision(const ProductTarget& target, int revision) override {
    return delegate<void>(target,
                          [&](Provisioner& server) { return server.drop_revision(target, revision); });
  }

  base::Status remove(const ProductTarget& target, bool retain) override {
    // What is kept outlives this product, and so must be left in order; so must what is not of the server.
    if (retain || is_receiver_) {
      auto cleared =
          delegate<void>(target, [&](Provisioner& server) { return server.remove(target, retain); });
      if (!cleared) return cleared;
    }
    forget(target);
    return retain ? mark_retained(target) : remove_objects(target);
  }

  // A receiver's journal is on the event store.
  bool removes_server() const override { return !is_receiver_; }

 private:
  templates::Subject subject_of(const ProductTarget& target) const {
    templates::Subject out;
    out.product_namespace = target.product_namespace;
    out.product = target.product;
    out.product_uid = target.product_uid;
    out.target_name = target.target_name;
    out.class_name = settings_.class_name;
    out.objects_namespace = objects_.namespace_name();
    out.parameters = settings_.parameters;
    return out;
  }

  // What makes pods says how many are ready, not what is the matter with the others.
  std::string words_of_pods(const json::Value& object) {
    const json::Value& labels = object.at({"spec", "selector", "matchLabels"});
    if (object.string_or("apiVersion") != "apps/v1" || !labels.is_object()) return "";
    std::vector<std::string> selector;
    for (const auto& [name, value] : labels.as_object()) {
      if (value.is_string()) selector.push_back(name + "=" + value.as_string());
    }
    if (selector.empty()) return "";
    auto pods = objects_.selected(offtake::kubernetes::kPods, fmt::format("{}", fmt::join(selector, ",")));
    if (!pods) return "";  // more words, and no need
    for (const json::Value& pod : *pods) {
      const Readiness readiness = readiness_of(pod);
      if (readiness.progress != Progress::kReady)
        return fmt::format(" ({}: {})", title_of(pod), readiness.says);
    }
    return "";
  }

  base::Error of_template(const Manifest& manifest, base::Error error) const {
    return std::move(error).in(
        fmt::format("class {}, template {}", settings_.class_name, manifest.template_name()));
  }

  base::Result<LiveObjects> make_objects(const ProductTarget& target, const templates::Subject& subject) {
    LiveObjects out;
    for (const Manifest& manifest : manifests_) {
      auto made = make_object(manifest, target, subject);
      // What its own sentence names needs no more words.
      if (!made && (made.error().code == "ProvisionerPending" || made.error().code == "TargetNameTaken"))
        return std::move(made).error();
      if (!made) return of_template(manifest, std::move(made).error());
      out[manifest.template_name()] = *std::move(made);
    }
    return out;
  }

  base::Result<json::Value> make_object(const Manifest& manifest, const ProductTarget& target,
                                        const templates::Subject& subject) {
    auto type = objects_.type_of(manifest.api_version(), manifest.kind());
    if (!type) return std::move(type).error();
    auto name = manifest.name(subject);
    if (!name) return std::move(name).error();
    auto live = objects_.find(*type, *name);
    if (!live) return live;
    if (live->is_object() && !is_of(*live, target)) return taken(*live);
    if (live->at({"metadata", "deletionTimestamp"}).is_string()) {
      return not_ready(fmt::format("{} is being deleted; it is made anew when it is gone", title_of(*live)));
    }
    auto generated = passwords(manifest, *live);
    if (!generated) return std::move(generated).error();
    auto wanted = manifest.object(subject, *generated);
    if (!wanted) return wanted;
    // A password that another process made in this moment is not written over.
    return objects_.keep(*type, with_digest(*std::move(wanted)), *live, !generated->empty());
  }

  // As they are; nothing where one of them is not there, or is not the product's.
  base::Result<std::optional<LiveObjects>> find_objects(const ProductTarget& target,
                                                        const templates::Subject& subject) {
    LiveObjects out;
    for (const Manifest& manifest : manifests_) {
      auto found = find_object(manifest, target, subject);
      if (!found) return of_template(manifest, std::move(found).error());
      if (found->second.is_null()) return std::optional<LiveObjects>();
      out[manifest.template_name()] = std::move(found->second);
    }
    return std::optional(std::move(out));
  }

  base::Result<std::pair<Type, json::Value>> find_object(const Manifest& manifest,
                                                         const ProductTarget& target,
                                                         const templates::Subject& subject) {
    auto type = objects_.type_of(manifest.api_version(), manifest.kind());
    // Nothing of such a type can be there.
    if (!type && (type.error().code == "KindMissing" || type.error().code == "ClusterScoped"))
      return std::pair(Type(), json::Value());
    if (!type) return std::move(type).error();
    auto name = manifest.name(subject);
    if (!name) return std::move(name).error();
    auto live = objects_.find(*type, *name);
    if (!live) return std::move(live).error();
    if (live->is_object() && !is_of(*live, target)) return std::pair(*type, json::Value());
    return std::pair(*std::move(type), *std::move(live));
  }

  // The provisioner on the product's server, by what the outputs say now.
  base::Result<std::shared_ptr<Provisioner>> server_of(const ProductTarget& target,
                                                       const templates::Subject& subject,
                                                       const LiveObjects& live) {
    auto outputs = read_outputs(
        settings_.objects->definition, subject, live,
        [this](const std::string& name) { return objects_.find(offtake::kubernetes::kSecrets, name); });
    if (!outputs) return std::move(outputs).error();
    std::lock_guard lock(mutex_);
    Server& kept = servers_[target.product_uid];
    if (kept.provisioner && kept.outputs == *outputs) return kept.provisioner;
    auto made = make_server_(server_settings(settings_, *outputs));
    if (!made) return std::move(made).error();
    kept = {*std::move(outputs), std::shared_ptr<Provisioner>(*std::move(made))};
    return kept.provisioner;
  }

  base::Result<std::shared_ptr<Provisioner>> receiver_journal() const {
    std::lock_guard lock(mutex_);
    if (journal_) return journal_;
    auto made = make_server_(server_settings(settings_, {}));
    if (!made) return std::move(made).error();
    journal_ = *std::move(made);
    return journal_;
  }

  // Null: there is no server yet.
  base::Result<std::shared_ptr<Provisioner>> reach(const ProductTarget& target) {
    if (is_receiver_) return receiver_journal();
    {
      std::lock_guard lock(mutex_);
      const auto kept = servers_.find(target.product_uid);
      if (kept != servers_.end() && kept->second.provisioner) return kept->second.provisioner;
    }
    const templates::Subject subject = subject_of(target);
    auto live = find_objects(target, subject);
    if (!live) return std::move(live).error();
    if (!*live) return std::shared_ptr<Provisioner>();
    return server_of(target, subject, **live);
  }

  template <class T, class Call>
  base::Result<T> delegate(const ProductTarget& target, const Call& call) {
    auto server = reach(target);
    if (!server) return std::move(server).error();
    if (!*server) {
      if constexpr (std::is_void_v<T>) {
        return {};
      } else {
        return T();
      }
    }
    auto done = call(**server);
    // Its address or its password may be other ones by now.
    if (!done) forget(target);
    return done;
  }

  void forget(const ProductTarget& target) {
    std::lock_guard lock(mutex_);
    servers_.erase(target.product_uid);
  }

  base::Status mark_retained(const ProductTarget& target) {
    const templates::Subject subject = subject_of(target);
    for (const Manifest& manifest : manifests_) {
      auto found = find_object(manifest, target, subject);
      if (!found) return of_template(manifest, std::move(found).error());
      if (found->second.is_null()) continue;
      auto marked = objects_.annotate(found->first, found->second, kRetainedAnnotation,
                                      fmt::format("{}/{}", target.product_namespace, target.product));
      if (!marked) return marked;
    }
    return {};
  }

  base::Status remove_objects(const ProductTarget& target) {
    const templates::Subject subject = subject_of(target);
    std::string left;
    for (auto manifest = manifests_.rbegin(); manifest != manifests_.rend(); ++manifest) {
      auto found = find_object(*manifest, target, subject);
      if (!found) return of_template(*manifest, std::move(found).error());
      if (found->second.is_null()) continue;
      if (auto removed = objects_.remove(found->first, found->second); !removed) return removed;
      auto now = objects_.find(found->first, found->second["metadata"].string_or("name"));
      if (!now) return std::move(now).error();
      if (now->is_object() && left.empty()) left = title_of(*now);
    }
    if (!left.empty()) return not_ready(left + " is being deleted");
    return remove_claims(target);
  }

  // A StatefulSet leaves its volumes behind.
  base::Status remove_claims(const ProductTarget& target) {
    const bool may_have = std::any_of(manifests_.begin(), manifests_.end(), [](const Manifest& manifest) {
      return manifest.kind() == "StatefulSet" || manifest.kind() == kClaims.kind;
    });
    if (!may_have) return {};
    auto claims = objects_.selected(kClaims, fmt::format("{}={}", templates::kUidLabel, target.product_uid));
    if (!claims) return std::move(claims).error();
    for (const json::Value& claim : *claims) {
      if (auto removed = objects_.remove(kClaims, claim); !removed) return removed;
    }
    // A volume is given up when the last pod that has it is gone.
    if (claims->empty()) return {};
    return not_ready(title_of(claims->front()) + " is being deleted");
  }

  struct Server {
    Outputs outputs;
    std::shared_ptr<Provisioner> provisioner;
  };

  const ProvisionerSettings settings_;
  const std::vector<Manifest> manifests_;
  const MakeServer make_server_;
  mutable Objects objects_;
  bool is_receiver_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, Server> servers_;         // by the product's uid; guarded by mutex_
  mutable std::shared_ptr<Provisioner> journal_;  // of receivers: what is not of the server; likewise
};

}  // namespace

base::Result<std::unique_ptr<Provisioner>> make_kubernetes(const ProvisionerSettings& settings,
                                                           MakeServer make_server) {
  std::vector<Manifest> manifests;
  for (const auto& each : settings.objects->definition.templates) {
    auto parsed = Manifest::parse(each);
    if (!parsed) return std::move(parsed).error().in("template " + each.name);
    manifests.push_back(*std::move(parsed));
  }
  return std::make_unique<KubernetesProvisioner>(settings, std::move(manifests), make_server);
}

}  // namespace offtake::provision::kubernetes
