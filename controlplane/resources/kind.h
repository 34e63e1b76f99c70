// The kinds of resource and how their plain structs become JSON objects and back. A kind is described by
// one field table (schema.h); everything here is driven by it.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "base/result.h"
#include "controlplane/resources/core.h"
#include "controlplane/resources/data_product.h"
#include "controlplane/resources/dataset.h"
#include "controlplane/resources/event_store.h"
#include "controlplane/resources/target_class.h"

namespace offtake::resources {

struct ObjectType;  // schema.h
struct TextFormat;

// A column of `get`: how it is named and which value it shows.
struct PrinterColumn {
  std::string name;  // Ready
  std::string type;  // string, integer, date
  std::string path;  // .status.className, or .status.conditions[Ready].status
  int priority = 0;  // above 0: only with -o wide
  std::string description;
};

// A kind of resource; one immutable instance each, living as long as the program.
struct Kind {
  std::string group;  // empty for core
  std::string version;
  std::string kind;
  std::string plural;
  std::string singular;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  bool namespaced = true;
  bool has_status = true;  // has a /status subresource, and generation
  std::string description;
  std::vector<PrinterColumn> columns;
  const ObjectType* type = nullptr;
  const TextFormat* name_format = nullptr;

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
};

// All kinds, in the order in which `apply` sends them: Namespace, Secret, EventStore, TargetClass, Dataset,
// DataProduct, Event.
const std::vector<const Kind*>& all_kinds();
const Kind* find_kind(std::string_view api_version, std::string_view kind);
const Kind* find_plural(std::string_view group, std::string_view version, std::string_view plural);
// By what a user types: plural, singular, short name or kind, in any case ("dp" is nobody's).
const Kind* find_typed(std::string_view word);

template <class T>
const Kind& kind_of();
template <>
const Kind& kind_of<Namespace>();
template <>
const Kind& kind_of<Secret>();
template <>
const Kind& kind_of<Event>();
template <>
const Kind& kind_of<EventStore>();
template <>
const Kind& kind_of<TargetClass>();
template <>
const Kind& kind_of<Dataset>();
template <>
const Kind& kind_of<DataProduct>();

// Struct to object: with apiVersion and kind; absent optionals and empty strings, lists and maps are left
// out.
template <class T>
json::Value to_json(const T& object);
// Object to struct. REQUIRES an object that passed `check` (what a store hands out has); what does not fit
// its type all the same is left at its default.
template <class T>
T from_json(const json::Value& object);
// Only `status`, for writes to /status: {"conditions": …}.
template <class T>
json::Value status_json(const T& object);

// The canonical digest input of a product's pipeline: its spec without what changes in place (description,
// owner, paused, freshness, deletionPolicy, runner, rollout). dump_canonical of this is what
// status.revision.specHash is made of.
json::Value pipeline_spec(const DataProduct& product);

}  // namespace offtake::resources
