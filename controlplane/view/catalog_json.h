// The catalogue's answers as JSON: docs/view-api.md.
#pragma once
#include "base/json/value.h"
#include "controlplane/catalog/catalog.h"

namespace offtake::view {

json::Value catalog_json(const catalog::Answer& answer);
json::Value dataset_json(const catalog::Detail& detail);
json::Value lineage_json(const catalog::Lineage& lineage);
// What a page's items and one dataset say alike.
void add_item(const catalog::Item& item, json::Value& out);

}  // namespace offtake::view
