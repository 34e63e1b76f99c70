// What goes together with one dataset, of what is in memory.
#include "controlplane/catalog/catalog.h"

namespace offtake::catalog {

base::Result<std::vector<Related>> Catalog::relationships(const std::string& namespace_name,
                                                          const std::string& name,
                                                          const std::string& reader) {
  auto labels = labels_of(reader);
  if (!labels) return std::move(labels).error();
  std::unique_lock lock(mutex_);
  if (auto done = catch_up(); !done) return done.error();
  const auto entry = holdings_.index().find(namespace_name + "/" + name);
  if (entry == nullptr) return std::vector<Related>();
  const auto all = holdings_.index().all();
  lock.unlock();
  std::vector<Related> out;
  for (Relationship& found : relationships_of(*entry, all)) {
    Related related{std::move(found), {}};
    if (related.relationship.other != nullptr)
      related.readable = may_read(*related.relationship.other, reader, *labels);
    out.push_back(std::move(related));
  }
  return out;
}

}  // namespace offtake::catalog
