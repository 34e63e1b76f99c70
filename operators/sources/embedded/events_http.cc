#include "operators/sources/embedded/events_http.h"

#include "operators/sources/embedded/events_body.h"

namespace offtake::sources::embedded {
namespace {

int status_of(const base::Error& error) {
  if (error.code == "TopicMissing") return 404;
  if (error.code == "RecordTooLarge") return 413;
  if (error.code == "MediaTypeUnknown") return 415;
  if (error.code == "DiskFull") return 507;
  if (error.code == "LogUnavailable") return 503;
  if (error.code == "LogDamaged") return 500;
  return 400;
}

http::Response refuse(const base::Error& error) {
  return http::Response::of(status_of(error), error_json(error), "application/json");
}

std::string_view media_type(const http::Request& request) {
  std::string_view type = request.headers.get("content-type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type;
}

}  // namespace

http::Response post_events(Log& log, const http::Request& request) {
  const std::string_view type = media_type(request);
  base::Result<EventsBody> body = [&]() -> base::Result<EventsBody> {
    if (type == kRecordsMediaType) return parse_binary_events(request.query_value("topic"), request.body);
    if (type == "application/json" || type.empty()) return parse_json_events(request.body);
    return base::terminal("MediaTypeUnknown", fmt::format("events cannot be read as '{}'", type))
        .with_hint(fmt::format("send application/json or {}", kRecordsMediaType));
  }();
  if (!body) return refuse(body.error());
  auto appended = log.append(body->topic, body->records);
  if (!appended) return refuse(appended.error());
  return http::Response::of(200, offsets_json(*appended), "application/json");
}

void add_event_routes(http::Router& router, std::shared_ptr<Log> log) {
  router.add("POST", "/offtake/v1/events",
             [log = std::move(log)](const http::Request& request) { return post_events(*log, request); },
             {kMaxEventsBody});
}

}  // namespace offtake::sources::embedded
