#include "schemas/avro/resolve.h"

#include <algorithm>

namespace offtake::avro {
namespace {

bool promotes(Kind writer, Kind reader) {
  switch (writer) {
    case Kind::kInt:
      return reader == Kind::kLong || reader == Kind::kFloat || reader == Kind::kDouble;
    case Kind::kLong:
      return reader == Kind::kFloat || reader == Kind::kDouble;
    case Kind::kFloat:
      return reader == Kind::kDouble;
    case Kind::kString:
      return reader == Kind::kBytes;
    case Kind::kBytes:
      return reader == Kind::kString;
    default:
      return false;
  }
}

// `budget`: types visited, as a small schema can stand for a huge record.
std::int64_t width_within(const Node& node, std::vector<const Node*>& inside, int& budget) {
  if (--budget < 0) return kVariableWidth;
  switch (node.kind) {
    case Kind::kNull:
      return 0;
    case Kind::kBoolean:
      return 1;
    case Kind::kFloat:
      return 4;
    case Kind::kDouble:
      return 8;
    case Kind::kFixed:
      return node.size;
    case Kind::kRecord: {
      if (inside.size() > 16 || std::find(inside.begin(), inside.end(), &node) != inside.end()) {
        return kVariableWidth;
      }
      inside.push_back(&node);
      std::int64_t sum = 0;
      for (const Field& field : node.fields) {
        const std::int64_t width = width_within(*field.type, inside, budget);
        if (width == kVariableWidth || sum > (std::int64_t{1} << 40)) {
          sum = kVariableWidth;
          break;
        }
        sum += width;
      }
      inside.pop_back();
      return sum;
    }
    default:
      return kVariableWidth;
  }
}

}  // namespace

bool names_match(const Node& writer, const Node& reader) {
  if (writer.name == reader.name) return true;
  return std::find(reader.aliases.begin(), reader.aliases.end(), writer.full_name()) != reader.aliases.end();
}

bool matches(const Node& writer, const Node& reader) {
  if (writer.kind != reader.kind) return promotes(writer.kind, reader.kind);
  if (writer.kind == Kind::kFixed && writer.size != reader.size) return false;
  return !writer.is_named() || names_match(writer, reader);
}

const Node* reader_branch(const Node& writer, const Node& reader) {
  if (reader.kind != Kind::kUnion) return &reader;
  const auto first = [&](auto accepts) -> const Node* {
    for (const Node* branch : reader.branches) {
      if (accepts(*branch)) return branch;
    }
    return nullptr;
  };
  const Node* found = first([&](const Node& branch) {
    return branch.kind == writer.kind && matches(writer, branch) && branch.full_name() == writer.full_name();
  });
  if (found == nullptr) {
    found = first([&](const Node& branch) { return branch.kind == writer.kind && matches(writer, branch); });
  }
  return found != nullptr ? found : first([&](const Node& branch) { return matches(writer, branch); });
}

bool accepts_null(const Node& reader) {
  if (reader.kind != Kind::kUnion) return reader.kind == Kind::kNull;
  return std::any_of(reader.branches.begin(), reader.branches.end(),
                     [](const Node* branch) { return branch->kind == Kind::kNull; });
}

const Field* writer_field(const Node& writer, const Field& reader) {
  if (const Field* field = writer.find_field(reader.name)) return field;
  for (const std::string& alias : reader.aliases) {
    if (const Field* field = writer.find_field(alias)) return field;
  }
  return nullptr;
}

std::uint8_t null_branch_of(const Node& node) {
  if (node.kind != Kind::kUnion || node.branches.size() != 2) return kNotNullable;
  for (std::uint8_t i = 0; i < 2; ++i) {
    if (node.branches[i]->kind == Kind::kNull) return i;
  }
  return kNotNullable;
}

std::int64_t width_of(const Node& node) {
  std::vector<const Node*> inside;
  int budget = 10'000;
  return width_within(node, inside, budget);
}

}  // namespace offtake::avro
