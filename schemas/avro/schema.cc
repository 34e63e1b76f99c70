#include "schemas/avro/schema.h"

#include <unordered_set>

namespace offtake::avro {

const Field* Node::find_field(std::string_view field_name) const {
  for (const Field& field : fields) {
    if (field.name == field_name) return &field;
  }
  return nullptr;
}

std::vector<const Node*> named_types(const Schema& schema) {
  // With a list of its own instead of recursion: types refer to each other in chains of any length.
  std::vector<const Node*> named;
  std::unordered_set<const Node*> seen;
  std::vector<const Node*> open{&schema.root()};
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    if (!seen.insert(node).second) continue;
    if (node->is_named()) named.push_back(node);
    for (const Field& field : node->fields) open.push_back(field.type);
    open.insert(open.end(), node->branches.begin(), node->branches.end());
  }
  return named;
}

const char* kind_name(Kind kind) {
  static constexpr std::array<const char*, 14> kNames{"null",   "boolean", "int",    "long",   "float",
                                                      "double", "bytes",   "string", "record", "enum",
                                                      "fixed",  "array",   "map",    "union"};
  return kNames[static_cast<std::size_t>(kind)];
}

namespace {

const char* logical_name(Logical logical) {
  static constexpr std::array<const char*, 13> kNames{"",
                                                      "decimal",
                                                      "uuid",
                                                      "date",
                                                      "time-millis",
                                                      "time-micros",
                                                      "timestamp-millis",
                                                      "timestamp-micros",
                                                      "timestamp-nanos",
                                                      "local-timestamp-millis",
                                                      "local-timestamp-micros",
                                                      "local-timestamp-nanos",
                                                      "duration"};
  return kNames[static_cast<std::size_t>(logical)];
}

}  // namespace

std::string describe(const Node& node) {
  std::string text;
  if (node.is_named()) {
    text = fmt::format("{} {}", kind_name(node.kind), node.full_name());
  } else if (node.kind == Kind::kArray) {
    text = "array of " + describe(node.items());
  } else if (node.kind == Kind::kMap) {
    text = "map of " + describe(node.items());
  } else if (node.kind == Kind::kUnion) {
    for (const Node* branch : node.branches) text += (text.empty() ? "[" : ", ") + describe(*branch);
    text += text.empty() ? "[]" : "]";
  } else {
    text = kind_name(node.kind);
  }
  if (node.logical == Logical::kDecimal) {
    text += fmt::format(" (decimal({},{}))", node.precision, node.scale);
  } else if (node.logical != Logical::kNone) {
    text += fmt::format(" ({})", logical_name(node.logical));
  }
  return text;
}

}  // namespace offtake::avro
