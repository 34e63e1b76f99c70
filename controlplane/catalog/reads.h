// Which columns a product takes of what it reads, by its plan.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/catalog/holdings.h"

namespace offtake::catalog {

// By dataset, "namespace/name".
using ColumnsRead = std::map<std::string, std::vector<std::string>>;

// A dataset and its schema, to plan with.
struct Readable {
  std::shared_ptr<const Entry> entry;
  std::shared_ptr<const SchemaTexts> schema;
};

// Null where the SQL does not compile over what is known. A millisecond or so; asks nobody.
std::shared_ptr<const ColumnsRead> columns_read(const resources::DataProduct& product,
                                                const std::map<std::string, Readable>& datasets);

}  // namespace offtake::catalog
