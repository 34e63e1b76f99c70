#include <doctest/doctest.h>

#include <filesystem>

#include "tests/unit/engine/delta_case.h"

namespace offtake::engine::testing {

TEST_CASE("changelogs of the operators, case by case") {
  int cases = 0;
  for (const auto& file : std::filesystem::directory_iterator(ENGINE_DATA)) {
    if (file.path().extension() != ".delta") continue;
    for (const DeltaCase& one : read_delta_file(file.path().string())) {
      const std::string name =
          file.path().filename().string() + ":" + std::to_string(one.line) + " " + one.name;
      CAPTURE(name);
      run_delta_case(one);
      ++cases;
    }
  }
  CHECK(cases > 20);
}

}  // namespace offtake::engine::testing
