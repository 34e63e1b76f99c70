#include "operators/targets/function/function_sender.h"

namespace offtake::targets::function {
namespace {

class FunctionSender : public http::MessageSender {
 public:
  FunctionSender(FunctionProcess& function, http::SenderOptions options, const base::Clock& clock)
      : function_(function), options_(std::move(options)), clock_(clock) {
    if (!options_.notes) options_.notes = std::make_shared<http::ReceiverNotes>(options_.max_in_flight);
  }

  base::Status send(std::span<const http::Message> messages, const OnOutcome& on_outcome,
                    std::stop_token stop) override {
    auto use = function_.use(stop);
    if (!use) return std::move(use).error();
    if (!sender_ || use->port() != port_) {
      port_ = use->port();
      options_.url = fmt::format("http://127.0.0.1:{}/", port_);
      auto sender = http::MessageSender::open(options_, clock_);
      if (!sender) return std::move(sender).error();
      sender_ = *std::move(sender);
    }
    const std::uint64_t answers = options_.notes->answers();
    std::size_t late = 0;
    auto sent = sender_->send(
        messages,
        [&](std::size_t index, http::Outcome outcome) {
          if (outcome.error && outcome.error->code == "TimedOut") ++late;
          on_outcome(index, std::move(outcome));
        },
        stop);
    // Nor did it answer another sender meanwhile.
    if (options_.notes->answers() == answers && late > 0) {
      function_.restart(fmt::format("it answered none of {} calls within {:.1f} s", late,
                                    std::chrono::duration<double>(options_.answer_deadline).count()));
    }
    return sent;
  }

 private:
  FunctionProcess& function_;
  http::SenderOptions options_;
  const base::Clock& clock_;
  std::unique_ptr<http::MessageSender> sender_;
  int port_ = 0;
};

}  // namespace

std::unique_ptr<http::MessageSender> make_function_sender(FunctionProcess& function,
                                                          http::SenderOptions options,
                                                          const base::Clock& clock) {
  return std::make_unique<FunctionSender>(function, std::move(options), clock);
}

}  // namespace offtake::targets::function
