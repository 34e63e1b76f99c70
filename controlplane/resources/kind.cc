#include "controlplane/resources/kind.h"

#include "controlplane/resources/tables.h"

namespace offtake::resources {
namespace {

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace

const std::vector<const Kind*>& all_kinds() {
  static const std::vector<const Kind*> kinds{
      &kind_of<Namespace>(), &kind_of<Secret>(),      &kind_of<EventStore>(), &kind_of<TargetClass>(),
      &kind_of<Dataset>(),   &kind_of<DataProduct>(), &kind_of<Event>()};
  return kinds;
}

const Kind* find_kind(std::string_view api_version, std::string_view kind) {
  for (const Kind* candidate : all_kinds()) {
    if (candidate->kind == kind && candidate->api_version() == api_version) return candidate;
  }
  return nullptr;
}

const Kind* find_plural(std::string_view group, std::string_view version, std::string_view plural) {
  for (const Kind* candidate : all_kinds()) {
    if (candidate->group == group && candidate->version == version && candidate->plural == plural) {
      return candidate;
    }
  }
  return nullptr;
}

const Kind* find_typed(std::string_view word) {
  const std::string wanted = lower_case(word);
  for (const Kind* kind : all_kinds()) {
    if (wanted == kind->plural || wanted == kind->singular || wanted == lower_case(kind->kind)) return kind;
    if (std::find(kind->short_names.begin(), kind->short_names.end(), wanted) != kind->short_names.end()) {
      return kind;
    }
  }
  return nullptr;
}

template <class T>
json::Value to_json(const T& object) {
  const Kind& kind = kind_of<T>();
  json::Value out = json::Value::object();
  out.set("apiVersion", kind.api_version());
  out.set("kind", kind.kind);
  json::Value members = write_struct(object);
  for (json::Member& member : members.as_object()) out.as_object().push_back(std::move(member));
  return out;
}

template <class T>
T from_json(const json::Value& object) {
  T out;
  read_struct(object, out);
  return out;
}

template <class T>
json::Value status_json(const T& object) {
  return write_struct(object.status);
}

template json::Value to_json(const Namespace&);
template json::Value to_json(const Secret&);
template json::Value to_json(const Event&);
template json::Value to_json(const EventStore&);
template json::Value to_json(const TargetClass&);
template json::Value to_json(const Dataset&);
template json::Value to_json(const DataProduct&);
template Namespace from_json(const json::Value&);
template Secret from_json(const json::Value&);
template Event from_json(const json::Value&);
template EventStore from_json(const json::Value&);
template TargetClass from_json(const json::Value&);
template Dataset from_json(const json::Value&);
template DataProduct from_json(const json::Value&);
template json::Value status_json(const EventStore&);
template json::Value status_json(const TargetClass&);
template json::Value status_json(const Dataset&);
template json::Value status_json(const DataProduct&);

}  // namespace offtake::resources
