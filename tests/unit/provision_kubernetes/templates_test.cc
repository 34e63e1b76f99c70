#include <doctest/doctest.h>

#include "base/crypto/crypto.h"
#include "operators/provision/kubernetes/objects.h"
#include "operators/provision/templates/field_path.h"
#include "operators/provision/templates/manifest.h"

namespace offtake::provision::templates {
namespace {

Subject subject() {
  Subject out;
  out.product_namespace = "retail";
  out.product = "true";  // a name that a reader of YAML takes for something else
  out.product_uid = "1e345678-9abc-def0-1234-56789abcdef0";
  out.target_name = "the_orders";
  out.class_name = "pg";
  out.objects_namespace = "offtake-system";
  out.parameters = {{"replicas", "3"}, {"image", "x/y:1"}, {"on", "true"}, {"nothing", ""}};
  return out;
}

json::Value rendered(const std::string& manifest, const std::map<std::string, std::string>& generated = {}) {
  auto parsed = Manifest::parse({"t", manifest});
  REQUIRE_MESSAGE(parsed.ok(), parsed.error().text());
  auto object = parsed->object(subject(), generated);
  REQUIRE_MESSAGE(object.ok(), object.error().text());
  return *std::move(object);
}

std::string field(const json::Value& object, std::string_view path) {
  auto steps = parse_field_path(path);
  REQUIRE_MESSAGE(steps.ok(), steps.error().text());
  return read_field(object, *steps);
}

TEST_CASE("placeholders are replaced inside of scalars") {
  const json::Value object = rendered(R"(
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: ${product.id}
  namespace: elsewhere
  labels: {mine: "${product.name}", offtake.dev/product-uid: forged}
spec:
  replicas: ${parameters.replicas}
  text: "${parameters.replicas}"
  flag: ${parameters.on}
  name: ${product.name}
  image: ${parameters.image}
  joined: a-${product.namespace}-${target.name}-${class.name}
  script: |
    echo $${HOME} $HOME ${parameters.image}
  volumeClaimTemplates:
  - metadata: {name: data}
status: {replicas: 7}
)");
  CHECK(field(object, "metadata.name") == "true-1e345678");
  CHECK(field(object, "metadata.namespace") == "offtake-system");
  CHECK(field(object, "metadata.labels[\"offtake.dev/product-uid\"]") == subject().product_uid);
  CHECK(field(object, "metadata.labels[\"offtake.dev/product-name\"]") == "true");
  CHECK(field(object, "metadata.labels[\"offtake.dev/product-namespace\"]") == "retail");
  CHECK(field(object, "metadata.labels[\"app.kubernetes.io/managed-by\"]") == "offtake");
  CHECK(field(object, "metadata.labels.mine") == "true");
  CHECK(object["spec"]["replicas"] == json::Value(3));
  CHECK(object["spec"]["text"] == json::Value("3"));
  CHECK(object["spec"]["flag"] == json::Value(true));
  CHECK(object["spec"]["name"] == json::Value("true"));
  CHECK(object["spec"]["image"] == json::Value("x/y:1"));
  CHECK(field(object, "spec.joined") == "a-retail-the_orders-pg");
  CHECK(field(object, "spec.script") == "echo ${HOME} $HOME x/y:1\n");
  CHECK(field(object, "spec.volumeClaimTemplates[0].metadata.labels[\"offtake.dev/product-uid\"]") ==
        subject().product_uid);
  CHECK(object.find("status") == nullptr);
}

TEST_CASE("a value is never read as YAML") {
  Subject evil = subject();
  evil.parameters["image"] = "x\n  privileged: true # {[";
  auto parsed = Manifest::parse(
      {"t", "apiVersion: v1\nkind: X\nmetadata: {name: n}\nspec:\n  a: \"${parameters.image}\"\n"});
  REQUIRE(parsed.ok());
  auto object = parsed->object(evil);
  REQUIRE(object.ok());
  CHECK((*object)["spec"].as_object().size() == 1);
  CHECK((*object)["spec"].string_or("a") == evil.parameters["image"]);
}

TEST_CASE("a short id is good as a DNS label") {
  CHECK(product_id("orders", "1a2b3c4d-5e6f-7081-9203-a4b5c6d7e8f9") == "orders-1a2b3c4d");
  CHECK(product_id("a-product-with-a-name---that-is-long", "1a2b3c4d-5e6f-7081-9203-a4b5c6d7e8f9") ==
        "a-product-with-a-name-1a2b3c4d");
  CHECK(product_id("orders", "1a2-b3c-4d5") == "orders-1a2b3c4d");
}

TEST_CASE("passwords are kept in their Secret") {
  const std::string manifest = R"(
apiVersion: v1
kind: Secret
metadata: {name: "${product.id}"}
data: {kept: eA==}
stringData:
  password: ${generated.password}
  url: postgres://u:${generated.password}@h
)";
  auto parsed = Manifest::parse({"t", manifest});
  REQUIRE(parsed.ok());
  CHECK(parsed->generated() == GeneratedKeys{{"password", "password"}});
  const json::Value object = rendered(manifest, {{"password", "s3cret"}});
  CHECK(object.find("stringData") == nullptr);
  CHECK(object["data"].string_or("kept") == "eA==");
  CHECK(object["data"].string_or("password") == crypto::base64("s3cret"));
  CHECK(object["data"].string_or("url") == crypto::base64("postgres://u:s3cret@h"));
}

TEST_CASE("a digest tells what was applied") {
  namespace kubernetes = provision::kubernetes;
  const json::Value a =
      kubernetes::with_digest(rendered("{apiVersion: v1, kind: X, metadata: {name: a}, spec: {b: 1, c: 2}}"));
  const json::Value b =
      kubernetes::with_digest(rendered("{kind: X, apiVersion: v1, spec: {c: 2, b: 1}, metadata: {name: a}}"));
  const json::Value c =
      kubernetes::with_digest(rendered("{apiVersion: v1, kind: X, metadata: {name: a}, spec: {b: 1, c: 3}}"));
  CHECK(kubernetes::same_digest(a, b));
  CHECK_FALSE(kubernetes::same_digest(a, c));
  CHECK_FALSE(kubernetes::same_digest(a, json::Value()));
  CHECK_FALSE(kubernetes::same_digest(json::Value(), json::Value()));
}

TEST_CASE("paths of fields") {
  const json::Value object =
      *json::parse(R"({"status": {"url": "u", "n": 3, "ok": true, "list": [{"ip": "i"}],
    "none": null, "map": {"a.b/c": "d"}}})");
  CHECK(field(object, "status.url") == "u");
  CHECK(field(object, ".status.url") == "u");
  CHECK(field(object, "status.n") == "3");
  CHECK(field(object, "status.ok") == "true");
  CHECK(field(object, "status.list[0].ip") == "i");
  CHECK(field(object, "status.map[\"a.b/c\"]") == "d");
  for (const char* path :
       {"status.none", "status.list[1].ip", "status.map", "nothing.at.all", "status.url.x"})
    CHECK(field(object, path) == "");
  for (const char* path :
       {"", ".", "a.", "a..b", "a[", "a[]", "a[x]", "a[0", "[0]", "a b", "a[*]", "a[0]b"}) {
    CAPTURE(path);
    CHECK_FALSE(parse_field_path(path).ok());
  }
}

}  // namespace
}  // namespace offtake::provision::templates
