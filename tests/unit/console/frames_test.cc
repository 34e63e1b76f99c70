// What a frame says of an object, and how little of it is for appliers.
#include "controlplane/console/frames.h"

#include <doctest/doctest.h>

using namespace offtake;
using namespace offtake::console;

namespace {

json::Value parsed(const std::string& text) {
  auto out = json::parse(text);
  REQUIRE(out.ok());
  return *std::move(out);
}

// A product of `fields` managed fields, by two managers.
json::Value product(int fields) {
  std::string below;
  for (int i = 0; i < fields; ++i) below += fmt::format(R"("f:field-{}": {{}},)", i);
  return parsed(fmt::format(
      R"({{"kind": "DataProduct", "metadata": {{"name": "x", "namespace": "shop", "managedFields": [
            {{"manager": "kustomize-controller", "operation": "Apply", "apiVersion": "offtake.dev/v1alpha1",
              "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1",
              "fieldsV1": {{"f:spec": {{{} "f:sql": {{}}}}, "f:metadata": {{"f:labels": {{}}}}}}}},
            {{"manager": "offtake", "operation": "Update", "subresource": "status", "fieldsV1": {{"f:status": {{}}}}}}]}},
          "spec": {{"sql": "SELECT 1"}}}})",
      below));
}

}  // namespace

TEST_CASE("a product's own topic says who manages it; others say nothing of that") {
  const auto data = [](std::string_view topic) { return parsed(changed_data(topic, "shop/x", product(3))); };
  const json::Value own = data("dataproduct/shop/x");
  CHECK(own.at({"object", "metadata", "managedFields"}) ==
        parsed(R"([{"manager": "kustomize-controller", "operation": "Apply",
                    "fieldsV1": {"f:spec": {}, "f:metadata": {}}},
                   {"manager": "offtake", "operation": "Update", "subresource": "status",
                    "fieldsV1": {"f:status": {}}}])"));
  for (const char* topic : {"dataproducts", "datasets", "events/shop/x"})
    CHECK(data(topic)["object"]["metadata"].find("managedFields") == nullptr);
  json::Value plain = product(1);
  plain.get_or_add("metadata").erase("managedFields");
  const json::Value none = parsed(changed_data("dataproduct/shop/x", "shop/x", std::move(plain)));
  CHECK(none["object"]["metadata"].find("managedFields") == nullptr);
}

TEST_CASE("a frame does not grow with the fields that are managed") {
  const std::string few = changed_data("dataproduct/shop/x", "shop/x", product(1)),
                    many = changed_data("dataproduct/shop/x", "shop/x", product(5'000));
  CHECK(few.size() == many.size());
  CHECK(few.size() < 500);
}
