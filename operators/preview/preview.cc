#include "operators/preview/preview.h"

#include <algorithm>
#include <numeric>

#include "operators/preview/gather.h"

namespace offtake::preview {
namespace {

constexpr std::size_t kMostRows = 20'000;  // that are made before some are chosen
constexpr std::size_t kFirstSample = 500;

bool groups(const plan::Node& node) {
  if (std::holds_alternative<plan::GroupBy>(node.node)) return true;
  if (const auto* join = std::get_if<plan::Join>(&node.node))
    return groups(*join->left) || groups(*join->right);
  if (const auto* filter = std::get_if<plan::Filter>(&node.node)) return groups(*filter->input);
  if (const auto* project = std::get_if<plan::Project>(&node.node)) return groups(*project->input);
  return false;
}

// Rows in the order in which they are shown: those told apart by position newest first, others by their key
// or, without one, by all columns.
std::vector<std::uint32_t> shown_order(const plan::Plan& plan, const types::Batch& rows,
                                       const std::vector<types::ColumnPtr>& identity,
                                       const std::vector<engine::SourceBatch>& driving) {
  std::vector<std::uint32_t> order(rows.rows);
  std::iota(order.begin(), order.end(), 0U);
  if (plan.identity.kind == plan::Identity::Kind::kPosition && identity.size() >= 2) {
    std::map<std::pair<int, std::int64_t>, std::int64_t> times;
    for (const auto& batch : driving) {
      for (std::size_t i = 0; i < batch.offsets.size(); ++i)
        times[{batch.partition, batch.offsets[i]}] = batch.timestamps_ms[i];
    }
    const auto partitions = identity[0]->values<std::int32_t>();
    const auto offsets = identity[1]->values<std::int64_t>();
    const auto place = [&](std::uint32_t row) {
      return std::tuple(times[{partitions[row], offsets[row]}], partitions[row], offsets[row]);
    };
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return place(a) > place(b); });
    return order;
  }
  std::vector<int> by = plan.identity.key;
  if (by.empty()) {
    by.resize(rows.columns.size());
    std::iota(by.begin(), by.end(), 0);
  }
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) {
    for (const int column : by) {
      const auto& values = *rows.columns[static_cast<std::size_t>(column)];
      if (const int found = types::compare_values(values, a, values, b); found != 0) return found < 0;
    }
    return false;
  });
  return order;
}

class Sample {
 public:
  Sample(const Input& input, int driving, Time last)
      : in_(input), driving_(driving), gathering_(input, driving, last, out_) {
    out_.sources.resize(input.sources.size());
  }

  base::Result<Preview> run(std::size_t records) {
    if (auto gathered = gathering_.run(records); !gathered) return gathered.error();
    engine::DataflowOptions options;
    options.image = in_.image;
    options.memory_limit_bytes = in_.limits.state_bytes;
    auto dataflow = engine::Dataflow::build(*in_.plan, std::move(options));
    if (!dataflow) return std::move(dataflow).error();
    if (auto pushed = gathering_.push(**dataflow); !pushed) return pushed.error();
    if (auto rows = collect(**dataflow); !rows) return rows.error();
    out_.errors = (*dataflow)->error_rows(in_.limits.rows);
    out_.violations = (*dataflow)->key_violations(in_.limits.rows);
    return std::move(out_);
  }

  bool could_grow(const Preview& made) const {
    const bool slow = std::any_of(made.sources.begin(), made.sources.end(),
                                  [](const SourceReport& source) { return source.time_over; });
    return !gathering_.driving_at_beginning() && !slow;
  }

 private:
  base::Status collect(engine::Dataflow& dataflow) {
    std::vector<types::Batch> pieces;
    std::vector<std::vector<types::ColumnPtr>> identities;
    std::size_t count = 0;
    const auto take = [&](engine::Changes&& rows) -> base::Status {
      if (in_.wanted && !in_.wanted()) return cancelled();
      if (rows.upserts.rows == 0) return {};
      count += rows.upserts.rows;
      pieces.push_back(std::move(rows.upserts));
      identities.push_back(std::move(rows.upsert_identity));
      return count > kMostRows ? base::Status(base::terminal("Enough", "")) : base::Status();
    };
    auto early = dataflow.take_stateless();
    if (!early) return early.error();
    auto done = take(*std::move(early));
    if (done) done = dataflow.finish_bulk(take);
    if (!done && done.error().code != "Enough") return done;
    out_.more_rows = !done;
    out_.rows_found = count;
    if (pieces.empty()) {
      for (const auto& field : in_.plan->root->output)
        out_.rows.columns.push_back(types::Column::nulls(field.type, 0));
      return {};
    }
    types::Batch rows = types::Batch::concatenate(pieces);
    rows.weights.clear();
    std::vector<types::ColumnPtr> identity;
    for (std::size_t column = 0; column < identities.front().size(); ++column) {
      std::vector<types::ColumnPtr> parts;
      for (const auto& piece : identities) parts.push_back(piece[column]);
      identity.push_back(types::Column::concatenate(parts));
    }
    auto order = shown_order(*in_.plan, rows, identity, gathering_.kept(driving_));
    order.resize(std::min(order.size(), in_.limits.rows));
    out_.rows = rows.take(order);
    return {};
  }

  const Input& in_;
  const int driving_;
  Preview out_;
  Gathering gathering_;
};

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::kDriving:
      return "driving";
    case Role::kLookedUp:
      return "looked up";
    case Role::kScanned:
      return "scanned";
    case Role::kUnread:
      return "not read";
  }
  return "";
}

base::Result<Preview> run(const Input& input) {
  const auto began = std::chrono::steady_clock::now();
  const int driving = driving_source(*input.plan);
  const std::size_t most = input.limits.records;
  // An aggregate says more the more it has seen.
  std::size_t records =
      groups(*input.plan->root) ? most : std::min(most, std::max(kFirstSample, input.limits.rows * 5));
  for (;;) {
    Sample sample(input, driving, began + input.limits.total_time);
    auto made = sample.run(records);
    if (!made || made->rows_found >= input.limits.rows || records >= most || input.since) return made;
    if (!sample.could_grow(*made)) return made;
    if (std::chrono::steady_clock::now() - began > input.limits.growing_time) return made;
    records = std::min(most, records * 4);
  }
}

}  // namespace offtake::preview
