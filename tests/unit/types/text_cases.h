// Cases as lines of fields separated by '|'; '#' starts a comment.
#pragma once
#include <fstream>
#include <string>
#include <vector>

namespace offtake::types {

inline std::vector<std::vector<std::string>> read_cases(const std::string& file) {
  std::ifstream in(std::string(TYPES_DATA) + "/" + file);
  std::vector<std::vector<std::string>> cases;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    auto& fields = cases.emplace_back(1);
    for (const char c : line) {
      if (c == '|') {
        fields.emplace_back();
      } else {
        fields.back() += c;
      }
    }
  }
  return cases;
}

}  // namespace offtake::types
