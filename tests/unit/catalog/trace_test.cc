// What is around a node.
#include "controlplane/catalog/trace.h"

#include <doctest/doctest.h>

namespace offtake::catalog {
namespace {

// "a>b a>c": edges. Gives "root@0 b@1(+2) … | a>b", with ! where it is truncated.
std::string traced(const std::string& edges, const std::string& root, int steps = 2, std::size_t most = 60) {
  std::vector<std::pair<std::string, std::string>> all;
  for (std::size_t at = 0; at < edges.size();) {
    const auto end = std::min(edges.find(' ', at), edges.size());
    const std::string edge = edges.substr(at, end - at);
    all.emplace_back(edge.substr(0, edge.find('>')), edge.substr(edge.find('>') + 1));
    at = end + 1;
  }
  const Trace found = trace(root, steps, most, [&](const std::string& id) {
    Neighbours out;
    for (const auto& [from, to] : all) {
      if (to == id) out.upstream.push_back(from);
      if (from == id) out.downstream.push_back(to);
    }
    return out;
  });
  std::string out;
  for (const auto& node : found.nodes) {
    out += fmt::format("{}{}@{}", out.empty() ? "" : " ", node.id, node.depth);
    if (node.more > 0) out += fmt::format("(+{})", node.more);
  }
  out += " |";
  for (const auto& [from, to] : found.edges) out += fmt::format(" {}>{}", from, to);
  return out + (found.truncated ? " !" : "");
}

}  // namespace

TEST_CASE("two steps in each direction, the nearest first") {
  CHECK(traced("", "a") == "a@0 |");
  CHECK(traced("a>p p>t", "a") == "a@0 p@1 t@2 | a>p p>t");
  CHECK(traced("a>p p>t", "t") == "t@0 p@-1 a@-2 | p>t a>p");
  CHECK(traced("a>p b>p p>t p>d d>q q>u", "p") == "p@0 a@-1 b@-1 t@1 d@1 q@2(+1) | p>t p>d a>p b>p d>q");
  // Who else reads what a product reads is not followed, but counted.
  CHECK(traced("a>p a>q b>p", "p") == "p@0 a@-1(+1) b@-1 | a>p b>p");
}

TEST_CASE("a cycle ends, and its edges are all there") {
  CHECK(traced("a>p p>a", "a") == "a@0 p@-1 | a>p p>a");
  CHECK(traced("a>p p>b b>q q>a", "a") == "a@0 q@-1 p@1 b@-2 | a>p q>a p>b b>q");
}

TEST_CASE("no more than so many, and that is said") {
  CHECK(traced("a>b a>c a>d", "a", 2, 3) == "a@0(+1) b@1 c@1 | a>b a>c !");
  CHECK(traced("a>b a>c", "a", 2, 3) == "a@0 b@1 c@1 | a>b a>c");
  // What is near on one side comes before what is far on the other.
  CHECK(traced("x>y y>a a>b b>c", "a", 2, 3) == "a@0 y@-1(+1) b@1(+1) | a>b y>a !");
}

}  // namespace offtake::catalog
