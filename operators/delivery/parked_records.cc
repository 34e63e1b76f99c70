#include "operators/delivery/parked_records.h"

#include <algorithm>

#include "base/crypto/crypto.h"

namespace offtake::delivery {
namespace {

using namespace std::chrono_literals;
using targets::LedgerEntry;

// Entries closer than this are read in one go.
constexpr sources::Offset kGap = 10'000;
constexpr std::size_t kShownBytes = 4'096;

struct Run {
  std::size_t begin = 0, end = 0;  // of the sorted entries: one dataset, one partition
};

class Again {
 public:
  Again(const Pipeline& pipeline, std::stop_token stop,
        const std::function<base::Status(const RecordAgain&)>& take)
      : pipeline_(pipeline), stop_(stop), take_(take) {}

  base::Status run(std::vector<LedgerEntry> entries) {
    std::sort(entries.begin(), entries.end(), [](const LedgerEntry& a, const LedgerEntry& b) {
      return std::tie(a.dataset, a.partition, a.offset) < std::tie(b.dataset, b.partition, b.offset);
    });
    for (std::size_t i = 0; i < entries.size();) {
      std::size_t end = i + 1;
      while (end < entries.size() && entries[end].dataset == entries[i].dataset &&
             entries[end].partition == entries[i].partition &&
             entries[end].offset - entries[end - 1].offset < kGap) {
        ++end;
      }
      if (auto done = read({entries.data() + i, end - i}); !done) return done;
      i = end;
    }
    return {};
  }

 private:
  base::Status read(std::span<const LedgerEntry> run) {
    const auto found = std::find_if(pipeline_.sources.begin(), pipeline_.sources.end(),
                                    [&](const Source& source) { return source.dataset == run[0].dataset; });
    if (found == pipeline_.sources.end()) return {};
    const Source& source = *found;
    const int index = static_cast<int>(found - pipeline_.sources.begin());
    const int partition = run[0].partition;
    auto decoder = source.make_decoder();
    if (!decoder) return std::move(decoder).error();
    auto bounds = source.store->bounds(source.topic);
    if (!bounds) return std::move(bounds).error().in(fmt::format("dataset {}", source.dataset));
    const auto bound = bounds->find(partition);
    const sources::Offset earliest = bound == bounds->end() ? INT64_MAX : bound->second.earliest;
    sources::RecordBatch none;
    none.partition = partition;
    std::size_t next = 0;
    const auto gone_up_to = [&](sources::Offset offset) -> base::Status {
      for (; next < run.size() && run[next].offset < offset; ++next) {
        if (auto taken = take_({run[next], index, none, **decoder}); !taken) return taken;
      }
      return {};
    };
    if (auto gone = gone_up_to(earliest); !gone) return gone;
    if (next == run.size()) return {};
    auto reader = source.store->read(source.topic, {{partition, run[next].offset}},
                                     {{partition, run.back().offset + 1}}, {});
    if (!reader) return std::move(reader).error().in(fmt::format("dataset {}", source.dataset));
    while (next < run.size() && !(*reader)->finished()) {
      if (stop_.stop_requested()) return drained();
      auto batch = (*reader)->poll(100ms);
      if (!batch) return std::move(batch).error().in(fmt::format("dataset {}", source.dataset));
      if (!batch->has_value()) continue;
      for (const sources::Record& record : (*batch)->records) {
        if (auto gone = gone_up_to(record.offset); !gone) return gone;
        if (next == run.size() || run[next].offset != record.offset) continue;
        sources::RecordBatch one = none;
        one.records = {record};
        one.position = record.offset + 1;
        one.owner = (*batch)->owner;
        if (auto taken = take_({run[next], index, one, **decoder}); !taken) return taken;
        ++next;
      }
    }
    return gone_up_to(INT64_MAX);
  }

  const Pipeline& pipeline_;
  std::stop_token stop_;
  const std::function<base::Status(const RecordAgain&)>& take_;
};

std::string shown_bytes(std::string_view bytes) {
  return crypto::hex(bytes.substr(0, kShownBytes)) + (bytes.size() > kShownBytes ? "…" : "");
}

}  // namespace

base::Status read_again(const Pipeline& pipeline, std::span<const LedgerEntry> entries, std::stop_token stop,
                        const std::function<base::Status(const RecordAgain&)>& take) {
  return Again(pipeline, stop, take).run({entries.begin(), entries.end()});
}

base::Status push_again(const Pipeline& pipeline, std::span<const LedgerEntry> entries,
                        engine::Dataflow& dataflow, std::stop_token stop) {
  return read_again(pipeline, entries, stop, [&](const RecordAgain& again) -> base::Status {
    if (again.record.records.empty()) {
      return base::terminal(
          "CheckpointUnusable",
          fmt::format("the record at offset {} of {} partition {}, which was taken in later, "
                      "is gone",
                      again.entry.offset, again.entry.dataset, again.entry.partition));
    }
    auto rows = again.decoder.decode(again.record);
    if (!rows) return std::move(rows).error();
    return rows->rows.rows == 0 ? base::Status() : dataflow.push(again.source, *rows);
  });
}

base::Result<ShownRecord> show_again(const Pipeline& pipeline, const LedgerEntry& entry,
                                     std::stop_token stop) {
  ShownRecord out;
  out.entry = entry;
  if (entry.kind != LedgerEntry::Kind::kInput) return out;
  auto read = read_again(pipeline, {&entry, 1}, stop, [&](const RecordAgain& again) -> base::Status {
    if (again.record.records.empty()) return {};
    const sources::Record& record = again.record.records[0];
    const bool hidden = pipeline.sources[static_cast<std::size_t>(again.source)].classified;
    out.found = true;
    out.timestamp_ms = record.timestamp_ms;
    out.tombstone = !record.value;
    if (record.key) out.key = hidden ? "•••" : shown_bytes(*record.key);
    if (!record.value) return {};
    out.value_bytes = record.value->size();
    out.value = hidden ? "•••" : shown_bytes(*record.value);
    return {};
  });
  if (!read) return std::move(read).error();
  return out;
}

}  // namespace offtake::delivery
