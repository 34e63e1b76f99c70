// OpenSearch and Elasticsearch: a product as documents behind a filtered alias. One code for both: nothing is
// used but what OpenSearch 2 and 3 and Elasticsearch 8 have in common.
#pragma once
#include "operators/targets/target.h"

namespace offtake::targets::opensearch {

const TargetEngine& engine();
const TargetEngine& elasticsearch_engine();

}  // namespace offtake::targets::opensearch
