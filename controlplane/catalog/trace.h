// What comes from what, a few steps around a node. Pure.
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace offtake::catalog {

struct Neighbours {
  std::vector<std::string> upstream, downstream;
};

struct TracedNode {
  std::string id;
  int depth = 0;  // steps from the root; negative upstream
  int more = 0;   // neighbours that are not shown
};

struct Trace {
  std::vector<TracedNode> nodes;                           // the root, then the nearest first
  std::vector<std::pair<std::string, std::string>> edges;  // from, to: as data flows
  bool truncated = false;                                  // there was no room for more nodes
};

// Upstream of what is upstream, downstream of what is downstream, up to `steps` and `most` nodes.
Trace trace(const std::string& root, int steps, std::size_t most,
            const std::function<Neighbours(const std::string& id)>& neighbours);

}  // namespace offtake::catalog
