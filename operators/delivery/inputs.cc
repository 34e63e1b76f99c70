#include "operators/delivery/inputs.h"

#include "base/crypto/crypto.h"
#include "base/log.h"
#include "operators/delivery/retry.h"
#include "operators/delivery/same_source.h"
#include "operators/delivery/source_thread.h"

namespace offtake::delivery {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kQueueBytes = 16 << 20;
constexpr std::size_t kReadAheadBytes = 8 << 20;

std::uint32_t crc_of(const sources::Record& record) {
  // Absent and empty differ.
  std::uint32_t crc = crypto::crc32c(record.key ? "k" : "-");
  if (record.key) crc = crypto::crc32c(*record.key, crc);
  crc = crypto::crc32c(record.value ? "v" : "-", crc);
  if (record.value) crc = crypto::crc32c(*record.value, crc);
  return crc;
}

}  // namespace

Parking parking_of(const Pipeline& pipeline, const targets::LedgerEntries& ledger) {
  return {pipeline.parks ? ParkingMode::kPark : ParkingMode::kStop, &ledger, pipeline.traits.ledger_entries};
}

targets::RecordStamp stamp_of(const sources::Record& record) {
  return {record.offset, record.timestamp_ms, crc_of(record)};
}

base::Result<std::unique_ptr<SourceInput>> SourceInput::open(
    const Source& source, int index, const sources::OffsetVector& from, const sources::OffsetVector& until,
    std::size_t buffered_bytes, const Parking& parking, std::map<int, targets::RecordStamp> stamps) {
  std::unique_ptr<SourceInput> input(new SourceInput());
  input->source_ = &source;
  input->index_ = index;
  input->until_ = until;
  input->options_.max_buffered_bytes = buffered_bytes;
  input->stamps_ = std::move(stamps);
  auto reader = input->make_reader(from);
  if (!reader) return std::move(reader).error();
  input->reader_ = *std::move(reader);
  auto decoder = source.make_decoder();
  if (!decoder) return std::move(decoder).error();
  input->decoder_ = *std::move(decoder);
  input->parking_.emplace(source.dataset, parking, from);
  return input;
}

base::Result<std::unique_ptr<sources::Reader>> SourceInput::make_reader(
    const sources::OffsetVector& from) const {
  auto reader = source_->store->read(source_->topic, from, until_, options_);
  if (!reader) return std::move(reader).error().in(fmt::format("dataset {}", source_->dataset));
  return reader;
}

base::Result<std::optional<InputBatch>> SourceInput::next(std::chrono::milliseconds timeout) {
  auto polled = poll(timeout);
  if (!polled) return std::move(polled).error();
  if (!polled->has_value()) return std::optional<InputBatch>();
  auto batch = decode(**polled);
  if (!batch) return std::move(batch).error();
  return std::optional<InputBatch>(*std::move(batch));
}

base::Result<std::optional<sources::RecordBatch>> SourceInput::poll(std::chrono::milliseconds timeout) {
  auto polled = reader_->poll(timeout);
  if (!polled) return std::move(polled).error().in(fmt::format("dataset {}", source_->dataset));
  return polled;
}

base::Result<InputBatch> SourceInput::decode(const sources::RecordBatch& records) {
  InputBatch batch;
  batch.source = index_;
  batch.partition = records.partition;
  batch.position = records.position;
  batch.records = records.records.size();
  batch.bytes = records.bytes;
  if (records.records.empty()) return batch;
  batch.last = stamp_of(records.records.back());
  auto decoded = parking_->decode(records, *decoder_);
  if (!decoded) return std::move(decoded).error();
  batch.skipped_nulls = decoded->rows.skipped_nulls;
  batch.null_event_times = decoded->rows.null_event_times;
  batch.rows = std::move(decoded->rows);
  batch.parked = std::move(decoded->parked);
  stamps_[records.partition] = *batch.last;
  return batch;
}

std::optional<base::Error> SourceInput::away() const {
  auto error = reader_->away();
  if (!error) return std::nullopt;
  return std::move(*error).in(fmt::format("dataset {}", source_->dataset));
}

