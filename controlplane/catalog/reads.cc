#include "controlplane/catalog/reads.h"

#include "controlplane/planning/dataset_facts.h"

namespace offtake::catalog {

std::shared_ptr<const ColumnsRead> columns_read(const resources::DataProduct& product,
                                                const std::map<std::string, Readable>& datasets) {
  sql::CompileInput input;
  input.sql = product.spec.sql;
  input.default_namespace = product.metadata.namespace_name;
  if (!product.spec.target.key.empty()) input.declared_key = product.spec.target.key;
  input.catalog.schema = [&](const sql::DatasetName& name) -> base::Result<sql::DatasetSchema> {
    const auto found = datasets.find(name.dataset_namespace + "/" + name.name);
    if (found == datasets.end() || found->second.entry == nullptr || found->second.schema == nullptr) {
      return base::waiting("DatasetMissing", fmt::format("the schema of {} is not known", name.text()));
    }
    return planning::shape_of(found->second.entry->dataset, found->second.schema->value,
                              found->second.schema->key);
  };
  const sql::Compiled compiled = sql::compile(input);
  if (!compiled.ok()) return nullptr;
  auto out = std::make_shared<ColumnsRead>();
  for (const sql::DatasetUse& use : compiled.datasets)
    (*out)[use.id.dataset_namespace + "/" + use.id.name] = use.columns;
  return out;
}

}  // namespace offtake::catalog
