// `offtake demo mailer`: the function of the demo: an HTTP server that takes a CloudEvent for each new
// payment and sends its confirmation by SMTP. It is a function like anybody's: it knows $PORT and its
// environment.
#include <csignal>
#include <cstdlib>

#include "base/http/server.h"
#include "base/json/value.h"
#include "controlplane/cli/console.h"
#include "controlplane/cli/demo/mail.h"
#include "controlplane/cli/demo/verbs.h"
#include "operators/targets/http/cloud_event.h"

namespace offtake::cli::demo {
namespace {

int port_in(const char* variable) {
  const char* text = std::getenv(variable);
  const int port = text == nullptr ? 0 : std::atoi(text);
  return port > 0 && port < 65536 ? port : 0;
}

std::string euros(std::int64_t cents) {
  return fmt::format("{}.{:02} EUR", cents / 100, std::abs(cents % 100));
}

// 204: sent. 422: no confirmation can be made of it. 503: the mail server is away; the event comes again. The
// mail's id is the payment's, by which mail programs know one that is sent twice.
http::Response confirm(const http::Request& request, int smtp_port) {
  const auto refuse = [](int status, const std::string& why) {
    return http::Response::of(status, why + "\n", "text/plain");
  };
  auto event = targets::http::decode(request.headers, request.body);
  if (!event || !event->has_value()) return refuse(422, "no CloudEvent");
  const auto data = json::parse((*event)->data);
  if (!data) return refuse(422, "its data is no JSON");
  const json::Value& row = (*data)["row"];
  Mail mail;
  mail.from = "shop@shop.example";
  mail.to = row.string_or("send_to");
  if (mail.to.empty()) return refuse(422, "it has no send_to");
  mail.id = confirmation_id(row.int_or("payment_id"));
  mail.subject = fmt::format("Your payment for order {}", row.int_or("order_id"));
  mail.text = fmt::format("Dear {},\nwe have received {} by {}.\n", row.string_or("name"),
                          euros(row.int_or("amount_cents")), row.string_or("method"));
  if (auto sent = send_mail(smtp_port, mail); !sent) return refuse(503, sent.error().message);
  return http::Response::of(204, "", "text/plain");
}

int run_mailer(const Arguments&, Console& console) {
  const int smtp_port = port_in("SMTP_PORT");
  http::ServerOptions options;
  options.port = port_in("PORT");
  if (options.port == 0 || smtp_port == 0) {
    console.say("offtake demo mailer: PORT and SMTP_PORT say where it listens and where mails go");
    return kUsage;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  http::Router router;
  router.add("POST", "/", [smtp_port](const http::Request& request) { return confirm(request, smtp_port); });
  auto server = http::Server::start(std::move(router), options);
  if (!server) {
    console.error(server.error());
    return kFailed;
  }
  int signal = 0;
  sigwait(&ends, &signal);
  (*server)->stop();
  return kDone;
}

}  // namespace

const Verb& mailer_verb() {
  static const Verb kVerb = {"demo mailer",
                             "The demo's function: sends a mail for each payment it is told of",
                             {},
                             {},
                             "  PORT=8080 SMTP_PORT=2525 offtake demo mailer",
                             run_mailer,
                             true};
  return kVerb;
}

}  // namespace offtake::cli::demo
