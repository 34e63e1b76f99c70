// Cases that run once over each backing: doctest counts and names each of them, "what<backing>". They are
// written as data (tests/data/resource_client) where data can say them, else with CONFORMANCE_CASE.
#pragma once
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <string_view>

#include "backing.h"

namespace offtake::resource_client_test {

// Where a case runs: a backing, and a namespace that nobody else has.
struct World {
  std::string_view backing_name;
  Backing& backing;
  store::ResourceClient& client;
  std::string space;

  bool is_kubernetes() const { return backing_name == kKubernetes; }
};

// On those backings of which `is_on` says so. Gives true, so that it can initialise a constant.
bool declare_case(std::string what, std::string file, int line, std::function<void(World&)> run,
                  const std::function<bool(std::string_view backing)>& is_on = nullptr);

// From shorthand to object: `name` goes into metadata, apiVersion and namespace are filled in.
json::Value whole_object(const World& world, json::Value shorthand);
json::Value from_yaml(const World& world, std::string_view yaml);
json::Value product(const World& world, std::string_view name, std::string_view owner = "");
const resources::Kind& products();

#define CONFORMANCE_CASE_AT(what, line)                                \
  static void conformance_case_##line(World& world);                   \
  static const bool conformance_case_##line##_declared =               \
      declare_case(what, __FILE__, __LINE__, conformance_case_##line); \
  static void conformance_case_##line([[maybe_unused]] World& world)
#define CONFORMANCE_CASE_ON(what, line) CONFORMANCE_CASE_AT(what, line)
#define CONFORMANCE_CASE(what) CONFORMANCE_CASE_ON(what, __LINE__)

}  // namespace offtake::resource_client_test
