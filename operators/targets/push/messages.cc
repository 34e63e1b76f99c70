#include "operators/targets/push/messages.h"

#include "operators/targets/http/row_json.h"

namespace offtake::targets::push {
namespace {

constexpr std::string_view kCreated = "dev.offtake.row.created";
constexpr std::string_view kUpdated = "dev.offtake.row.updated";
constexpr std::string_view kDeleted = "dev.offtake.row.deleted";

class Maker {
 public:
  Maker(const MessageForm& form, const EpochCommit& epoch)
      : form_(form), epoch_(epoch), time_(base::format_instant(epoch.logical_time)) {}

  // `row`, `old_row`: of upserts and old_rows; -1: none.
  void add(std::string_view type, const KeyDigest& key, std::string subject, std::int64_t row,
           std::int64_t old_row) {
    http::Message& message = out_.emplace_back();
    message.key = hex_of(key);
    http::CloudEvent& event = message.event;
    event.id = fmt::format("{}:{}:{}", form_.product_uid, message.key, epoch_.last_epoch + 1);
    event.source = form_.source;
    event.type = type;
    event.subject = std::move(subject);
    event.time = time_;
    event.data = R"({"row":)";
    if (row < 0) {
      event.data += "null";
    } else {
      http::append_row(form_.columns, epoch_.changes.upserts, static_cast<std::size_t>(row), event.data);
    }
    if (old_row >= 0) {
      event.data += R"(,"oldRow":)";
      http::append_row(form_.columns, epoch_.changes.old_rows, static_cast<std::size_t>(old_row), event.data);
    }
    event.data += '}';
  }
  std::vector<http::Message> take() { return std::move(out_); }

 private:
  const MessageForm& form_;
  const EpochCommit& epoch_;
  const std::string time_;
  std::vector<http::Message> out_;
};

}  // namespace

EpochMessages messages_of(const MessageForm& form, const EpochCommit& epoch, const SettledKeys& settled) {
  const engine::Changes& changes = epoch.changes;
  const RowKeys keys(form.identity);
  Maker maker(form, epoch);
  EpochMessages out;
  const bool all = form.changes == plan::SentChanges::kAll;
  for (std::size_t row = 0; row < changes.upserts.rows; ++row) {
    const KeyDigest key = keys.of_upsert(changes, row);
    const bool was_settled = settled.contains(key);
    if (!was_settled) out.settled.push_back(key);
    const auto index = static_cast<std::int64_t>(row), first = static_cast<std::int64_t>(changes.new_rows);
    if (!all) {
      if (!was_settled) maker.add(kCreated, key, keys.text_of_upsert(changes, row), index, -1);
    } else if (index < first) {
      maker.add(kCreated, key, keys.text_of_upsert(changes, row), index, -1);
    } else {
      maker.add(kUpdated, key, keys.text_of_upsert(changes, row), index, index - first);
    }
  }
  if (all) {
    const std::size_t updated = changes.upserts.rows - changes.new_rows;
    for (std::size_t row = 0; row < changes.deletes.rows; ++row) {
      maker.add(kDeleted, keys.of_delete(changes, row), keys.text_of_delete(changes, row), -1,
                static_cast<std::int64_t>(updated + row));
    }
  }
  out.messages = maker.take();
  return out;
}

}  // namespace offtake::targets::push
