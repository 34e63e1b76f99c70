// Watches over HTTP: a line of JSON a change, until the client goes, the time is over or the server stops.
#include <charconv>

#include "base/id.h"
#include "controlplane/api/resource_handlers.h"
#include "controlplane/store/status.h"

namespace offtake::api {
namespace {

using namespace std::chrono_literals;
using resources::Kind;

constexpr auto kBookmarkEvery = 60s;
constexpr auto kLookAtPeerEvery = 5s;

std::string line(std::string_view type, json::Value object) {
  return json::dump(json::Object{{"type", type}, {"object", std::move(object)}}) + "\n";
}

std::string_view type_text(store::WatchEventType type) {
  switch (type) {
    case store::WatchEventType::kAdded:
      return "ADDED";
    case store::WatchEventType::kModified:
      return "MODIFIED";
    case store::WatchEventType::kDeleted:
      return "DELETED";
    case store::WatchEventType::kBookmark:
      break;
  }
  return "BOOKMARK";
}

// Clients that all began at once should not all end at once.
std::chrono::seconds random_duration() {
  return std::chrono::seconds(1800 + base::random_u64() % 1800);
}

struct Stream {
  const Kind* kind;
  std::shared_ptr<store::Watch> watch;
  ShapeOptions shape;
  const base::Clock* clock;
  bool bookmarks = false;
  std::optional<store::ObjectList> initial;  // sent first, then a bookmark that says so
  std::chrono::seconds duration{0};

  bool bookmark(http::StreamWriter& out, const std::string& version, bool end_of_initial) const {
    return out.write(line("BOOKMARK", shaped_bookmark(*kind, version, end_of_initial, shape)));
  }

  bool send_initial(http::StreamWriter& out) {
    for (const json::Value& object : initial->items) {
      if (!out.write(line("ADDED", shaped_object(*kind, object, shape)))) return false;
    }
    const std::string version = initial->resource_version;
    initial.reset();
    return bookmark(out, version, true);
  }

  void run(http::StreamWriter& out) {
    const std::stop_callback stop(out.stop_token(), [this] { watch->close(); });
    if (initial && !send_initial(out)) return;
    const auto end = std::chrono::steady_clock::now() + duration;
    auto next_bookmark = std::chrono::steady_clock::now() + kBookmarkEvery;
    while (true) {
      const auto now = std::chrono::steady_clock::now();
      if (now >= end || out.stop_token().stop_requested()) return;
      if (bookmarks && now >= next_bookmark) {
        next_bookmark = now + kBookmarkEvery;
        if (!bookmark(out, watch->position(), false)) return;
      }
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - now);
      auto event = watch->next(std::min<std::chrono::milliseconds>(left, kLookAtPeerEvery));
      if (!event) {
        out.write(line("ERROR", store::to_status(event.error())));
        return;
      }
      if (!event->has_value()) {
        if (!out.alive()) return;
        continue;
      }
      shape.now = clock->now();
      if (!out.write(line(type_text((*event)->type), shaped_object(*kind, (*event)->object, shape)))) return;
    }
  }
};

http::Response streaming(std::function<void(http::StreamWriter&)> stream) {
  http::Response response;
  response.status = 200;
  response.headers.set("Content-Type", "application/json");
  response.headers.set("Cache-Control", "no-cache, private");
  response.stream = std::move(stream);
  return response;
}

}  // namespace

http::Response ResourceHandlers::watch(const Kind& kind, const http::Request& request,
                                       store::ListOptions options) const {
  auto wanted = shape(request);
  if (!wanted) return status_response(wanted.error(), &kind);
  auto bookmarks = query_bool(request, "allowWatchBookmarks");
  if (!bookmarks) return status_response(bookmarks.error(), &kind);
  auto initial = query_bool(request, "sendInitialEvents");
  if (!initial) return status_response(initial.error(), &kind);
  if (*initial && request.query_value("resourceVersionMatch") != "NotOlderThan") {
    return status_response(
        base::terminal("Invalid", "sendInitialEvents needs resourceVersionMatch=NotOlderThan"), &kind);
  }
  std::chrono::seconds duration = random_duration();
  if (const std::string text = request.query_value("timeoutSeconds"); !text.empty()) {
    int seconds = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || seconds < 0) {
      return status_response(
          base::terminal("BadRequest", fmt::format("timeoutSeconds={} is no whole number", text)), &kind);
    }
    if (seconds > 0) duration = std::chrono::seconds(seconds);
  }
  std::string version = request.query_value("resourceVersion");
  options.limit = 0;
  options.continue_token.clear();
  std::optional<store::ObjectList> first;
  if (*initial) {
    auto listed = client_.list(kind, options);
    if (!listed) return status_response(listed.error(), &kind);
    first = *std::move(listed);
    version = first->resource_version;
  }
  auto watch = client_.watch(kind, version, options);
  if (!watch) {
    if (watch.error().code != "Expired") return status_response(watch.error(), &kind);
    return streaming([error = watch.error()](http::StreamWriter& out) {
      out.write(line("ERROR", store::to_status(error)));
    });
  }
  auto stream = std::make_shared<Stream>();
  stream->kind = &kind;
  stream->watch = *std::move(watch);
  stream->shape = *wanted;
  stream->clock = &clock_;
  stream->bookmarks = *bookmarks;
  stream->initial = std::move(first);
  stream->duration = duration;
  return streaming([stream](http::StreamWriter& out) { stream->run(out); });
}

}  // namespace offtake::api
