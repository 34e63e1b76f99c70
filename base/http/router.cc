#include "base/http/router.h"

#include <cassert>

namespace offtake::http {
namespace {

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.empty()) return segments;
  for (;;) {
    const std::size_t end = path.find('/');
    segments.push_back(path.substr(0, end));
    if (end == std::string_view::npos) return segments;
    path.remove_prefix(end + 1);
  }
}

// The segments are decoded one by one, so that %2F stays inside its segment.
std::optional<std::vector<std::string>> decode_segments(std::string_view target) {
  std::vector<std::string> out;
  for (const std::string_view segment : split(target.substr(0, target.find('?')))) {
    auto decoded = percent_decode(segment);
    if (!decoded.has_value()) return std::nullopt;
    out.push_back(*std::move(decoded));
  }
  return out;
}

}  // namespace

struct Router::Node {
  struct Leaf {
    std::vector<std::string> names;  // of the parameters, in order
    Route route;
  };
  std::map<std::string, std::unique_ptr<Node>, std::less<>> by_text;
  std::unique_ptr<Node> any;   // {name}
  std::unique_ptr<Node> rest;  // {name...}
  std::map<std::string, Leaf, std::less<>> by_method;
};

namespace {

// Walks the tree of patterns from the most special to the most general match.
template <class Node>
class Search {
 public:
  Search(std::string_view method, const std::vector<std::string>& segments)
      : method_(method), segments_(segments) {}

  void visit(const Node& node, std::size_t depth) {
    if (leaf != nullptr) return;
    if (depth == segments_.size()) take(node);
    if (depth < segments_.size()) {
      const std::string& segment = segments_[depth];
      if (const auto found = node.by_text.find(segment); found != node.by_text.end()) {
        visit(*found->second, depth + 1);
      }
      if (leaf == nullptr && node.any != nullptr && !segment.empty()) {
        captured_.push_back(segment);
        visit(*node.any, depth + 1);
        captured_.pop_back();
      }
    }
    if (leaf == nullptr && node.rest != nullptr) {
      std::string rest;
      for (std::size_t i = depth; i < segments_.size(); ++i) rest += (i > depth ? "/" : "") + segments_[i];
      captured_.push_back(std::move(rest));
      take(*node.rest);
      captured_.pop_back();
    }
  }

  const typename Node::Leaf* leaf = nullptr;
  std::vector<std::string> values;
  std::set<std::string> allowed;

 private:
  void take(const Node& node) {
    for (const std::string_view wanted :
         {method_, method_ == "HEAD" ? std::string_view("GET") : method_, std::string_view("*")}) {
      const auto found = node.by_method.find(wanted);
      if (leaf == nullptr && found != node.by_method.end()) {
        leaf = &found->second;
        values = captured_;
      }
    }
    for (const auto& [name, unused] : node.by_method) allowed.insert(name);
  }

  std::string_view method_;
  const std::vector<std::string>& segments_;
  std::vector<std::string> captured_;
};

}  // namespace

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(std::string_view method, std::string_view pattern, Handler handler, RouteOptions options) {
  assert(pattern.starts_with('/'));
  Node* node = root_.get();
  Node::Leaf leaf{{}, {std::string(pattern), std::move(handler), options}};
  for (const std::string_view segment : split(pattern)) {
    std::unique_ptr<Node>* next = nullptr;
    if (segment.starts_with('{') && segment.ends_with("...}")) {
      leaf.names.emplace_back(segment.substr(1, segment.size() - 5));
      next = &node->rest;
    } else if (segment.starts_with('{') && segment.ends_with('}')) {
      leaf.names.emplace_back(segment.substr(1, segment.size() - 2));
      next = &node->any;
    } else {
      next = &node->by_text[std::string(segment)];
    }
    if (*next == nullptr) *next = std::make_unique<Node>();
    node = next->get();
  }
  [[maybe_unused]] const bool fresh = node->by_method.emplace(std::string(method), std::move(leaf)).second;
  assert(fresh);
}

Router::Match Router::match(Request& request) const {
  const auto segments = decode_segments(request.target);
  if (!segments.has_value()) return {};
  Search<Node> search(request.method, *segments);
  search.visit(*root_, 0);
  if (search.leaf == nullptr) return {nullptr, {search.allowed.begin(), search.allowed.end()}};
  request.route = search.leaf->route.pattern;
  request.params.clear();
  for (std::size_t i = 0; i < search.values.size(); ++i) {
    request.params.emplace_back(search.leaf->names[i], std::move(search.values[i]));
  }
  return {&search.leaf->route, {}};
}

std::optional<Response> Router::guard(const Request& request) const {
  if (!guard_) return std::nullopt;
  try {
    return guard_(request);
  } catch (const std::exception& e) {
    return refuse(request, 500, base::internal(e.what()));
  }
}

Response Router::refuse(const Request& request, int status, const base::Error& error) const {
  if (refusal_) return refusal_(request, status, error);
  return Response::of(status, error.text() + "\n", "text/plain; charset=utf-8");
}

void Router::finish(const Request& request, Response& response) const {
  if (finish_) finish_(request, response);
}

Response Router::run(const Route& route, const Request& request) const {
  try {
    return route.handler(request);
  } catch (const std::exception& e) {
    return refuse(request, 500,
                  base::internal(fmt::format("{} {}: {}", request.method, route.pattern, e.what())));
  }
}

Response Router::handle(Request& request) const {
  const Match found = match(request);
  auto answer = guard(request);
  Response response;
  if (answer.has_value()) {
    response = *std::move(answer);
  } else if (found.route == nullptr) {
    response = answer_unmatched(request, found);
  } else {
    response = run(*found.route, request);
  }
  finish(request, response);
  return response;
}

Response Router::answer_unmatched(const Request& request, const Match& match) const {
  if (match.allowed.empty()) {
    if (fallback_) {
      try {
        if (auto answer = fallback_(request)) return *std::move(answer);
      } catch (const std::exception& e) {
        return refuse(request, 500, base::internal(e.what()));
      }
    }
    return refuse(request, 404,
                  base::terminal("NotFound", fmt::format("there is nothing at {}", request.path)));
  }
  Response response = refuse(
      request, 405,
      base::terminal("MethodNotAllowed", fmt::format("{} cannot be used at {}", request.method, request.path))
          .with_hint(fmt::format("use {}", fmt::join(match.allowed, ", "))));
  response.headers.set("Allow", fmt::format("{}", fmt::join(match.allowed, ", ")));
  return response;
}

}  // namespace offtake::http
