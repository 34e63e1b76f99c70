#include "conformance.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "base/files/files.h"

namespace offtake::targets_test {
namespace {

std::vector<ConformanceCase>& all() {
  static std::vector<ConformanceCase> cases;
  return cases;
}

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

bool declare_case(ConformanceCase made) {
  all().push_back(std::move(made));
  return true;
}

const std::vector<ConformanceCase>& conformance_cases() {
  std::sort(all().begin(), all().end(), [](const ConformanceCase& a, const ConformanceCase& b) {
    return std::tuple(base_name(a.file), a.line) < std::tuple(base_name(b.file), b.line);
  });
  return all();
}

std::string conformance_table(const std::vector<std::string_view>& engines) {
  std::vector<std::string> reasons;
  std::string out = "| Case |", line = "|---|";
  for (const auto engine : engines) {
    out += fmt::format(" {} |", engine);
    line += "---|";
  }
  out += "\n" + line + "\n";
  for (const auto& one : conformance_cases()) {
    out += fmt::format("| {} |", one.what);
    for (const auto engine : engines) {
      const std::string why = one.left_out(engine);
      if (why.empty()) {
        out += " yes |";
        continue;
      }
      auto reason = std::find(reasons.begin(), reasons.end(), why);
      if (reason == reasons.end()) reason = reasons.insert(reasons.end(), why);
      out += fmt::format(" not ({}) |", reason - reasons.begin() + 1);
    }
    out += "\n";
  }
  if (!reasons.empty()) out += "\nNot, because\n";
  for (std::size_t i = 0; i < reasons.size(); ++i) out += fmt::format("{}. {}\n", i + 1, reasons[i]);
  return out;
}

void check_section(const std::string& path, std::string_view suite, const std::string& wanted) {
  CAPTURE(path);
  auto text = files::read_file(path);
  REQUIRE_MESSAGE(text.ok(), text.error().text());
  const std::string first = fmt::format("<!-- {} -->\n", suite),
                    last = fmt::format("<!-- end of {} -->\n", suite);
  const auto begin = text->find(first), end = text->find(last);
  REQUIRE_MESSAGE(begin != std::string::npos, "no line " << first);
  REQUIRE_MESSAGE(end != std::string::npos, "no line " << last);
  REQUIRE(begin < end);
  const auto from = begin + first.size();
  if (std::getenv("REWRITE") != nullptr) {
    text->replace(from, end - from, wanted);
    REQUIRE(files::write_file_atomic(path, *text).ok());
    return;
  }
  CHECK_MESSAGE(text->substr(from, end - from) == wanted, "run ./dev generate: the part of "
                                                              << suite << " in " << path
                                                              << " is not what the suite runs");
}

}  // namespace offtake::targets_test
