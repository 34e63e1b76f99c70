#include "controlplane/console/console.h"

#include "controlplane/console/frames.h"
#include "controlplane/console/object_watch.h"
#include "controlplane/console/product_poller.h"
#include "controlplane/console/response_headers.h"
#include "controlplane/console/session_handlers.h"
#include "controlplane/console/site.h"
#include "controlplane/console/stream_handler.h"

namespace offtake::console {

class Console::Impl {
 public:
  Impl(ConsoleSettings own_settings, std::optional<Site> own_site)
      : settings(std::move(own_settings)),
        site(std::move(own_site)),
        hub(*settings.clock),
        poller(hub, [this](const ProductName& product) { return look_at(product); }),
        watch(*settings.resources, hub, [this](const ProductName& product) { poller.poke(product); }) {
    hub.set_followers({[this](const ProductName& product) { poller.follow(product); },
                       [this](const ProductName& product) { poller.leave(product); }});
    settings.sessions->set_on_end([this] { hub.wake_all(); });
  }
  ~Impl() { settings.sessions->set_on_end({}); }

  base::Result<std::optional<std::string>> look_at(const ProductName& product) {
    auto object = settings.resources->get(resources::kind_of<resources::DataProduct>(),
                                          product.namespace_name, product.name);
    if (!object) {
      if (object.error().code == "NotFound") return std::optional<std::string>();
      return std::move(object).error();
    }
    const auto typed = resources::from_json<resources::DataProduct>(*object);
    const json::Value progress = view::progress_json(typed, settings.runners, settings.clock->now());
    return std::optional(changed_data(product_topic(product), product.key(), *std::move(object), progress));
  }

  std::string build() const { return site ? site->build() : ""; }

  const ConsoleSettings settings;
  const std::optional<Site> site;
  Hub hub;
  ProductPoller poller;
  ObjectWatch watch;
};

Console::Console(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Console::~Console() = default;

base::Result<std::unique_ptr<Console>> Console::start(ConsoleSettings settings) {
  std::optional<Site> site;
  if (!settings.archive.empty()) {
    auto archive = read_archive(settings.archive);
    if (!archive) return std::move(archive).error();
    site.emplace(*std::move(archive));
  }
  return std::unique_ptr<Console>(new Console(std::make_unique<Impl>(std::move(settings), std::move(site))));
}

void Console::add_routes(http::Router& router) {
  const Impl& impl = *impl_;
  add_session_routes(router,
                     {impl.settings.sessions, impl.settings.sign_in, impl.settings.version, impl.build()});
  StreamContext stream;
  stream.hub = &impl_->hub;
  stream.sessions = impl.settings.sessions;
  stream.clock = impl.settings.clock;
  stream.build = impl.build();
  add_stream_route(router, std::move(stream));
  router.set_fallback([this](const http::Request& request) {
    return impl_->site ? impl_->site->answer(request) : answer_without_site(request);
  });
  router.set_finish([](const http::Request&, http::Response& response) { add_protection(response); });
}

std::optional<std::string> Console::new_sign_in_link(const std::string& url) {
  if (!impl_->site) return std::nullopt;
  return sign_in_link(url, impl_->settings.sign_in->new_code());
}

}  // namespace offtake::console
