#include "operators/targets/function/engine.h"

#include "operators/targets/function/function_process.h"
#include "operators/targets/function/function_sender.h"
#include "operators/targets/http/row_json.h"
#include "operators/targets/push/engine_parts.h"
#include "operators/targets/push/push_target.h"

namespace offtake::targets::function {
namespace {

// A sender that owns the process it sends to.
class OwningSender : public http::MessageSender {
 public:
  OwningSender(std::unique_ptr<FunctionProcess> process, http::SenderOptions options)
      : process_(std::move(process)), sender_(make_function_sender(*process_, std::move(options))) {}

  base::Status send(std::span<const http::Message> messages, const OnOutcome& on_outcome,
                    std::stop_token stop) override {
    return sender_->send(messages, on_outcome, std::move(stop));
  }

 private:
  const std::unique_ptr<FunctionProcess> process_;
  const std::unique_ptr<http::MessageSender> sender_;  // goes first
};

base::Result<std::unique_ptr<Target>> open_target(const TargetConnection& connection, const TableSpec& table,
                                                  const std::string& product_uid) {
  if (auto fine = push::check_connection(connection, table); !fine) return std::move(fine).error();
  const Receiver& receiver = *connection.receiver;
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
  sending.max_in_flight = static_cast<std::size_t>(table.push->max_in_flight);
  sending.mode = receiver.structured ? http::EventMode::kStructured : http::EventMode::kBinary;
  sending.takes_answers = receiver.answers.has_value();
  return push::make_target(connection, table, product_uid,
                           std::make_unique<OwningSender>(*std::move(process), std::move(sending)));
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
