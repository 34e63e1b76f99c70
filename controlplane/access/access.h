// Who may read what: one pure check, called by reconciler, plan, preview, sample, lineage and console.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "controlplane/resources/dataset.h"
#include "controlplane/resources/target_class.h"

namespace offtake::access {

// Whether products in `namespace_name`, which carries `labels`, may read the dataset. Error code
// AccessDenied names the dataset and its owner, and what the owner would have to write.
base::Status may_read(const resources::Dataset& dataset, std::string_view namespace_name,
                      const std::map<std::string, std::string>& labels);

// Whether products of that namespace may use the class. Code ClassNotAllowed.
base::Status may_use(const resources::TargetClass& target_class, std::string_view namespace_name,
                     const std::map<std::string, std::string>& labels);

}  // namespace offtake::access
