#include "operators/delivery/inputs.h"

#include "base/crypto/crypto.h"
#include "base/log.h"

namespace offtake::delivery {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kQueueBytes = 16 << 20;
constexpr std::size_t kReadAheadBytes = 8 << 20;
constexpr auto kPollTimeout = 100ms;
constexpr auto kLookForPartitions = 30s;

std::uint32_t crc_of(const sources::Record& record) {
  // Absent and empty differ.
  std::uint32_t crc = crypto::crc32c(record.key ? "k" : "-");
  if (record.key) crc = crypto::crc32c(*record.key, crc);
  crc = crypto::crc32c(record.value ? "v" : "-", crc);
  if (record.value) crc = crypto::crc32c(*record.value, crc);
  return crc;
}

}  // namespace

targets::RecordStamp stamp_of(const sources::Record& record) {
  return {record.offset, record.timestamp_ms, crc_of(record)};
}

base::Result<std::unique_ptr<SourceInput>> SourceInput::open(const Source& source, int index,
                                                             const sources::OffsetVector& from,
                                                             const sources::OffsetVector& until,
                                                             std::size_t buffered_bytes) {
  std::unique_ptr<SourceInput> input(new SourceInput());
  input->source_ = &source;
  input->index_ = index;
  sources::ReadOptions options;
  options.max_buffered_bytes = buffered_bytes;
  auto reader = source.store->read(source.topic, from, until, options);
  if (!reader) return std::move(reader).error().in(fmt::format("dataset {}", source.dataset));
  input->reader_ = *std::move(reader);
  auto decoder = source.make_decoder();
  if (!decoder) return std::move(decoder).error();
  input->decoder_ = *std::move(decoder);
  return input;
}

base::Result<std::optional<InputBatch>> SourceInput::next(std::chrono::milliseconds timeout) {
  auto polled = reader_->poll(timeout);
  if (!polled) return std::move(polled).error().in(fmt::format("dataset {}", source_->dataset));
  if (!polled->has_value()) return std::optional<InputBatch>();
  const sources::RecordBatch& records = **polled;
  InputBatch batch;
  batch.source = index_;
  batch.partition = records.partition;
  batch.position = records.position;
  batch.records = records.records.size();
  batch.bytes = records.bytes;
  if (!records.records.empty()) {
    batch.last = stamp_of(records.records.back());
    auto rows = decoder_->decode(records);
    if (!rows) return std::move(rows).error();
    batch.skipped_nulls = rows->skipped_nulls;
    batch.null_event_times = rows->null_event_times;
    batch.rows = *std::move(rows);
  }
  return std::optional<InputBatch>(std::move(batch));
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

base::Status SourceInput::look_for_partitions() {
  auto topic = source_->store->describe(source_->topic);
  if (!topic) return std::move(topic).error();
  const auto known = reader_->positions();
  for (int partition = 0; partition < topic->partitions; ++partition) {
    if (known.contains(partition)) continue;
    if (auto added = reader_->add_partition(partition, 0); !added) return added;
  }
  return {};
}

Inputs::Inputs(const Pipeline& pipeline) : pipeline_(pipeline), channel_(kQueueBytes) {}

base::Result<std::unique_ptr<Inputs>> Inputs::start(const Pipeline& pipeline,
                                                    const targets::SourceOffsets& from,
                                                    const targets::SourceOffsets& until) {
  std::unique_ptr<Inputs> inputs(new Inputs(pipeline));
  const bool live = until.empty();
  const std::size_t ahead = kReadAheadBytes / std::max<std::size_t>(1, pipeline.sources.size());
  for (std::size_t i = 0; i < pipeline.sources.size(); ++i) {
    const Source& source = pipeline.sources[i];
    const auto start = from.find(source.dataset);
    const auto end = until.find(source.dataset);
    auto input = SourceInput::open(source, static_cast<int>(i),
                                   start == from.end() ? sources::OffsetVector{} : start->second,
                                   end == until.end() ? sources::OffsetVector{} : end->second, ahead);
    if (!input) return std::move(input).error();
    inputs->inputs_.push_back(*std::move(input));
  }
  for (std::size_t i = 0; i < inputs->inputs_.size(); ++i) {
    inputs->threads_.emplace_back([self = inputs.get(), i, live](std::stop_token stop) {
      self->read(*self->inputs_[i], static_cast<int>(i), live, stop);
    });
  }
  if (live) {
    inputs->threads_.emplace_back([self = inputs.get()](std::stop_token stop) { self->observe(stop); });
  }
  return inputs;
}

Inputs::~Inputs() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();  // joins
}

std::optional<InputEvent> Inputs::next(std::chrono::steady_clock::time_point deadline) {
  return channel_.pop(deadline);
}

void Inputs::read(SourceInput& input, int index, bool live, std::stop_token stop) {
  auto look_again = std::chrono::steady_clock::now() + kLookForPartitions;
  AwayReport away(pipeline_, index);
  while (!stop.stop_requested()) {
    if (!live && input.finished()) {
      channel_.push(SourceFinished{index}, 1, stop);
      return;
    }
    auto batch = input.next(kPollTimeout);
    if (!batch) {
      channel_.push(std::move(batch).error(), 1, stop);
      return;
    }
    away.look(input);
    if (batch->has_value()) {
      const std::size_t bytes = (*batch)->bytes + 256;
      if (!channel_.push(*std::move(*batch), bytes, stop)) return;
    }
    if (live && std::chrono::steady_clock::now() >= look_again) {
      look_again = std::chrono::steady_clock::now() + kLookForPartitions;
      // A store that does not answer shows in poll(); looking again later is enough.
      if (auto looked = input.look_for_partitions(); !looked) {
        base::log_warn("cannot look for new partitions", {{"error", looked.error().text()}});
      }
    }
  }
}

void Inputs::observe(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  while (!stop.stop_requested()) {
    const base::Micros now = pipeline_.clock->now();
    if (auto ends = current_ends(pipeline_)) {
      if (!channel_.push(EndsObserved{now, *std::move(ends)}, 1, stop)) return;
    }
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, 1s, [] { return false; });
  }
}

void advance(targets::SourceOffsets& offsets, targets::RecordStamps& stamps, const Source& source,
             const InputBatch& batch) {
  offsets[source.dataset][batch.partition] = batch.position;
  if (batch.last) stamps[source.dataset][batch.partition] = *batch.last;
}

}  // namespace offtake::delivery