void AwayReport::say(const std::optional<base::Error>& error) {
  if (!error && !away_) return;
  away_ = error.has_value();
  pipeline_.progress->source_away(reader_, error, pipeline_.clock->now());
}

base::Status SourceInput::look_for_partitions(Progress& progress) {
  auto bounds = source_->store->bounds(source_->topic);
  if (!bounds) return std::move(bounds).error();
  const auto known = reader_->positions();
  for (const auto& [partition, bound] : *bounds) {
    if (known.contains(partition)) continue;
    if (bound.earliest > 0) {
      progress.warn_once(fmt::format("HistoryTruncated: {} partition {} was found when it began at offset {}",
                                     source_->dataset, partition, bound.earliest));
    }
    if (auto added = reader_->add_partition(partition, bound.earliest); !added) return added;
    base::log_info("found a new partition",
                   {{"dataset", source_->dataset}, {"partition", std::to_string(partition)}});
  }
  return {};
}

base::Status SourceInput::check_same(std::stop_token stop) const {
  return check_same_source(*source_, stamps_, stop);
}

base::Status SourceInput::reopen(std::stop_token stop) {
  if (auto same = check_same(stop); !same) return same;
  auto reader = make_reader(reader_->positions());
  if (!reader) return std::move(reader).error();
  reader_ = *std::move(reader);
  return {};
}

Inputs::Inputs(const Pipeline& pipeline) : pipeline_(pipeline), channel_(kQueueBytes) {}

base::Result<std::unique_ptr<Inputs>> Inputs::start(const Pipeline& pipeline,
                                                    const targets::SourceOffsets& from,
                                                    const targets::SourceOffsets& until,
                                                    const Parking& parking,
                                                    const targets::RecordStamps& stamps) {
  std::unique_ptr<Inputs> inputs(new Inputs(pipeline));
  const bool live = until.empty();
  const std::size_t ahead = kReadAheadBytes / std::max<std::size_t>(1, pipeline.sources.size());
  for (std::size_t i = 0; i < pipeline.sources.size(); ++i) {
    const Source& source = pipeline.sources[i];
    const auto start = from.find(source.dataset);
    const auto end = until.find(source.dataset);
    const auto known = stamps.find(source.dataset);
    auto input = SourceInput::open(
        source, static_cast<int>(i), start == from.end() ? sources::OffsetVector{} : start->second,
        end == until.end() ? sources::OffsetVector{} : end->second, ahead, parking,
        known == stamps.end() ? std::map<int, targets::RecordStamp>{} : known->second);
    if (!input) return std::move(input).error();
    inputs->inputs_.push_back(*std::move(input));
  }
  for (std::size_t i = 0; i < inputs->inputs_.size(); ++i) {
    inputs->start_thread([self = inputs.get(), i, live](std::stop_token stop) {
      SourceThread thread(self->pipeline_, *self->inputs_[i], static_cast<int>(i), live, self->channel_,
                          stop);
      thread.run();
    });
  }
  if (live) inputs->start_thread([self = inputs.get()](std::stop_token stop) { self->observe(stop); });
  return inputs;
}

void Inputs::start_thread(std::function<void(std::stop_token)> body) {
  threads_.emplace_back(
      [this, body = std::move(body), outer = base::LogScope::current()](std::stop_token stop) {
        const base::LogScope scope(outer);
        try {
          body(stop);
        } catch (const std::exception& bug) {
          channel_.push(base::internal(bug.what()), 1, stop);
        }
      });
}

Inputs::~Inputs() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();  // joins
}

std::optional<InputEvent> Inputs::next(std::chrono::steady_clock::time_point deadline) {
  return channel_.pop(deadline);
}

void Inputs::observe(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const base::Micros now = pipeline_.clock->now();
    if (auto ends = current_ends(pipeline_)) {
      if (!channel_.push(EndsObserved{now, *std::move(ends)}, 1, stop)) return;
    }
    sleep_for(1s, stop);
  }
}

void advance(targets::SourceOffsets& offsets, targets::RecordStamps& stamps, const Source& source,
             const InputBatch& batch) {
  offsets[source.dataset][batch.partition] = batch.position;
  if (batch.last) stamps[source.dataset][batch.partition] = *batch.last;
}

}  // namespace offtake::delivery
