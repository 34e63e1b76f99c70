// A store on a clock that the test moves, and objects written as YAML.
#pragma once
#include <doctest/doctest.h>

#include "base/yaml/node.h"
#include "controlplane/store/embedded_store.h"

namespace offtake::store {

inline json::Value yaml_object(std::string_view text) {
  auto documents = yaml::parse(text);
  REQUIRE(documents.ok());
  return yaml::to_json(documents->at(0).root);
}

struct StoreFixture {
  base::ManualClock clock{1'700'000'000'000'000};
  std::unique_ptr<EmbeddedStore> store;

  explicit StoreFixture(std::filesystem::path path = ":memory:", std::size_t ring = 10'000) {
    StoreOptions options;
    options.path = std::move(path);
    options.secret_key = std::string(32, 'k');
    options.clock = &clock;
    options.ring_events = ring;
    auto opened = EmbeddedStore::open(options);
    REQUIRE(opened.ok());
    store = *std::move(opened);
  }

  Written apply(std::string_view text, std::string_view manager, bool force = false) {
    ApplyOptions options;
    options.field_manager = std::string(manager);
    options.force = force;
    auto written = store->apply(yaml_object(text), options);
    if (!written) FAIL(written.error().text());
    return *std::move(written);
  }
  base::Error apply_error(std::string_view text, std::string_view manager) {
    ApplyOptions options;
    options.field_manager = std::string(manager);
    auto written = store->apply(yaml_object(text), options);
    REQUIRE_FALSE(written.ok());
    return written.error();
  }
};

inline const resources::Kind& product_kind() {
  return resources::kind_of<resources::DataProduct>();
}

// A product with the given members of spec (flow YAML) and of metadata.
inline std::string product(std::string_view spec, std::string_view metadata = "name: x, namespace: default") {
  return fmt::format("apiVersion: offtake.dev/v1alpha1\nkind: DataProduct\nmetadata: {{{}}}\nspec: {{{}}}\n",
                     metadata, spec);
}

}  // namespace offtake::store
