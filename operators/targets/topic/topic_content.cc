#include "operators/targets/topic/topic_content.h"

namespace offtake::targets::topic {

using namespace std::chrono_literals;

base::Status read_content(sources::EventStore& store, const std::string& topic, Stage& stage) {
  if (auto forgotten = stage.forget_present(); !forgotten) return forgotten;
  auto bounds = store.bounds(topic);
  if (!bounds) return std::move(bounds).error();
  sources::OffsetVector from, until;
  for (const auto& [partition, bound] : *bounds) {
    if (bound.earliest >= bound.high_watermark) continue;
    from[partition] = bound.earliest;
    until[partition] = bound.high_watermark;
  }
  if (from.empty()) return {};
  auto reader = store.read(topic, from, until, {});
  if (!reader) return std::move(reader).error();
  auto heard = std::chrono::steady_clock::now();
  while (!(*reader)->finished()) {
    auto batch = (*reader)->poll(500ms);
    if (!batch) return std::move(batch).error();
    if (!batch->has_value()) {
      if (std::chrono::steady_clock::now() - heard < sources::kTransactionTimeout + 10s) continue;
      return base::transient("TopicNotRead",
                             fmt::format("topic '{}' was not read to its end: a transaction is "
                                         "open there",
                                         topic));
    }
    heard = std::chrono::steady_clock::now();
    std::vector<Stage::Row> rows;
    rows.reserve((*batch)->records.size());
    for (const sources::Record& record : (*batch)->records) {
      if (!record.key) continue;
      rows.push_back({std::string(*record.key),
                      record.value ? std::optional<std::string>(*record.value) : std::nullopt});
    }
    if (auto put = stage.put_present(rows); !put) return put;
  }
  return {};
}

}  // namespace offtake::targets::topic
