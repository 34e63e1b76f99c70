#include "controlplane/store/references.h"

#include "base/yaml/node.h"
#include "controlplane/resources/schema.h"

namespace offtake::store {
namespace {

using resources::Field;
using resources::FieldKind;
using resources::Kind;

const Kind* kind_named(std::string_view name) {
  for (const Kind* kind : resources::all_kinds()) {
    if (kind->kind == name) return kind;
  }
  return nullptr;
}

class Finder {
 public:
  Finder(const Kind& kind, const json::Value& object) {
    own_namespace_ = kind.namespaced ? object["metadata"].string_or("namespace", "default")
                                     : std::string(resources::kSystemNamespace);
  }

  void object(const resources::ObjectType& type, const json::Value& value, const std::string& path) {
    if (!value.is_object()) return;
    for (const Field& field : type.fields) {
      const json::Value* member = value.find(field.name);
      if (member == nullptr) continue;
      const std::string member_path = yaml::field_path(path, field.name);
      if (!field.reference.empty() && member->is_string())
        add(field, value, member->as_string(), member_path);
      if (field.kind == FieldKind::kObject && field.object != nullptr)
        object(*field.object, *member, member_path);
      if (field.kind != FieldKind::kList || field.item->object == nullptr || !member->is_array()) continue;
      for (std::size_t i = 0; i < member->as_array().size(); ++i) {
        object(*field.item->object, member->as_array()[i], yaml::field_path(member_path, i));
      }
    }
  }

  std::vector<Reference> found;

 private:
  void add(const Field& field, const json::Value& holder, const std::string& name, const std::string& path) {
    const Kind* wanted = kind_named(field.reference);
    if (wanted == nullptr || name.empty()) return;
    std::string space = own_namespace_;
    if (wanted == &resources::kind_of<resources::Dataset>()) space = holder.string_or("namespace", space);
    found.push_back({path, wanted, wanted->namespaced ? space : "", name});
  }

  std::string own_namespace_;
};

}  // namespace

std::vector<Reference> references_of(const Kind& kind, const json::Value& object) {
  Finder finder(kind, object);
  const Field* spec = kind.type->find("spec");
  if (spec != nullptr && spec->object != nullptr) finder.object(*spec->object, object["spec"], "spec");
  return std::move(finder.found);
}

std::vector<std::string> missing_references(ResourceClient& client, const Kind& kind,
                                            const json::Value& object) {
  std::vector<std::string> out;
  for (const Reference& reference : references_of(kind, object)) {
    auto found = client.get(*reference.kind, reference.namespace_name, reference.name);
    if (found || found.error().code != "NotFound") continue;
    const std::string where =
        reference.namespace_name.empty() ? "" : fmt::format(" in namespace {}", reference.namespace_name);
    out.push_back(fmt::format("{}: {} {}{} does not exist yet; the {} waits for it", reference.field,
                              reference.kind->kind, reference.name, where, kind.kind));
  }
  return out;
}

}  // namespace offtake::store
