#include "controlplane/console/stream_handler.h"

#include "controlplane/api/negotiation.h"
#include "controlplane/console/frames.h"

namespace offtake::console {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookAtPeerEvery = 5s;
constexpr std::string_view kRetry = "retry: 1000\n\n";

void run(const StreamContext& context, const Topics& topics, const std::string& after,
         const std::optional<auth::Session>& session, http::StreamWriter& out) {
  const auto subscription = context.hub->subscribe(topics, after);
  const auto reset = [&] { return frame("reset", subscription->position(), reset_data(context.build)); };
  std::string first(kRetry);
  first += subscription->lost() ? reset()
                                : frame("ready", after.empty() ? subscription->position() : after,
                                        ready_data(subscription->resumed(), context.build));
  if (!out.write(first)) return;
  auto last_write = SteadyClock::now();
  while (!out.stop_token().stop_requested()) {
    if (session && !context.sessions->lasts(*session)) {
      out.write(frame("end", "", end_data("SignedOut")));
      return;
    }
    const auto silence = std::chrono::ceil<std::chrono::milliseconds>(SteadyClock::now() - last_write);
    const auto left =
        std::clamp<std::chrono::milliseconds>(context.heartbeat - silence, 0ms, kLookAtPeerEvery);
    auto batch = subscription->next(left, out.stop_token());
    std::string text = batch.reset ? reset() : "";
    text += batch.text;
    if (text.empty() && SteadyClock::now() - last_write >= context.heartbeat) {
      // Its id spares a client whose topics are quiet the reset after a break.
      text = frame("heartbeat", subscription->position(), heartbeat_data(context.clock->now()));
    }
    if (text.empty()) {
      if (!out.alive()) return;
      continue;
    }
    if (!out.write(text)) return;
    last_write = SteadyClock::now();
  }
}

http::Response open_stream(const std::shared_ptr<const StreamContext>& context,
                           const http::Request& request) {
  auto topics = read_topics(request.query_value("topics"));
  if (!topics) return api::status_response(topics.error());
  std::string after(request.headers.get("Last-Event-ID"));
  if (after.empty()) after = request.query_value("after");
  std::optional<auth::Session> session;
  if (context->sessions != nullptr && !request.headers.has("Authorization"))
    session = context->sessions->find(request);
  http::Response response;
  response.headers.set("Content-Type", "text/event-stream");
  response.headers.set("Cache-Control", "no-store, no-transform");
  response.headers.set("X-Accel-Buffering", "no");  // proxies that gather answers are told not to
  response.stream = [context, topics = *std::move(topics), after = std::move(after),
                     session = std::move(session)](http::StreamWriter& out) {
    run(*context, topics, after, session, out);
  };
  return response;
}

}  // namespace

void add_stream_route(http::Router& router, StreamContext context) {
  const auto shared = std::make_shared<const StreamContext>(std::move(context));
  router.add("GET", "/offtake/v1/stream",
             [shared](const http::Request& request) { return open_stream(shared, request); });
}

}  // namespace offtake::console
