#include "operators/targets/opensearch/names.h"

namespace offtake::targets::opensearch {

std::string control_index(std::string_view prefix) {
  return fmt::format("offtake-control-{}", prefix);
}

std::string place_name(std::string_view prefix, const ControlRow& row) {
  std::string owner;
  for (const char c : row.owner) {
    if (c >= 'A' && c <= 'Z') owner += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) owner += c;
  }
  return fmt::format("{}.r{}.{}-{}", prefix, row.revision, row.incarnation, owner);
}

bool is_place_of(std::string_view prefix, std::string_view index) {
  return index.starts_with(prefix) && index.substr(prefix.size()).starts_with(".r");
}

std::string write_alias(std::string_view index) {
  return fmt::format("{}.w", index);
}

}  // namespace offtake::targets::opensearch
