#include "controlplane/view/preview_summary.h"

#include "base/clock.h"

namespace offtake::view {
namespace {

using preview::Role;
using preview::SourceReport;

std::string instant(std::int64_t ms) {
  return base::format_instant(ms / 1'000 * 1'000'000);
}

std::string how_far(const SourceReport& source) {
  if (source.whole) return "to its first record";
  if (!source.back_to_ms) return "no record";
  return "back to " + instant(*source.back_to_ms);
}

std::string of_driving(const SourceReport& source) {
  if (source.kept == 0 && source.time_over) return "was not read in time";
  if (source.kept == 0) return "no records";
  if (source.whole) return fmt::format("all {} records", source.kept);
  return fmt::format("the newest {} records, {}", source.kept, how_far(source));
}

std::string of_looked_up(const SourceReport& source) {
  std::string out = fmt::format("joined {} of {}", source.found_keys, source.wanted_keys);
  if (source.found_keys < source.wanted_keys || !source.complete) {
    out += source.records == 0 ? "; not read in time" : "; scanned " + how_far(source);
    if (source.time_over && source.records > 0) out += ", then its time was over";
  }
  return out;
}

}  // namespace

std::vector<std::string> summary_of(const preview::Preview& found, const std::vector<std::string>& datasets) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < found.sources.size(); ++i) {
    const SourceReport& source = found.sources[i];
    std::string text;
    switch (source.role) {
      case Role::kDriving:
        text = of_driving(source);
        break;
      case Role::kLookedUp:
        text = of_looked_up(source);
        break;
      case Role::kScanned:
        text = fmt::format("{} records, scanned {}", source.kept, how_far(source));
        break;
      case Role::kUnread:
        text = "not read: nothing was wanted of it";
        break;
    }
    out.push_back(fmt::format("{}: {}", datasets[i], text));
    for (const auto& note : source.notes) out.push_back(fmt::format("{}: {}", datasets[i], note));
  }
  if (found.aggregates_sample) out.push_back("aggregates are of the records read, not of all");
  if (found.bad_records_count > 0)
    out.push_back(fmt::format("{} records do not decode", found.bad_records_count));
  return out;
}

}  // namespace offtake::view
