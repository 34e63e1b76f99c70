#include "controlplane/cli/demo/writer.h"

#include "controlplane/cli/connection.h"
#include "schemas/avro/encoder.h"
#include "schemas/avro/framing.h"

namespace offtake::cli::demo {

base::Result<std::unique_ptr<RetailWriter>> RetailWriter::open(ApiClient& client, const std::string& company,
                                                               std::size_t batch_records) {
  auto out = std::make_unique<RetailWriter>();
  for (int i = 0; i < kTopics; ++i) {
    const std::string name(dataset_of(static_cast<Topic>(i)));
    auto dataset = store::get<resources::Dataset>(client, company, name);
    if (!dataset) return std::move(dataset).error();
    auto writer = latest_schema(client, dataset->spec.subject());
    if (!writer) return std::move(writer).error();
    auto schema = avro::parse(writer->text);
    if (!schema) return std::move(schema).error();
    out->streams_.push_back({company + "/" + name, *std::move(schema), writer->id,
                             EventSender(client, dataset->spec.source.topic, batch_records)});
  }
  return out;
}

base::Status RetailWriter::write(const Event& event) {
  Stream& stream = streams_[static_cast<std::size_t>(event.topic)];
  bytes_.clear();
  avro::append_frame(stream.schema_id, bytes_);
  if (auto encoded = avro::encode_json(stream.schema.root(), event.value, bytes_); !encoded) {
    base::Error error = encoded.error();
    return std::move(error).in(stream.dataset);
  }
  return stream.sender.add(event.key, bytes_, event.time / 1000);
}

base::Status RetailWriter::flush() {
  for (Stream& stream : streams_) {
    if (auto flushed = stream.sender.flush(); !flushed) return flushed;
  }
  return {};
}

std::int64_t RetailWriter::sent() const {
  std::int64_t out = 0;
  for (const Stream& stream : streams_) out += stream.sender.sent();
  return out;
}

std::map<std::string, std::map<int, std::int64_t>> RetailWriter::ends() const {
  std::map<std::string, std::map<int, std::int64_t>> out;
  for (const Stream& stream : streams_) out[stream.dataset] = stream.sender.ends();
  return out;
}

}  // namespace offtake::cli::demo
