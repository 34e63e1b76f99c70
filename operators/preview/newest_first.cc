#include "operators/preview/newest_first.h"

#include <algorithm>

namespace offtake::preview {
namespace {

using namespace std::chrono_literals;

constexpr auto kPoll = 50ms;
constexpr std::size_t kBadRecordsKept = 1'000;

}  // namespace

base::Error cancelled() {
  return base::terminal("Cancelled", "nobody waits for the preview any more");
}

base::Result<NewestFirst> NewestFirst::open(const Input& input, const Source& source,
                                            std::optional<base::Micros> since) {
  const auto placed = [&](base::Error error) {
    return std::move(error).in(fmt::format("dataset {}", source.dataset));
  };
  NewestFirst out(input, source);
  auto decoder = source.make_decoder();
  if (!decoder) return std::move(decoder).error();
  out.decoder_ = *std::move(decoder);
  auto bounds = source.store->bounds(source.topic);
  if (!bounds) return placed(std::move(bounds).error());
  sources::OffsetVector since_offsets;
  if (since) {
    auto found = source.store->offsets_for_time(source.topic, *since);
    if (!found) return placed(std::move(found).error());
    since_offsets = *std::move(found);
  }
  for (const auto& [partition, bound] : *bounds) {
    auto floor = std::min(bound.earliest, bound.last_stable);
    if (const auto found = since_offsets.find(partition); found != since_offsets.end()) {
      const auto later = std::clamp(found->second, floor, bound.last_stable);
      if (later > floor) out.whole_ = false;
      floor = later;
    }
    out.floor_[partition] = floor;
    out.from_[partition] = out.until_[partition] = bound.last_stable;
  }
  return out;
}

bool NewestFirst::at_beginning() const {
  return from_ == floor_;
}

base::Result<bool> NewestFirst::read(std::size_t records, Time deadline,
                                     std::vector<engine::SourceBatch>& out) {
  std::size_t open = 0;
  for (const auto& [partition, floor] : floor_) open += from_.at(partition) > floor ? 1 : 0;
  if (open == 0) return true;
  for (auto step = static_cast<sources::Offset>(std::max<std::size_t>(1, records / open));;) {
    sources::OffsetVector from;
    for (const auto& [partition, floor] : floor_) from[partition] = std::max(floor, from_[partition] - step);
    auto outcome = read_between(from, deadline, step == 1, out);
    if (!outcome) return std::move(outcome).error();
    if (*outcome == Outcome::kTimeOver) return false;
    if (*outcome == Outcome::kRead) {
      from_ = std::move(from);
      return true;
    }
    step = std::max<sources::Offset>(1, step / 4);
  }
}

base::Result<NewestFirst::Outcome> NewestFirst::read_between(const sources::OffsetVector& from, Time deadline,
                                                             bool any_size,
                                                             std::vector<engine::SourceBatch>& out) {
  sources::OffsetVector start, end;
  for (const auto& [partition, offset] : from) {
    if (offset == from_.at(partition)) continue;
    start[partition] = offset;
    end[partition] = from_.at(partition);
  }
  const auto placed = [&](base::Error error) {
    return std::move(error).in(fmt::format("dataset {}", source_->dataset));
  };
  auto reader = source_->store->read(source_->topic, start, end, {});
  if (!reader) return placed(std::move(reader).error());
  std::vector<engine::SourceBatch> batches;
  std::vector<std::string> bad;
  std::size_t bytes = 0;
  std::int64_t count = 0;
  std::optional<std::int64_t> earliest;
  while (!(*reader)->finished()) {
    if (input_->wanted && !input_->wanted()) return cancelled();
    if (std::chrono::steady_clock::now() >= deadline) {
      if (auto away = (*reader)->away()) return placed(*std::move(away));
      return Outcome::kTimeOver;
    }
    auto polled = (*reader)->poll(kPoll);
    if (!polled) return placed(std::move(polled).error());
    if (!polled->has_value()) continue;
    const sources::RecordBatch& records = **polled;
    bytes += records.bytes;
    if (bytes > input_->limits.bytes && !any_size) return Outcome::kTooLarge;
    for (const auto& record : records.records) {
      earliest = std::min(earliest.value_or(record.timestamp_ms), record.timestamp_ms);
    }
    count += static_cast<std::int64_t>(records.records.size());
    if (auto decoded = decode(records, batches, bad); !decoded) return decoded.error();
  }
  records_ += count;
  if (earliest) back_to_ms_ = std::min(back_to_ms_.value_or(*earliest), *earliest);
  std::move(batches.begin(), batches.end(), std::back_inserter(out));
  std::move(bad.begin(), bad.end(), std::back_inserter(bad_));
  return Outcome::kRead;
}

base::Status NewestFirst::decode(const sources::RecordBatch& records, std::vector<engine::SourceBatch>& out,
                                 std::vector<std::string>& bad) {
  if (records.records.empty()) return {};
  auto rows = decoder_->decode(records);
  if (rows) {
    if (rows->rows.rows > 0) out.push_back(*std::move(rows));
    return {};
  }
  if (rows.error().retry != base::Retry::kRow || bad.size() >= kBadRecordsKept) return rows.error();
  if (records.records.size() == 1) {
    bad.push_back(rows.error().message);
    return {};
  }
  // One of them does not decode: the halves tell which.
  const auto middle = records.records.begin() + static_cast<std::ptrdiff_t>(records.records.size() / 2);
  sources::RecordBatch half;
  half.partition = records.partition;
  half.records.assign(records.records.begin(), middle);
  if (auto first = decode(half, out, bad); !first) return first;
  half.records.assign(middle, records.records.end());
  return decode(half, out, bad);
}

}  // namespace offtake::preview
