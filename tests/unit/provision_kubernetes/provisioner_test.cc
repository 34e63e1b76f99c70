// One product's objects from nothing to nothing, and what stands in the way.
#include <doctest/doctest.h>

#include "api.h"
#include "base/crypto/crypto.h"
#include "operators/provision/kubernetes/kubernetes_provisioner.h"

namespace offtake::provision {
namespace {

using provision_test::Api;
using Names = std::vector<std::string>;

constexpr const char* kUid = "1a2b3c4d-0000-0000-0000-000000000000";
const Credentials kCredentials{"writer", "reader"};

ProductTarget product(const std::string& uid = kUid) {
  return {"installation", uid, "retail", "orders", "the_orders"};
}

// The server that exists, which notes what it is asked.
struct Calls {
  std::vector<std::string> made;  // by url and password
  std::vector<std::string> asked;
  bool away = false;
};
Calls calls;

class Server : public Provisioner {
 public:
  base::Status check() override { return note("check"); }
  base::Result<Provisioned> ensure(const ProductTarget&, const Credentials&) override {
    if (auto noted = note("ensure"); !noted) return std::move(noted).error();
    Provisioned out;
    out.endpoint_type = "postgres";
    return out;
  }
  base::Result<std::vector<targets::ControlRow>> controls(const ProductTarget&) override {
    if (auto noted = note("controls"); !noted) return std::move(noted).error();
    return std::vector<targets::ControlRow>(1);
  }
  base::Result<ViewChange> view_change(const ProductTarget&, const std::vector<ViewColumn>&) override {
    return ViewChange{};
  }
  base::Status fence(const ProductTarget&, int) override { return note("fence"); }
  base::Status drop_revision(const ProductTarget&, int) override { return note("drop"); }
  base::Status remove(const ProductTarget&, bool retain) override {
    return note(retain ? "retain" : "remove");
  }

