#include "controlplane/catalog/trace.h"

#include <map>

namespace offtake::catalog {

Trace trace(const std::string& root, int steps, std::size_t most,
            const std::function<Neighbours(const std::string& id)>& neighbours) {
  Trace out;
  std::map<std::string, Neighbours> shown;
  const auto add = [&](const std::string& id, int depth) {
    if (shown.contains(id)) return false;
    if (shown.size() >= most) {
      out.truncated = true;
      return false;
    }
    shown.emplace(id, neighbours(id));
    out.nodes.push_back({id, depth, 0});
    return true;
  };
  add(root, 0);
  std::vector<std::string> upstream = {root}, downstream = {root};
  // Step by step, so that what is near comes in before what is far on the other side.
  for (int step = 1; step <= steps; ++step) {
    std::vector<std::string> next;
    for (const auto& id : upstream) {
      for (const auto& found : shown.at(id).upstream) {
        if (add(found, -step)) next.push_back(found);
      }
    }
    upstream.swap(next);
    next.clear();
    for (const auto& id : downstream) {
      for (const auto& found : shown.at(id).downstream) {
        if (add(found, step)) next.push_back(found);
      }
    }
    downstream.swap(next);
  }
  for (TracedNode& node : out.nodes) {
    const Neighbours& around = shown.at(node.id);
    for (const auto& to : around.downstream) {
      if (shown.contains(to)) {
        out.edges.emplace_back(node.id, to);
      } else {
        ++node.more;
      }
    }
    for (const auto& from : around.upstream) node.more += shown.contains(from) ? 0 : 1;
  }
  return out;
}

}  // namespace offtake::catalog
