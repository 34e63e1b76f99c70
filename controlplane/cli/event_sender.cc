#include "controlplane/cli/event_sender.h"

namespace offtake::cli {
namespace {

constexpr std::size_t kMaxBodyBytes = 4 << 20;

template <class T>
void append_big_endian(T value, std::string& out) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> shift);
  }
}

std::int32_t length_of(const std::optional<std::string_view>& bytes) {
  return bytes ? static_cast<std::int32_t>(bytes->size()) : -1;
}

}  // namespace

EventSender::EventSender(ApiClient& client, std::string topic, std::size_t batch_records)
    : client_(client), topic_(std::move(topic)), batch_records_(batch_records) {}

base::Status EventSender::add(std::optional<std::string_view> key, std::optional<std::string_view> value,
                              std::int64_t timestamp_ms) {
  append_big_endian<std::int32_t>(-1, body_);
  append_big_endian<std::int64_t>(timestamp_ms, body_);
  append_big_endian<std::int32_t>(length_of(key), body_);
  append_big_endian<std::int32_t>(length_of(value), body_);
  if (key) body_ += *key;
  if (value) body_ += *value;
  if (++waiting_ >= batch_records_ || body_.size() >= kMaxBodyBytes) return flush();
  return {};
}

base::Status EventSender::flush() {
  if (waiting_ == 0) return {};
  http::ClientRequest request;
  request.method = "POST";
  request.path = "/offtake/v1/events";
  request.query = {{"topic", topic_}};
  request.headers.set("Content-Type", "application/vnd.offtake.records");
  request.body = std::move(body_);
  const std::size_t count = waiting_;
  body_.clear();
  waiting_ = 0;
  auto answer = client_.call(std::move(request));
  if (!answer) return std::move(answer).error().in("topic " + topic_);
  sent_ += static_cast<std::int64_t>(count);
  if ((*answer)["offsets"].is_array()) {
    for (const json::Value& range : (*answer)["offsets"].as_array()) {
      auto& end = ends_[static_cast<int>(range.int_or("partition"))];
      end = std::max(end, range.int_or("first") + range.int_or("count"));
    }
  }
  return {};
}

base::Result<WriterSchema> latest_schema(ApiClient& client, const std::string& subject) {
  http::ClientRequest request;
  request.path = fmt::format("/registry/subjects/{}/versions/latest", http::percent_encode(subject));
  auto answer = client.call(std::move(request));
  if (!answer) return std::move(answer).error().in("schema " + subject);
  return WriterSchema{static_cast<std::uint32_t>(answer->int_or("id")), answer->string_or("schema")};
}

}  // namespace offtake::cli
