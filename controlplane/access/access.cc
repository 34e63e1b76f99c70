#include "controlplane/access/access.h"

namespace offtake::access {
namespace {

using resources::AccessFrom;

bool admits(const resources::NamespaceAccess& access, std::string_view own, std::string_view asking,
            const std::map<std::string, std::string>& labels) {
  if (!own.empty() && own == asking) return true;
  switch (access.from) {
    case AccessFrom::kSame:
      return false;
    case AccessFrom::kAll:
      return true;
    case AccessFrom::kSelector:
      return access.selector && access.selector->matches(labels);
  }
  return false;
}

}  // namespace

base::Status may_read(const resources::Dataset& dataset, std::string_view namespace_name,
                      const std::map<std::string, std::string>& labels) {
  const resources::NamespaceAccess& access = dataset.spec.access.namespaces;
  if (admits(access, dataset.metadata.namespace_name, namespace_name, labels)) return {};
  const std::string owner = dataset.spec.owner.empty() ? "its owner" : dataset.spec.owner;
  std::string what = "only its own namespace may";
  if (access.from == AccessFrom::kSelector) what = "the namespace lacks the labels that it asks for";
  return base::terminal("AccessDenied",
                        fmt::format("namespace {} may not read dataset {}.{}: {}", namespace_name,
                                    dataset.metadata.namespace_name, dataset.metadata.name, what))
      .with_hint(
          fmt::format("ask {} to admit the namespace in spec.access.namespaces of the dataset", owner));
}

base::Status may_use(const resources::TargetClass& target_class, std::string_view namespace_name,
                     const std::map<std::string, std::string>& labels) {
  if (admits(target_class.spec.namespaces, "", namespace_name, labels)) return {};
  return base::terminal("ClassNotAllowed",
                        fmt::format("namespace {} may not use target class {}: it lacks the labels that the "
                                    "class asks for",
                                    namespace_name, target_class.metadata.name))
      .with_hint("choose another class, or ask the platform team to admit the namespace in spec.namespaces");
}

}  // namespace offtake::access
