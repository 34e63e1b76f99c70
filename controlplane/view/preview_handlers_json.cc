#include <semaphore>

#include "controlplane/view/preview.h"
#include "controlplane/view/preview_handlers.h"
#include "controlplane/view/submitted.h"

namespace offtake::view {
namespace {

constexpr int kAtATime = 4;

// A place among the previews that run; given back with the last copy.
class Gate : public std::enable_shared_from_this<Gate> {
 public:
  std::shared_ptr<void> enter() {
    if (!places_.try_acquire()) return nullptr;
    return std::shared_ptr<void>(this, [self = shared_from_this()](void*) { self->places_.release(); });
  }

 private:
  std::counting_semaphore<kAtATime> places_{kAtATime};
};

struct Asked {
  std::size_t limit = 20;
  std::optional<base::Micros> from;
};

base::Result<Asked> read_asked(std::optional<std::int64_t> limit, const std::string& from) {
  Asked out;
  if (limit) {
    if (*limit < 1 || *limit > static_cast<std::int64_t>(kMostPreviewRows)) {
      return base::terminal("BadRequest",
                            fmt::format("limit is {}; it is from 1 to {}", *limit, kMostPreviewRows));
    }
    out.limit = static_cast<std::size_t>(*limit);
  }
  if (!from.empty()) {
    auto duration = base::parse_duration(from);
    if (!duration) return base::terminal("BadRequest", "from: " + duration.error().text());
    out.from = *duration;
  }
  return out;
}

http::Response respond(const ViewContext& context, const std::shared_ptr<Gate>& gate,
                       const Submitted& submitted, const Asked& asked) {
  auto place = gate->enter();
  if (place == nullptr) {
    http::Response busy = refuse(base::transient(
        "TooManyRequests", fmt::format("{} previews are running; ask again in a moment", kAtATime)));
    busy.headers.set("Retry-After", "1");
    return busy;
  }
  const PreviewRequest request{submitted.product, submitted.stored, submitted.overlay, asked.limit,
                               asked.from};
  auto prepared = std::make_shared<PreparedPreview>(
      PreparedPreview::make(request, context.clock->now(), *context.resources, *context.platform));
  if (!prepared->runnable()) return answer(to_json(std::move(*prepared).report()));
  http::Response response;
  response.headers.set("Content-Type", "application/json");
  // As a stream, because only there a caller that goes away is noticed before the answer.
  response.stream = [prepared, place](http::StreamWriter& writer) {
    const PreviewReport report = std::move(*prepared).run([&] { return writer.alive(); });
    writer.write(json::dump(to_json(report)));
  };
  return response;
}

http::Response get_preview(const ViewContext& context, const std::shared_ptr<Gate>& gate,
                           const http::Request& request) {
  auto product = stored_product(context, request);
  if (!product) return refuse(product.error());
  std::optional<std::int64_t> limit;
  if (request.has_query("limit")) limit = std::atoll(request.query_value("limit").c_str());
  auto asked = read_asked(limit, request.query_value("from"));
  if (!asked) return refuse(asked.error());
  Submitted submitted;
  submitted.product = *product;
  submitted.stored = *std::move(product);
  return respond(context, gate, submitted, *asked);
}

http::Response post_preview(const ViewContext& context, const std::shared_ptr<Gate>& gate,
                            const http::Request& request) {
  auto submitted = read_submitted(context, request);
  if (!submitted) return refuse(submitted.error());
  // Whose rights count is told by the path.
  if (submitted->product.metadata.namespace_name != request.param("namespace")) {
    return refuse(base::terminal("BadRequest", "the object is of another namespace than the path"));
  }
  std::optional<std::int64_t> limit;
  if (submitted->body.find("limit") != nullptr) limit = submitted->body.int_or("limit");
  auto asked = read_asked(limit, submitted->body.string_or("from"));
  if (!asked) return refuse(asked.error());
  return respond(context, gate, *submitted, *asked);
}

}  // namespace

void add_preview_routes(http::Router& router, std::shared_ptr<ViewContext> context) {
  const auto gate = std::make_shared<Gate>();
  const auto bind = [&](auto handler) {
    return
        [context, gate, handler](const http::Request& request) { return handler(*context, gate, request); };
  };
  router.add("GET", kProductPaths + "preview", bind(get_preview));
  router.add("POST", kProductPaths + "preview", bind(post_preview));
}

}  // namespace offtake::view
