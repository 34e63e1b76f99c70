#include "schemas/registry/model.h"

#include <algorithm>

namespace offtake::registry {
namespace {

constexpr std::array<const char*, 7> kLevels{
    "NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"};
constexpr std::array<const char*, 4> kModes{"READWRITE", "READONLY", "READONLY_OVERRIDE", "IMPORT"};

template <class Enum, std::size_t Size>
std::optional<Enum> parse_any_case(const std::array<const char*, Size>& names, std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (upper == names[i]) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

const char* level_name(Level level) {
  return kLevels[static_cast<std::size_t>(level)];
}
std::optional<Level> parse_level(std::string_view name) {
  return parse_any_case<Level>(kLevels, name);
}
const char* mode_name(Mode mode) {
  return kModes[static_cast<std::size_t>(mode)];
}
std::optional<Mode> parse_mode(std::string_view name) {
  return parse_any_case<Mode>(kModes, name);
}

std::string context_of(std::string_view subject) {
  if (subject.substr(0, 2) != ":.") return ".";
  const std::size_t end = subject.find(':', 2);
  return std::string(subject.substr(1, (end == std::string_view::npos ? subject.size() : end) - 1));
}

std::string normal_subject(std::string_view subject) {
  if (subject.substr(0, 3) == ":.:") subject.remove_prefix(3);
  return std::string(subject);
}

}  // namespace offtake::registry
