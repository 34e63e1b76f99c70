// The cases of a suite that runs over every engine, and docs/targets.md's account of them: which engine runs
// which, and why one is left out. Cases are declared by a suite's own macro, at static initialisation.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace offtake::targets_test {

// Why an engine of that name is left out of a case, in words that follow "because"; empty: it is run.
using LeftOut = std::function<std::string(std::string_view engine)>;

struct ConformanceCase {
  std::string_view what;  // the name of the test case
  std::string_view file;
  int line = 0;
  LeftOut left_out;
};

// Gives true, so that it can initialise a constant.
bool declare_case(ConformanceCase made);

// By file and line.
const std::vector<ConformanceCase>& conformance_cases();

// A table of all cases against these engines, with the reasons below it.
std::string conformance_table(const std::vector<std::string_view>& engines);

// The part of a document between the lines "<!-- SUITE -->" and "<!-- end of SUITE -->" is `wanted`; with
// REWRITE set in the environment it is made so.
void check_section(const std::string& path, std::string_view suite, const std::string& wanted);

}  // namespace offtake::targets_test
