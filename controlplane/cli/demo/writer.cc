#include "controlplane/cli/demo/writer.h"

#include "controlplane/cli/connection.h"
#include "controlplane/platform/platform.h"
#include "schemas/avro/encoder.h"
#include "schemas/avro/framing.h"

namespace offtake::cli::demo {

class RecordWriter::Sink {
 public:
  virtual ~Sink() = default;
  virtual base::Status add(const std::string& key, const std::string& value, std::int64_t timestamp_ms) = 0;
  virtual base::Status flush() = 0;
  virtual std::int64_t sent() const = 0;
  virtual std::map<int, std::int64_t> ends() const = 0;
};

namespace {

class EmbeddedSink : public RecordWriter::Sink {
 public:
  EmbeddedSink(ApiClient& client, const std::string& topic, std::size_t batch_records)
      : sender_(client, topic, batch_records) {}
  base::Status add(const std::string& key, const std::string& value, std::int64_t timestamp_ms) override {
    return sender_.add(key, value, timestamp_ms);
  }
  base::Status flush() override { return sender_.flush(); }
  std::int64_t sent() const override { return sender_.sent(); }
  std::map<int, std::int64_t> ends() const override { return sender_.ends(); }

 private:
  EventSender sender_;
};

class StoreSink : public RecordWriter::Sink {
 public:
  StoreSink(std::shared_ptr<sources::EventStore> store, std::string topic, std::size_t batch_records)
      : store_(std::move(store)), topic_(std::move(topic)), batch_records_(batch_records) {}
  base::Status add(const std::string& key, const std::string& value, std::int64_t timestamp_ms) override {
    waiting_.push_back({key, value, std::nullopt, timestamp_ms});
    return waiting_.size() >= batch_records_ ? flush() : base::Status();
  }
  base::Status flush() override {
    if (waiting_.empty()) return {};
    auto written = store_->append(topic_, waiting_);
    if (!written) return std::move(written).error().in("topic " + topic_);
    for (const sources::WrittenRecord& record : *written) {
      auto& end = ends_[record.partition];
      end = std::max(end, record.offset + 1);
    }
    sent_ += static_cast<std::int64_t>(waiting_.size());
    waiting_.clear();
    return {};
  }
  std::int64_t sent() const override { return sent_; }
  std::map<int, std::int64_t> ends() const override { return ends_; }

 private:
  std::shared_ptr<sources::EventStore> store_;
  std::string topic_;
  std::size_t batch_records_;
  std::vector<sources::NewRecord> waiting_;
  std::int64_t sent_ = 0;
  std::map<int, std::int64_t> ends_;
};

}  // namespace

RecordWriter::RecordWriter(ApiClient& client)
    : client_(client),
      platform_(std::make_unique<platform::Platform>(client, platform::PlatformSettings())) {}
RecordWriter::~RecordWriter() = default;

base::Result<std::unique_ptr<RecordWriter>> RecordWriter::open(ApiClient& client,
                                                               const std::string& namespace_name,
                                                               std::span<const std::string_view> datasets,
                                                               std::size_t batch_records) {
  auto out = std::make_unique<RecordWriter>(client);
  for (const std::string_view name : datasets) {
    auto dataset = store::get<resources::Dataset>(client, namespace_name, std::string(name));
    if (!dataset) return std::move(dataset).error();
    auto stream = out->open_stream(*dataset, batch_records);
    if (!stream) return std::move(stream).error();
    stream->dataset = fmt::format("{}/{}", namespace_name, name);
    out->streams_.emplace(name, *std::move(stream));
  }
  return out;
}

base::Result<RecordWriter::Stream> RecordWriter::open_stream(const resources::Dataset& dataset,
                                                             std::size_t batch_records) {
  const resources::DatasetSpec& spec = dataset.spec;
  auto event_store = store::get<resources::EventStore>(client_, "", spec.source.event_store_name);
  if (!event_store) return std::move(event_store).error();
  std::unique_ptr<Sink> sink;
  if (event_store->spec.kafka) {
    auto opened = platform_->event_store(*event_store);
    if (!opened) return std::move(opened).error();
    sink = std::make_unique<StoreSink>(*std::move(opened), spec.source.topic, batch_records);
  } else {
    sink = std::make_unique<EmbeddedSink>(client_, spec.source.topic, batch_records);
  }
  auto writer = writer_schema(*event_store, spec.subject());
  if (!writer) return std::move(writer).error();
  auto schema = avro::parse(writer->text);
  if (!schema) return std::move(schema).error();
  return Stream{"", *std::move(schema), writer->id, std::move(sink)};
}

base::Result<WriterSchema> RecordWriter::writer_schema(const resources::EventStore& store,
                                                       const std::string& subject) {
  if (!store.spec.registry || !store.spec.registry->confluent) return latest_schema(client_, subject);
  auto client = platform_->registry_of(store);
  if (!client) return std::move(client).error();
  auto version = (*client)->version(subject, registry::kLatest);
  if (!version) return std::move(version).error();
  return WriterSchema{static_cast<std::uint32_t>(version->id), version->text};
}

base::Status RecordWriter::write(const Event& event) {
  Stream& stream = streams_.at(event.dataset);
  bytes_.clear();
  avro::append_frame(stream.schema_id, bytes_);
  if (auto encoded = avro::encode_json(stream.schema.root(), event.value, bytes_); !encoded) {
    base::Error error = encoded.error();
    return std::move(error).in(stream.dataset);
  }
  return stream.sink->add(event.key, bytes_, event.time / 1000);
}

base::Status RecordWriter::flush() {
  for (auto& [name, stream] : streams_) {
    if (auto flushed = stream.sink->flush(); !flushed) return flushed;
  }
  return {};
}

std::int64_t RecordWriter::sent() const {
  std::int64_t out = 0;
  for (const auto& [name, stream] : streams_) out += stream.sink->sent();
  return out;
}

std::map<std::string, std::map<int, std::int64_t>> RecordWriter::ends() const {
  std::map<std::string, std::map<int, std::int64_t>> out;
  for (const auto& [name, stream] : streams_) out[stream.dataset] = stream.sink->ends();
  return out;
}

}  // namespace offtake::cli::demo
