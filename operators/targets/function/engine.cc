#include "operators/targets/function/engine.h"

#include "operators/targets/function/function_process.h"
#include "operators/targets/function/function_sender.h"
#include "operators/targets/http/row_json.h"
#include "operators/targets/http/webhook/engine.h"
#include "operators/targets/push/engine_parts.h"
#include "operators/targets/push/push_target.h"

namespace offtake::targets::function {
namespace {

// A sender that, with others, owns the process it sends to.
class OwningSender : public http::MessageSender {
 public:
  OwningSender(std::shared_ptr<FunctionProcess> process, http::SenderOptions options)
      : process_(std::move(process)), sender_(make_function_sender(*process_, std::move(options))) {}

  base::Status send(std::span<const http::Message> messages, const OnOutcome& on_outcome,
                    std::stop_token stop) override {
    return sender_->send(messages, on_outcome, std::move(stop));
  }

 private:
  const std::shared_ptr<FunctionProcess> process_;
  const std::unique_ptr<http::MessageSender> sender_;  // goes first
};

base::Result<std::unique_ptr<Target>> open_target(const TargetConnection& connection, const TableSpec& table,
                                                  const std::string& product_uid) {
  if (auto fine = push::check_connection(connection, table); !fine) return std::move(fine).error();
  const Receiver& receiver = *connection.receiver;
  // One that runs elsewhere is a server as any other.
  if (!receiver.command && !receiver.url.empty())
    return http::webhook::engine().open(connection, table, product_uid);
  if (!receiver.command)
    return base::terminal("BadJob", "the job does not say what the function's command is");
  FunctionOptions options;
  options.name = receiver.name;
  options.revision = table.revision;
  options.command = receiver.command->argv;
  options.environment = receiver.command->environment;
  for (const std::string& variable : receiver.command->secrets) {
    options.secrets.emplace_back(variable, files::Path(receiver.secrets_directory) / ("env-" + variable));
  }
  options.directory = receiver.directory;
  options.memory_bytes = static_cast<std::uint64_t>(receiver.command->memory_bytes);
  options.idle_timeout = std::chrono::milliseconds(receiver.command->idle_timeout / 1000);
  auto process = FunctionProcess::open(std::move(options));
  if (!process) return std::move(process).error();
  http::SenderOptions sending;
  sending.answer_deadline = std::chrono::milliseconds(table.push->answer_timeout / 1000);
  sending.mode = receiver.structured ? http::EventMode::kStructured : http::EventMode::kBinary;
  sending.takes_answers = receiver.answers.has_value();
  const auto notes =
      std::make_shared<http::ReceiverNotes>(static_cast<std::size_t>(table.push->max_in_flight));
  sending.notes = notes;
  const auto open = [sending, shared = std::shared_ptr<FunctionProcess>(*std::move(process))](
                        std::size_t max_in_flight) -> base::Result<std::unique_ptr<http::MessageSender>> {
    http::SenderOptions mine = sending;
    mine.max_in_flight = max_in_flight;
    return std::unique_ptr<http::MessageSender>(std::make_unique<OwningSender>(shared, std::move(mine)));
  };
  return push::make_target(connection, table, product_uid, {notes, open});
}

constexpr TargetEngine kEngine = {.name = "function",
                                  .traits = push::kTraits,
                                  .column_type = push::column_type,
                                  .image = push::image,
                                  .check_name = push::check_name,
                                  .open = open_target,
                                  .table_image = push::table_image,
                                  .check_table = push::check_table,
                                  .type_notes = http::type_notes};

}  // namespace

const TargetEngine& engine() {
  return kEngine;
}

}  // namespace offtake::targets::function
