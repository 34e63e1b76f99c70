// Where a cluster is, as a target class says it. Pure.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace offtake::provision::opensearch {

struct ClusterUrl {
  std::string url;  // without a slash at its end
  std::string host, port;
};

// http(s)://host[:port][/path]. Code BadUrl; credentials in it are refused: they belong in a Secret.
base::Result<ClusterUrl> parse_cluster_url(std::string_view url);

}  // namespace offtake::provision::opensearch
