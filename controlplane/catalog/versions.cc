#include "controlplane/catalog/versions.h"

#include <algorithm>

#include "schemas/avro/compatibility.h"

namespace offtake::catalog {
namespace {

constexpr std::size_t kMostProblems = 10;

std::string type_text(const Column& column) {
  return column.refused.empty() ? types::to_string(column.type) : column.refused;
}

// Whether the types differ by more than the fields within them, which have changes of their own.
bool differs_itself(const Column& before, const Column& after) {
  if (before.refused != after.refused) return true;
  if (!before.refused.empty() || before.type == after.type) return false;
  if (before.children.empty() || after.children.empty()) return true;
  return before.type.id != after.type.id;
}

const Column* same_name(const std::vector<Column>& columns, const std::string& name) {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const Column& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

void compare(const Column& before, const Column& after, std::vector<SchemaChange>& out) {
  const auto add = [&](ChangeKind kind, std::string from, std::string to) {
    out.push_back({kind, after.path, std::move(from), std::move(to), {}});
  };
  if (differs_itself(before, after)) add(ChangeKind::kType, type_text(before), type_text(after));
  if (before.nullable != after.nullable && before.refused.empty() && after.refused.empty()) {
    add(ChangeKind::kNullable, before.nullable ? "nullable" : "not null",
        after.nullable ? "nullable" : "not null");
  }
  if (before.default_value != after.default_value) {
    add(ChangeKind::kDefault, before.default_value.value_or("none"), after.default_value.value_or("none"));
  }
  if (before.doc != after.doc) add(ChangeKind::kDoc, before.doc, after.doc);
  for (auto& change : schema_changes(before.children, after.children)) out.push_back(std::move(change));
}

void judge(const avro::Schema& before, const avro::Schema& after, SchemaVersion& out) {
  const auto backward = avro::incompatibilities(after, before),
             forward = avro::incompatibilities(before, after);
  if (backward.empty()) {
    out.compatible = forward.empty() ? Compatible::kFull : Compatible::kBackward;
  } else {
    out.compatible = forward.empty() ? Compatible::kForward : Compatible::kNone;
  }
  const auto note = [&](std::string_view who, const std::vector<avro::Incompatibility>& found) {
    for (const auto& one : found) {
      if (out.problems.size() < kMostProblems)
        out.problems.push_back(fmt::format("{}: {}", who, one.message));
    }
  };
  note("older records, read with it", backward);
  note("its records, read with the older one", forward);
}

}  // namespace

std::string_view to_string(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kAdded:
      return "Added";
    case ChangeKind::kRemoved:
      return "Removed";
    case ChangeKind::kType:
      return "Type";
    case ChangeKind::kNullable:
      return "Nullable";
    case ChangeKind::kDefault:
      return "Default";
    case ChangeKind::kDoc:
      return "Doc";
  }
  return "";
}

std::string_view to_string(Compatible compatible) {
  switch (compatible) {
    case Compatible::kFull:
      return "Full";
    case Compatible::kBackward:
      return "Backward";
    case Compatible::kForward:
      return "Forward";
    case Compatible::kNone:
      return "None";
  }
  return "";
}

std::vector<SchemaChange> schema_changes(const std::vector<Column>& before,
                                         const std::vector<Column>& after) {
  std::vector<SchemaChange> out;
  for (const Column& column : after) {
    if (const Column* older = same_name(before, column.name)) {
      compare(*older, column, out);
    } else {
      out.push_back({ChangeKind::kAdded, column.path, "", type_text(column), column.nullable});
    }
  }
  for (const Column& column : before) {
    if (same_name(after, column.name) == nullptr)
      out.push_back({ChangeKind::kRemoved, column.path, type_text(column), "", {}});
  }
  return out;
}

std::vector<SchemaVersion> version_history(const resources::Dataset& dataset,
                                           const std::vector<SchemaText>& texts, bool leave_out_oldest) {
  std::vector<SchemaVersion> out;
  std::optional<avro::Schema> before;
  std::vector<Column> columns_before;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    SchemaVersion version;
    version.version = texts[i].version;
    version.id = texts[i].id;
    std::optional<avro::Schema> now;
    std::vector<Column> columns;
    if (auto parsed = avro::parse(texts[i].text, {.check_defaults = false})) {
      now = *std::move(parsed);
      if (auto tree = column_tree(dataset, texts[i].text)) columns = *std::move(tree);
    }
    if (before && now) {
      judge(*before, *now, version);
      version.changes = schema_changes(columns_before, columns);
    }
    before = std::move(now);
    columns_before = std::move(columns);
    if (i > 0 || !leave_out_oldest) out.push_back(std::move(version));
  }
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace offtake::catalog
