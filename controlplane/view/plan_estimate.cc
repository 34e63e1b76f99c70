#include "controlplane/view/plan_estimate.h"

namespace offtake::view {
namespace {

// Statuses show whole seconds: less than two says nothing of speed.
constexpr std::int64_t kLeastSeconds = 2, kLeastRecords = 5'000;

struct Measured {
  std::int64_t records = 0, seconds = 0;
};

std::optional<Measured> measured(const resources::DataProduct& product) {
  const auto& fill = product.status.backfill;
  if (!fill || !fill->start_time || !fill->completion_time || !fill->rows_total) return std::nullopt;
  Measured out{*fill->rows_total, (fill->completion_time->micros - fill->start_time->micros) / 1'000'000};
  if (out.seconds < kLeastSeconds || out.records < kLeastRecords) return std::nullopt;
  return out;
}

}  // namespace

FillEstimate estimate_fill(std::int64_t records, const resources::DataProduct& product,
                           const std::vector<resources::DataProduct>& all) {
  FillEstimate out;
  out.basis = "assumed, as no fill was measured yet";
  const auto by = [&](const Measured& speed, std::string basis) {
    out.records_per_second = static_cast<double>(speed.records) / static_cast<double>(speed.seconds);
    out.basis = fmt::format("{}, {} records in {} s", basis, speed.records, speed.seconds);
  };
  Measured sum;
  int fills = 0;
  for (const auto& other : all) {
    if (const auto speed = measured(other)) {
      sum.records += speed->records;
      sum.seconds += speed->seconds;
      ++fills;
    }
  }
  if (const auto own = measured(product)) {
    by(*own, "its last fill");
  } else if (fills > 0) {
    by(sum,
       fills == 1 ? "the one fill that was measured here" : fmt::format("{} fills measured here", fills));
  }
  out.seconds = static_cast<double>(records) / out.records_per_second;
  return out;
}

}  // namespace offtake::view
