#include "operators/targets/http/webhook/engine.h"

#include "operators/targets/http/message_sender.h"
#include "operators/targets/http/row_json.h"
#include "operators/targets/push/engine_parts.h"
#include "operators/targets/push/push_target.h"

namespace offtake::targets::http::webhook {
namespace {

files::Path file_in(const std::string& directory, const char* name) {
  const files::Path path = files::Path(directory) / name;
  return files::exists(path) ? path : files::Path();
}

base::Result<std::unique_ptr<Target>> open_target(const TargetConnection& connection, const TableSpec& table,
                                                  const std::string& product_uid) {
  if (auto fine = push::check_connection(connection, table); !fine) return std::move(fine).error();
  const Receiver& receiver = *connection.receiver;
  SenderOptions options;
  options.url = receiver.url;
  options.mode = receiver.structured ? EventMode::kStructured : EventMode::kBinary;
  options.answer_deadline = std::chrono::milliseconds(table.push->answer_timeout / 1000);
  options.takes_answers = receiver.answers.has_value();
  const std::string& secrets = receiver.secrets_directory;
  options.credentials.bearer_token = file_in(secrets, "token");
  options.credentials.user = file_in(secrets, "user");
  options.credentials.password = file_in(secrets, "password");
  options.credentials.signing_key = file_in(secrets, "signing-key");
  if (const files::Path ca = file_in(secrets, "ca.crt"); !ca.empty()) {
    auto pem = files::read_file(ca);
    if (!pem) return std::move(pem).error();
    options.ca_pem = *std::move(pem);
  }
  const auto notes = std::make_shared<ReceiverNotes>(static_cast<std::size_t>(table.push->max_in_flight));
  options.notes = notes;
  const auto open = [options](std::size_t max_in_flight) {
    SenderOptions mine = options;
    mine.max_in_flight = max_in_flight;
    return MessageSender::open(std::move(mine));
  };
  return push::make_target(connection, table, product_uid, {notes, open});
}

constexpr TargetEngine kEngine = {.name = "http",
                                  .traits = push::kTraits,
                                  .column_type = push::column_type,
                                  .image = push::image,
                                  .check_name = push::check_name,
                                  .open = open_target,
                                  .table_image = push::table_image,
                                  .check_table = push::check_table,
                                  .type_notes = type_notes};

}  // namespace

const TargetEngine& engine() {
  return kEngine;
}

}  // namespace offtake::targets::http::webhook
