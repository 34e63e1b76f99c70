// What a case of the suite needs of an engine, and why it is left out without it.
#pragma once
#include <doctest/doctest.h>

#include "conformance.h"
#include "fixture.h"

namespace offtake::targets_test {

struct Need {
  bool (*met)(const Fixture& fixture);
  const char* otherwise;  // follows "because"
};

namespace needs {

inline constexpr Need kNothing{[](const Fixture&) { return true; }, ""};
inline constexpr Need kBags{[](const Fixture& fixture) { return fixture.traits().bags; },
                            "it takes no rows without a key: such a product is refused"};
inline constexpr Need kKeysAtLoad{[](const Fixture& fixture) { return fixture.traits().checks_keys_at_load; },
                                  "it does not look for a second row of a key while it is loaded"};
inline constexpr Need kKeysLive{[](const Fixture& fixture) { return fixture.traits().checks_keys_live; },
                                "a later row of a key replaces the one before; the engine of the dataflow "
                                "watches keys that are not proved"};
inline constexpr Need kKeptFill{[](const Fixture& fixture) { return fixture.traits().keeps_fill; },
                                "nothing of a fill is written before its end: it begins again"};
inline constexpr Need kAllTypes{
    [](const Fixture& fixture) { return fixture.engine().column_type(types::TypeId::kInterval).ok(); },
    "it holds no interval and no numeric without a scale: such a column is refused"};
inline constexpr Need kIntent{
    [](const Fixture& fixture) { return fixture.traits().commit == CommitKind::kIntent; },
    "the swap is one transaction; of a topic, whose log belongs to one process here, in "
    "`tests/e2e/test_topics.py`"};
inline constexpr Need kProcesses{
    [](const Fixture& fixture) { return fixture.has_other_processes(); },
    "the log of the suite belongs to one process: writers are killed in `tests/e2e/test_topics.py`"};
inline constexpr Need kConstraints{[](const Fixture& fixture) { return fixture.takes_constraints(); },
                                   "it takes every row that the product's types let through"};

}  // namespace needs

std::vector<Fixture*> fixtures(const Need& need);

// Why an engine is left out of a case that needs that.
std::string left_out(const Need& need, std::string_view engine);

// A test case over every engine that has what it needs: `promised`. The body follows.
#define CONFORMANCE(what, need) CONFORMANCE_AS(what, need, DOCTEST_ANONYMOUS(conformance_))
#define CONFORMANCE_AS(what, need, body) CONFORMANCE_BODY(what, need, body)
#define CONFORMANCE_BODY(what, need, body)                                                         \
  static void body(const std::vector<Fixture*>& promised);                                         \
  [[maybe_unused]] static const bool body##_declared = declare_case(                               \
      {what, __FILE__, __LINE__, [](std::string_view engine) { return left_out(need, engine); }}); \
  TEST_CASE(what) {                                                                                \
    body(fixtures(need));                                                                          \
  }                                                                                                \
  static void body(const std::vector<Fixture*>& promised)

}  // namespace offtake::targets_test