 private:
  static base::Status note(const char* what) {
    calls.asked.emplace_back(what);
    if (calls.away) return base::transient("TargetUnreachable", "it is away");
    return {};
  }
};

base::Result<std::unique_ptr<Provisioner>> make_server(const ProvisionerSettings& settings) {
  const auto password = settings.admin.find("password");
  calls.made.push_back(settings.url + (password == settings.admin.end() ? "" : " " + password->second));
  return std::make_unique<Server>();
}

const templates::Definition kDefinition{
    {{"secret",
      "apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${product.id}\nstringData:\n  password: "
      "${generated.password}\n"},
     {"server",
      "apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: ${product.id}\nspec:\n  replicas: "
      "${parameters.replicas}\n  selector:\n    matchLabels: {server-of: \"${product.id}\"}\n"}},
    {{"host", "", "", {}, "${product.id}.${objects.namespace}.svc"},
     {"username", "", "", {}, "postgres"},
     {"password", "secret", "", templates::SecretKey{"", "password"}, {}}}};

std::unique_ptr<Provisioner> provisioner(Api& api, const std::string& replicas = "1",
                                         const templates::Definition& definition = kDefinition,
                                         const std::string& engine = "postgres") {
  ProvisionerSettings settings;
  settings.engine = engine;
  settings.class_name = "pg";
  settings.parameters = {{"replicas", replicas}};
  settings.objects = {definition, api.client(), "system"};
  auto made = kubernetes::make_kubernetes(settings, &make_server);
  REQUIRE_MESSAGE(made.ok(), made.error().text());
  return *std::move(made);
}

void serve(Api& api) {
  api.serve("v1", "Secret", "secrets");
  api.serve("v1", "PersistentVolumeClaim", "persistentvolumeclaims");
  api.serve("apps/v1", "StatefulSet", "statefulsets");
}

json::Value running() {
  return json::Object{{"observedGeneration", 1}, {"replicas", 1}, {"readyReplicas", 1}};
}

template <class T>
std::string told(const base::Result<T>& result) {
  return result ? "" : result.error().code + ": " + result.error().message;
}

std::string password_of(Api& api) {
  return *crypto::base64_decode(api.get("secrets", "orders-1a2b3c4d")["data"].string_or("password"));
}

TEST_CASE("a server is made, waited for, asked, and gone") {
  Api api;
  serve(api);
  calls = {};
  auto it = provisioner(api);
  CHECK(it->makes(product()) == Names{"Secret orders-1a2b3c4d in namespace system",
                                      "StatefulSet orders-1a2b3c4d in namespace system"});
  // Nothing is there: nothing was ever filled.
  CHECK(it->controls(product())->empty());
  CHECK(it->fence(product(), 1).ok());
  CHECK(told(it->ensure(product(), kCredentials)) ==
        "ProvisionerPending: StatefulSet orders-1a2b3c4d: its controller has not looked at it yet");
  CHECK(api.writes() == Names{"POST secrets/orders-1a2b3c4d", "PATCH statefulsets/orders-1a2b3c4d"});
  const std::string password = password_of(api);
  CHECK(password.size() >= 20);
  CHECK(api.get("statefulsets", "orders-1a2b3c4d")["spec"]["replicas"] == json::Value(1));

  api.set_status("statefulsets", "orders-1a2b3c4d", json::Object{{"observedGeneration", 1}});
  CHECK(told(it->ensure(product(), kCredentials)) ==
        "ProvisionerPending: StatefulSet orders-1a2b3c4d: 0 of 1 replicas are ready");
  const json::Value labels = json::Object{{"server-of", "orders-1a2b3c4d"}};
  api.put("pods",
          json::Object{{"kind", "Pod"}, {"metadata", json::Object{{"name", "p"}, {"labels", labels}}}});
  api.set_status("pods", "p",
                 json::Object{{"phase", "Pending"},
                              {"conditions", json::Array{json::Object{{"type", "PodScheduled"},
                                                                      {"status", "False"},
                                                                      {"reason", "Unschedulable"},
                                                                      {"message", "no room"}}}}});
  CHECK(told(it->ensure(product(), kCredentials)) ==
        "ProvisionerPending: StatefulSet orders-1a2b3c4d: 0 of 1 replicas are ready (Pod p: Unschedulable: "
        "no room)");
  api.set_status("pods", "p", json::Object{{"phase", "Succeeded"}});
  api.set_status("statefulsets", "orders-1a2b3c4d", running());
  CHECK(it->ensure(product(), kCredentials)->endpoint_type == "postgres");
  CHECK(calls.made == Names{"postgresql://orders-1a2b3c4d.system.svc:5432/postgres " + password});
  CHECK(it->controls(product())->size() == 1);
  CHECK(calls.made.size() == 1);
  CHECK(api.writes().empty());

  // Another process, and another size: only what differs is written, and no password is a new one.
  auto other = provisioner(api, "2");
  CHECK(other->controls(product())->size() == 1);
  CHECK(told(other->ensure(product(), kCredentials)) ==
        "ProvisionerPending: StatefulSet orders-1a2b3c4d: 1 of 2 replicas are ready");
  CHECK(api.writes() == Names{"PATCH statefulsets/orders-1a2b3c4d"});
  CHECK(password_of(api) == password);

  // It does not answer any more, and need not: all of it goes, with what its controller made.
  api.put(
      "persistentvolumeclaims",
      json::Object{{"kind", "PersistentVolumeClaim"},
                   {"metadata", json::Object{{"name", "data-orders"},
                                             {"labels", json::Object{{"offtake.dev/product-uid", kUid}}}}}});
  api.put(
      "persistentvolumeclaims",
      json::Object{{"metadata", json::Object{{"name", "of-another"},
                                             {"labels", json::Object{{"offtake.dev/product-uid", "x"}}}}}});
  calls.away = true;
  CHECK(it->removes_server());
  api.hold("statefulsets");
  CHECK(told(it->remove(product(), false)) ==
        "ProvisionerPending: StatefulSet orders-1a2b3c4d is being deleted");
  CHECK(told(it->ensure(product(), kCredentials)).starts_with("ProvisionerPending: StatefulSet"));
  api.let_go();
  CHECK(told(it->remove(product(), false)) ==
        "ProvisionerPending: PersistentVolumeClaim data-orders is being deleted");
  CHECK(it->remove(product(), false).ok());
  CHECK(api.names() == Names{"persistentvolumeclaims/of-another", "pods/p"});
  CHECK(it->remove(product(), false).ok());
}

TEST_CASE("what is kept is put in order first, and marked") {
  Api api;
  serve(api);
  calls = {};
  auto it = provisioner(api);
  CHECK_FALSE(it->ensure(product(), kCredentials).ok());
  api.set_status("statefulsets", "orders-1a2b3c4d", running());
  calls.away = true;
  CHECK(told(it->remove(product(), true)) == "TargetUnreachable: it is away");
  calls.away = false;
  CHECK(it->remove(product(), true).ok());
  CHECK(api.names() == Names{"secrets/orders-1a2b3c4d", "statefulsets/orders-1a2b3c4d"});
  CHECK(api.get("statefulsets", "orders-1a2b3c4d")
            .at({"metadata", "annotations"})
            .string_or("offtake.dev/retained") == "retail/orders");
  // A product whose uid begins alike.
  CHECK(told(it->ensure(product("1a2b3c4d-1"), kCredentials)) ==
        "TargetNameTaken: Secret orders-1a2b3c4d was retained from the product retail/orders, which was "
        "deleted");
}

TEST_CASE("what is somebody else's is not touched") {
  Api api;
  serve(api);
  api.put("statefulsets",
          json::Object{{"kind", "StatefulSet"}, {"metadata", json::Object{{"name", "orders-1a2b3c4d"}}}});
  auto it = provisioner(api);
  CHECK(told(it->ensure(product(), kCredentials)) ==
        "TargetNameTaken: StatefulSet orders-1a2b3c4d exists and is not Offtake's");
  CHECK(it->controls(product())->empty());
  CHECK(it->remove(product(), false).ok());
  CHECK(api.names() == Names{"statefulsets/orders-1a2b3c4d"});
}

TEST_CASE("a kind that is not there is waited for, one without namespaces refused") {
  Api api;
  api.serve("v1", "Secret", "secrets");
  auto it = provisioner(api);
  auto checked = it->check();
  REQUIRE_FALSE(checked.ok());
  CHECK(checked.error().retry == base::Retry::kWaiting);
  CHECK(told(checked) ==
        "KindMissing: class pg, template server: the cluster does not know StatefulSet of apps/v1");
  CHECK(checked.error().hint.find("CustomResourceDefinition of StatefulSet in the group apps") !=
        std::string::npos);
  CHECK(it->remove(product(), false).ok());

  api.serve("apps/v1", "StatefulSet", "statefulsets", false);
  CHECK(told(provisioner(api)->check()) ==
        "ClusterScoped: class pg, template server: StatefulSet of apps/v1 lives in no namespace");
}

TEST_CASE("of a receiver what is not of the server is asked without it") {
  Api api;
  api.serve("x.y/v1", "Function", "functions");
  calls = {};
  const templates::Definition definition{
      {{"function", "{apiVersion: x.y/v1, kind: Function, metadata: {name: \"${product.id}\"}}"}},
      {{"url", "function", "status.url", {}, {}}}};
  auto it = provisioner(api, "1", definition, "http");
  CHECK_FALSE(it->removes_server());
  CHECK(it->controls(product())->size() == 1);
  CHECK(told(it->ensure(product(), kCredentials)) ==
        "ProvisionerPending: Function orders-1a2b3c4d has no status.url yet (output url)");
  api.set_status("functions", "orders-1a2b3c4d", json::Object{{"url", "http://f"}});
  CHECK(it->ensure(product(), kCredentials).ok());
  CHECK(calls.made == Names{"", "http://f"});
  CHECK(it->remove(product(), false).ok());
  CHECK(calls.asked == Names{"controls", "ensure", "remove"});
  CHECK(api.names().empty());
}

}  // namespace
}  // namespace offtake::provision
