#include "operators/provision/kubernetes/outputs.h"

#include <doctest/doctest.h>

#include "base/crypto/crypto.h"
#include "operators/provision/provisioner.h"

namespace offtake::provision::kubernetes {
namespace {

json::Value secret(const std::string& name, const std::string& key, const std::string& value) {
  return json::Object{{"kind", "Secret"},
                      {"metadata", json::Object{{"name", name}}},
                      {"data", json::Object{{key, crypto::base64(value)}}}};
}

templates::Subject subject() {
  templates::Subject out;
  out.product = "orders";
  out.product_uid = "1a2b3c4d-5e6f";
  out.objects_namespace = "system";
  return out;
}

base::Result<Outputs> read(const templates::Output& output, const LiveObjects& objects) {
  return read_outputs({{}, {output}}, subject(), objects,
                      [](const std::string& name) -> base::Result<json::Value> {
                        if (name == "orders-1a2b3c4d-app") return secret(name, "password", "p");
                        return json::Value();
                      });
}

std::string told(const templates::Output& output, const LiveObjects& objects) {
  auto found = read(output, objects);
  if (found) return found->at(output.name);
  CHECK(found.error().code == "ProvisionerPending");
  CHECK(found.error().retry == base::Retry::kWaiting);
  return found.error().message;
}

TEST_CASE("outputs come from fields, Secrets and texts") {
  const LiveObjects objects = {
      {"server", *json::parse(R"({"kind": "X", "metadata": {"name": "x"}, "status": {"url": "u"}})")},
      {"secret", secret("s", "password", "own")}};
  CHECK(told({"url", "server", "status.url", {}, {}}, objects) == "u");
  CHECK(told({"url", "server", "status.port", {}, {}}, objects) == "X x has no status.port yet (output url)");
  CHECK(told({"host", "", "", {}, "${product.id}.${objects.namespace}.svc"}, objects) ==
        "orders-1a2b3c4d.system.svc");
  CHECK(told({"password", "secret", "", templates::SecretKey{"", "password"}, {}}, objects) == "own");
  CHECK(told({"password", "secret", "", templates::SecretKey{"", "user"}, {}}, objects) ==
        "Secret s has no key user yet (output password)");
  CHECK(told({"password", "server", "", templates::SecretKey{"${product.id}-app", "password"}, {}},
             objects) == "p");
  CHECK(told({"password", "server", "", templates::SecretKey{"${product.id}-superuser", "password"}, {}},
             objects) == "Secret orders-1a2b3c4d-superuser does not exist yet (output password)");
}

TEST_CASE("outputs become a server that exists") {
  ProvisionerSettings of_class;
  of_class.engine = "postgres";
  of_class.objects.emplace();
  of_class.parameters = {{"image", "x"}};
  const Outputs outputs = {{"host", "h"}, {"username", "u"}, {"password", "p"}, {"ca.crt", "pem"}};
  const ProvisionerSettings postgres = server_settings(of_class, outputs);
  CHECK(postgres.url == "postgresql://h:5432/postgres");
  CHECK(postgres.admin ==
        std::map<std::string, std::string>{{"username", "u"}, {"password", "p"}, {"ca.crt", "pem"}});
  CHECK(postgres.parameters.empty());
  CHECK_FALSE(postgres.objects.has_value());
  CHECK(server_settings(of_class, {{"host", "::1"}, {"port", "1"}, {"database", "d"}}).url ==
        "postgresql://[::1]:1/d");
  CHECK(server_settings(of_class, {{"host", "h"}, {"url", "postgresql://other/x"}}).url ==
        "postgresql://other/x");
  of_class.engine = "elasticsearch";
  of_class.parameters = {{"image", "x"}, {"shards", "3"}};
  const ProvisionerSettings search = server_settings(of_class, {{"host", "h"}});
  CHECK(search.url == "https://h:9200");
  CHECK(search.parameters == std::map<std::string, std::string>{{"shards", "3"}});
}

TEST_CASE("without a cluster such a class is refused by name") {
  ProvisionerSettings settings;
  settings.engine = "postgres";
  settings.class_name = "pg";
  settings.objects.emplace();
  auto made = make_provisioner(settings);
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().code == "ProvisionerNotAvailable");
  CHECK(made.error().text() ==
        "class pg is provisioned by Kubernetes objects, and there is no cluster; only "
        "`offtake operator` in a cluster has it");
}

}  // namespace
}  // namespace offtake::provision::kubernetes
