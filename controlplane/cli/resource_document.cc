#include "controlplane/cli/resource_document.h"

#include "controlplane/resources/kind.h"
#include "controlplane/resources/schema.h"
#include "controlplane/resources/target_class.h"
#include "operators/provision/offers/offers.h"
#include "operators/provision/parameters/parameters.h"

namespace offtake::cli {
namespace {

using resources::Field;
using resources::FieldKind;
using resources::ObjectType;

std::string quoted(const std::vector<std::string>& values) {
  std::string out;
  for (const std::string& value : values) out += (out.empty() ? "`" : ", `") + value + "`";
  return out;
}

std::string bounds_text(const Field& field, std::string_view of_what) {
  if (field.max < 0) return "";
  if (field.min > 0) return fmt::format(", {} to {}{}", field.min, field.max, of_what);
  return fmt::format(", up to {}{}", field.max, of_what);
}

std::string type_text(const Field& field) {
  switch (field.kind) {
    case FieldKind::kString:
      if (!field.values.empty()) return "one of " + quoted(field.values);
      if (!field.format_name.empty()) return field.format_name;
      if (!field.reference.empty()) return "name of a " + field.reference;
      return "text";
    case FieldKind::kInteger:
      return "integer" + bounds_text(field, "");
    case FieldKind::kBoolean:
      return "boolean";
    case FieldKind::kObject:
      return "object";
    case FieldKind::kList: {
      std::string of = field.item == nullptr ? "" : " of " + type_text(*field.item);
      if (!field.list_keys.empty())
        of += ", one for each " + fmt::format("{}", fmt::join(field.list_keys, ", "));
      return "list" + of + bounds_text(field, " items");
    }
    case FieldKind::kMap:
      return "map of text to " + (field.item == nullptr ? "text" : type_text(*field.item)) +
             bounds_text(field, " entries");
    case FieldKind::kQuantity:
      return "quantity (`20Gi`, `50M`)";
    case FieldKind::kAny:
      break;
  }
  return "anything";
}

std::string doc_text(const Field& field) {
  std::string out = field.doc;
  const auto add = [&](const std::string& sentence) { out += (out.empty() ? "" : ". ") + sentence; };
  if (field.required) add("**Needed**");
  if (field.immutable) add("Cannot be changed");
  if (field.default_value && !field.default_value->is_object())
    add("Default `" +
        (field.default_value->is_string() ? field.default_value->as_string()
                                          : json::dump(*field.default_value)) +
        "`");
  if (!field.unavailable_values.empty()) add("Not in this version: " + quoted(field.unavailable_values));
  for (char& c : out) {
    if (c == '\n') c = ' ';
  }
  return out;
}

void add_rows(const ObjectType& type, const std::string& path, std::string& rows,
              std::vector<std::string>& unavailable) {
  for (const Field& field : type.fields) {
    const std::string here = path.empty() ? field.name : path + "." + field.name;
    if (field.unavailable) {
      unavailable.push_back(here);
      continue;
    }
    rows += fmt::format("| `{}` | {} | {} |\n", here, type_text(field), doc_text(field));
    const Field* inner = field.item != nullptr && field.kind == FieldKind::kList ? field.item.get() : &field;
    const std::string below = inner == &field ? here : here + "[]";
    if (inner->kind == FieldKind::kObject && inner->object != nullptr)
      add_rows(*inner->object, below, rows, unavailable);
  }
  for (const auto& one : type.unions) {
    rows += fmt::format("| `{}` | | {} of {} |\n", path.empty() ? "." : path,
                        one.required ? "Exactly one" : "At most one", quoted(one.members));
  }
}

std::string kind_text(const resources::Kind& kind) {
  std::string out =
      fmt::format("\n## {}\n\n{}. `apiVersion: {}`, {}", kind.kind, kind.description, kind.api_version(),
                  kind.namespaced ? "in a namespace" : "for the whole installation");
  if (!kind.short_names.empty()) out += ", short: " + quoted(kind.short_names);
  out += ".\n";
  std::string rows;
  std::vector<std::string> unavailable;
  for (const Field& field : kind.type->fields) {
    if (field.name == "metadata" || field.name == "apiVersion" || field.name == "kind") continue;
    ObjectType only{"", "", {field}, {}};
    add_rows(only, "", rows, unavailable);
  }
  out += "\n| Field | Type | Meaning |\n|---|---|---|\n" + rows;
  if (!unavailable.empty())
    out += "\nNot in this version, and refused by name: " + quoted(unavailable) + ".\n";
  return out;
}

// What `spec.parameters` may say, of the engines of this version.
std::string parameters_text() {
  std::string out =
      "\nWith `provisioner: {local: {}}` an engine that is a server is started, watched and stopped by "
      "Offtake; "
      "`spec.parameters`\nthen has:\n\n| Engine | Parameter | Meaning |\n|---|---|---|\n";
  for (const auto name : provision::offered_engines()) {
    for (const auto& parameter : provision::local_parameters(name))
      out += fmt::format("| `{}` | `{}` | {} |\n", name, parameter.name, parameter.doc);
  }
  out +=
      "\nWherever it runs, a class says of what is made for its products, in fills that begin from then "
      "on:\n\n"
      "| Engine | Parameter | Meaning |\n|---|---|---|\n";
  for (const auto name : provision::offered_engines()) {
    for (const auto& parameter : provision::object_parameters(name))
      out += fmt::format("| `{}` | `{}` | {} |\n", name, parameter.name, parameter.doc);
  }
  return out;
}

}  // namespace

std::string resource_document() {
  std::string out =
      "# Resources\n\n"
      "What users write (`spec`) and read back (`status`). Durations are written `90d`, `1h30m`, `60s`; "
      "instants as\n"
      "`2026-11-23T09:02:11Z`. Names are DNS labels. Generated from the field tables (`offtake generate "
      "docs`).\n";
  for (const resources::Kind* kind : resources::all_kinds()) {
    out += kind_text(*kind);
    if (kind == &resources::kind_of<resources::TargetClass>()) out += parameters_text();
  }
  return out;
}

}  // namespace offtake::cli
