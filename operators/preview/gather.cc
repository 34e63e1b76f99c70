#include "operators/preview/gather.h"

#include <algorithm>

#include "operators/preview/lookup.h"

namespace offtake::preview {
namespace {

constexpr std::size_t kFirstPiece = 2'000, kSmallestPiece = 500, kLargestPiece = 100'000;
constexpr std::size_t kMostValues = 200'000;  // that are looked for

std::vector<plan::ExpressionPtr> columns_of(const plan::Node& node, const std::vector<int>& columns) {
  std::vector<plan::ExpressionPtr> out;
  for (const int column : columns) {
    const types::Field& field = node.output[static_cast<std::size_t>(column)];
    out.push_back(plan::column(column, field.type, field.nullable));
  }
  return out;
}

std::vector<int> used(const plan::Expression& expression) {
  std::vector<int> out;
  plan::collect_columns(expression, out);
  return out;
}

// Those of the columns for which `fits` holds.
template <class Fits>
Wanted only(const Wanted& wanted, const Fits& fits) {
  Wanted out;
  out.values.rows = wanted.values.rows;
  for (std::size_t i = 0; i < wanted.columns.size(); ++i) {
    const std::vector<int> columns = used(*wanted.columns[i]);
    if (!std::all_of(columns.begin(), columns.end(), fits)) continue;
    out.columns.push_back(wanted.columns[i]);
    out.values.columns.push_back(wanted.values.columns[i]);
  }
  return out;
}

// Copied, so that a few rows do not keep the strings of a whole batch.
types::ColumnPtr copied(const types::ColumnPtr& column, const std::vector<std::uint32_t>& rows) {
  types::ColumnBuilder builder(column->type());
  builder.reserve(rows.size());
  for (const std::uint32_t row : rows) {
    if (column->is_null(row)) {
      builder.append_null();
    } else {
      builder.append_from(*column, row);
    }
  }
  return builder.finish();
}

std::size_t weight_of(const engine::SourceBatch& batch) {
  std::size_t bytes = batch.rows.bytes() + batch.offsets.size() * 80;
  std::set<const types::Arena*> arenas;
  for (const auto& column : batch.rows.columns) {
    for (const auto& arena : column->arenas()) {
      if (arenas.insert(arena.get()).second) bytes += arena->bytes();
    }
  }
  return bytes;
}

std::size_t kept_weight(const std::vector<std::vector<engine::SourceBatch>>& pieces) {
  std::size_t bytes = 0;
  for (const auto& piece : pieces) {
    for (const auto& batch : piece) bytes += weight_of(batch);
  }
  return bytes;
}

// Larger and larger, but no more than will be read in time: a piece that is read in part is lost.
std::size_t next_piece(std::size_t piece, Time began, Time over) {
  const Time now = std::chrono::steady_clock::now();
  const double took = std::chrono::duration<double>(now - began).count();
  const double left = std::chrono::duration<double>(over - now).count();
  const double in_time = static_cast<double>(piece) * 0.7 * std::max(0.0, left) / std::max(took, 1e-6);
  const auto most = static_cast<std::size_t>(std::min(in_time, static_cast<double>(kLargestPiece)));
  return std::clamp(most, kSmallestPiece, piece * 4);
}

}  // namespace

int driving_source(const plan::Plan& plan) {
  for (std::size_t i = 0; i < plan.sources.size(); ++i) {
    if (plan.sources[i].windowed) return static_cast<int>(i);
  }
  // The first one of FROM.
  const plan::Node* node = plan.root.get();
  for (;;) {
    if (const auto* scan = std::get_if<plan::Scan>(&node->node)) return scan->source;
    if (const auto* join = std::get_if<plan::Join>(&node->node)) node = join->left.get();
    if (const auto* filter = std::get_if<plan::Filter>(&node->node)) node = filter->input.get();
    if (const auto* project = std::get_if<plan::Project>(&node->node)) node = project->input.get();
    if (const auto* group = std::get_if<plan::GroupBy>(&node->node)) node = group->input.get();
  }
}

bool Gathering::reads_driving(const plan::Node& node) const {
  if (const auto* scan = std::get_if<plan::Scan>(&node.node)) return scan->source == driving_;
  if (const auto* join = std::get_if<plan::Join>(&node.node))
    return reads_driving(*join->left) || reads_driving(*join->right);
  if (const auto* filter = std::get_if<plan::Filter>(&node.node)) return reads_driving(*filter->input);
  if (const auto* project = std::get_if<plan::Project>(&node.node)) return reads_driving(*project->input);
  return reads_driving(*std::get<plan::GroupBy>(node.node).input);
}

base::Status Gathering::run(std::size_t driving_records) {
  if (auto read = read_driving(driving_records); !read) return read;
  return drive(*input_.plan->root);
}

base::Status Gathering::push(engine::Dataflow& dataflow) const {
  for (std::size_t source = 0; source < kept_.size(); ++source) {
    for (const auto& batch : kept_[source]) {
      if (auto pushed = dataflow.push(static_cast<int>(source), batch); !pushed) return pushed;
    }
  }
  return {};
}

// The newest by their timestamps, so that a partition that has long been quiet does not fill the sample: more
// is read than taken, and from the ends of the partitions the later one is taken each time.
base::Status Gathering::read_driving(std::size_t records) {
  const Source& source = input_.sources[static_cast<std::size_t>(driving_)];
  auto reading = NewestFirst::open(input_, source, input_.since);
  if (!reading) return std::move(reading).error();
  const std::size_t most = input_.since ? input_.limits.records_since : records;
  const Time over = deadline(input_.limits.driving_time);
  // More pieces where records are fewer than positions (compacted, aborted), or larger than foreseen; but
  // what lies before the history window is not searched through.
  std::vector<std::vector<engine::SourceBatch>> pieces;
  std::size_t rows = 0, piece = reading->partitions() > 1 ? 2 * most : most;
  bool time_over = false;
  while (rows < most && !reading->at_beginning() &&
         reading->records() < static_cast<std::int64_t>(4 * most) &&
         kept_weight(pieces) < input_.limits.bytes) {
    auto read = reading->read(piece, over, pieces.emplace_back());
    if (!read) return std::move(read).error();
    time_over = !*read;
    if (time_over) break;
    for (const auto& batch : pieces.back()) rows += batch.rows.rows;
    piece = std::min(piece * 2, kLargestPiece);
  }
  std::vector<engine::SourceBatch> batches;
  for (auto at = pieces.rbegin(); at != pieces.rend(); ++at)
    std::move(at->begin(), at->end(), std::back_inserter(batches));
  SourceReport& said = report(driving_);
  said.role = Role::kDriving;
  said.time_over = time_over;

  struct Ends {
    std::vector<std::pair<std::size_t, std::size_t>> rows;  // batch and row, in offset order
    std::size_t taken = 0;                                  // from the end
  };
  std::map<int, Ends> ends;
  for (std::size_t b = 0; b < batches.size(); ++b) {
    for (std::size_t row = 0; row < batches[b].rows.rows; ++row)
      ends[batches[b].partition].rows.emplace_back(b, row);
  }
  const auto newest = [&](const Ends& end) {
    const auto& [b, row] = end.rows[end.rows.size() - 1 - end.taken];
    return batches[b].timestamps_ms[row];
  };
  bool cut = false;
  for (std::size_t count = 0;;) {
    Ends* best = nullptr;
    for (auto& [partition, end] : ends) {
      if (end.taken == end.rows.size()) continue;
      if (best == nullptr || newest(end) > newest(*best)) best = &end;
    }
    if (best == nullptr) break;
    if (count == most) {
      cut = true;
      break;
    }
    ++best->taken;
    ++count;
  }
  std::vector<std::vector<std::uint32_t>> taken(batches.size());
  sources::OffsetVector from = reading->from();
  std::optional<std::int64_t> back_to;
  for (auto& [partition, end] : ends) {
    if (end.taken < end.rows.size()) {
      const auto& [b, row] = end.rows[end.rows.size() - end.taken - 1];
      from[partition] = batches[b].offsets[row] + 1;
    }
    for (std::size_t i = end.rows.size() - end.taken; i < end.rows.size(); ++i) {
      const auto& [b, row] = end.rows[i];
      taken[b].push_back(static_cast<std::uint32_t>(row));
      back_to = std::min(back_to.value_or(batches[b].timestamps_ms[row]), batches[b].timestamps_ms[row]);
    }
  }
  for (std::size_t b = 0; b < batches.size(); ++b) keep(driving_, batches[b], std::move(taken[b]));
  note_read(driving_, *reading);
  said.from = from;
  said.back_to_ms = back_to;
  said.whole = reading->is_whole() && !cut;
  said.complete = said.whole;
  driving_at_beginning_ = reading->at_beginning() && !cut;
  return {};
}

base::Status Gathering::drive(const plan::Node& node) {
  if (const auto* filter = std::get_if<plan::Filter>(&node.node)) return drive(*filter->input);
  if (const auto* project = std::get_if<plan::Project>(&node.node)) return drive(*project->input);
  if (const auto* group = std::get_if<plan::GroupBy>(&node.node)) {
    out_.aggregates_sample = out_.aggregates_sample || !driving_at_beginning_;
    return drive(*group->input);
  }
  const auto* join = std::get_if<plan::Join>(&node.node);
  if (join == nullptr) return {};
  const bool left = reads_driving(*join->left);
  if (auto driven = drive(left ? *join->left : *join->right); !driven) return driven;
  if (left && reads_driving(*join->right)) {
    report(driving_).notes.push_back("joined with itself: only the records read take part");
    return drive(*join->right);
  }
  return left ? join_to(join->left, join->left_keys, *join->right, join->right_keys, false)
              : join_to(join->right, join->right_keys, *join->left, join->left_keys, false);
}

base::Status Gathering::join_to(const plan::NodePtr& side, const std::vector<int>& side_keys,
                                const plan::Node& other, const std::vector<int>& other_keys, bool all) {
  auto values = rows_of(side, side_keys);
  if (!values) return std::move(values).error();
  return look_up(other, {columns_of(other, other_keys), *std::move(values)}, all);
}

base::Status Gathering::look_up(const plan::Node& node, Wanted wanted, bool all) {
  if (const auto* scan = std::get_if<plan::Scan>(&node.node))
    return look_up_scan(*scan, std::move(wanted), all);
  if (const auto* filter = std::get_if<plan::Filter>(&node.node))
    return look_up(*filter->input, std::move(wanted), all);
  if (const auto* project = std::get_if<plan::Project>(&node.node)) {
    for (auto& column : wanted.columns) column = plan::substitute_columns(column, project->expressions);
    return look_up(*project->input, std::move(wanted), all);
  }
  if (const auto* group = std::get_if<plan::GroupBy>(&node.node)) {
    const auto groups = static_cast<int>(group->group.size());
    Wanted below = only(wanted, [&](int column) { return column < groups; });
    for (auto& column : below.columns) column = plan::remap_columns(column, group->group);
    return look_up(*group->input, std::move(below), true);
  }
  return look_up_join(std::get<plan::Join>(node.node), std::move(wanted), all);
}

base::Status Gathering::look_up_join(const plan::Join& join, Wanted wanted, bool all) {
  const auto width = static_cast<int>(join.left->output.size());
  Wanted left = only(wanted, [&](int column) { return column < width; });
  Wanted right = only(wanted, [&](int column) { return column >= width; });
  if (left.columns.size() >= right.columns.size()) {
    if (auto found = look_up(*join.left, std::move(left), all); !found) return found;
    return join_to(join.left, join.left_keys, *join.right, join.right_keys, all);
  }
  std::vector<int> shifted(join.left->output.size() + join.right->output.size());
  for (std::size_t i = 0; i < shifted.size(); ++i) shifted[i] = static_cast<int>(i) - width;
  for (auto& column : right.columns) column = plan::remap_columns(column, shifted);
  if (auto found = look_up(*join.right, std::move(right), all); !found) return found;
  return join_to(join.right, join.right_keys, *join.left, join.left_keys, all);
}

base::Status Gathering::look_up_scan(const plan::Scan& scan, Wanted wanted, bool all) {
  if (scan.source == driving_) {
    report(driving_).notes.push_back("joined with itself: only the records read take part");
    return {};
  }
  if (wanted.columns.empty()) return scan_newest(scan.source);
  for (auto& column : wanted.columns) column = plan::remap_columns(column, scan.columns);
  auto lookup = Lookup::make(use(scan.source), wanted);
  if (!lookup) return std::move(lookup).error();
  SourceReport& said = report(scan.source);
  if (said.role == Role::kUnread) said.complete = true;
  if (lookup->wanted() == 0) return {};
  said.role = Role::kLookedUp;
  const Time over = deadline(input_.limits.lookup_time);
  auto reading = NewestFirst::open(input_, input_.sources[static_cast<std::size_t>(scan.source)]);
  if (!reading) return std::move(reading).error();
  const auto done = [&] { return reading->at_beginning() || (lookup->settled() && !all); };
  bool time_over = false, full = false;
  for (std::size_t piece = kFirstPiece; !done() && !full;) {
    const Time began = std::chrono::steady_clock::now();
    std::vector<engine::SourceBatch> batches;
    auto read = reading->read(piece, over, batches);
    if (!read) return std::move(read).error();
    if (!*read) {
      time_over = true;
      break;
    }
    piece = next_piece(piece, began, over);
    auto rows = lookup->match(batches);
    for (std::size_t i = 0; i < batches.size(); ++i) keep(scan.source, batches[i], std::move(rows[i]));
    full = lookup->full() || kept_bytes_[static_cast<std::size_t>(scan.source)] > input_.limits.bytes;
  }
  note_read(scan.source, *reading);
  said.wanted_keys += static_cast<std::int64_t>(lookup->wanted());
  said.found_keys += static_cast<std::int64_t>(lookup->found());
  said.time_over = said.time_over || time_over;
  const bool complete = reading->at_beginning() || (!all && lookup->settled() && lookup->is_unique());
  if (full && !complete) said.notes.push_back("no further back: as much as is kept was read");
  if (!complete && all) {
    said.notes.push_back("groups may have more records further back");
  } else if (!complete && lookup->settled() && !lookup->by_whole_key()) {
    said.notes.push_back("not joined on its whole key: more rows may lie further back");
  }
  said.complete = said.complete && complete;
  return {};
}

base::Status Gathering::scan_newest(int source) {
  SourceReport& said = report(source);
  if (said.role != Role::kUnread) return {};
  said.role = Role::kScanned;
  auto reading = NewestFirst::open(input_, input_.sources[static_cast<std::size_t>(source)]);
  if (!reading) return std::move(reading).error();
  std::vector<engine::SourceBatch> batches;
  auto read = reading->read(input_.limits.records, deadline(input_.limits.lookup_time), batches);
  if (!read) return std::move(read).error();
  for (const auto& batch : batches) {
    std::vector<std::uint32_t> rows(batch.rows.rows);
    for (std::size_t row = 0; row < rows.size(); ++row) rows[row] = static_cast<std::uint32_t>(row);
    keep(source, batch, std::move(rows));
  }
  note_read(source, *reading);
  said.time_over = !*read;
  said.complete = reading->at_beginning();
  if (!said.complete)
    said.notes.push_back("the join has no columns to look it up by: only its newest records");
  return {};
}

base::Result<types::Batch> Gathering::rows_of(const plan::NodePtr& node, const std::vector<int>& columns) {
  plan::Plan part;
  part.sources = input_.plan->sources;
  auto expressions = columns_of(*node, columns);
  std::vector<types::Field> fields;
  for (const int column : columns) fields.push_back(node->output[static_cast<std::size_t>(column)]);
  part.root =
      std::make_shared<const plan::Node>(plan::Node{plan::Project{node, std::move(expressions)}, fields});
  types::Batch out;
  for (const auto& field : fields) out.columns.push_back(types::Column::nulls(field.type, 0));
  if (columns.empty()) return out;
  engine::DataflowOptions options;
  options.memory_limit_bytes = input_.limits.state_bytes;
  auto dataflow = engine::Dataflow::build(part, std::move(options));
  if (!dataflow) return std::move(dataflow).error();
  if (auto pushed = push(**dataflow); !pushed) return pushed.error();
  std::vector<types::Batch> pieces;
  std::size_t count = 0;
  auto finished = (*dataflow)->finish_bulk([&](engine::Changes&& rows) -> base::Status {
    if (input_.wanted && !input_.wanted()) return cancelled();
    if (rows.upserts.rows == 0) return {};
    count += rows.upserts.rows;
    pieces.push_back(std::move(rows.upserts));
    return count > kMostValues ? base::Status(base::terminal("Enough", "")) : base::Status();
  });
  if (!finished && finished.error().code != "Enough") return finished.error();
  if (!finished) report(driving_).notes.push_back("joins to so many rows that not all were looked for");
  if (!pieces.empty()) out = types::Batch::concatenate(pieces);
  return out;
}

void Gathering::keep(int source, const engine::SourceBatch& batch, std::vector<std::uint32_t> rows) {
  const auto index = static_cast<std::size_t>(source);
  // A source may be looked up more than once.
  auto& known = known_[index];
  rows.erase(std::remove_if(rows.begin(), rows.end(),
                            [&](std::uint32_t row) {
                              return !known.emplace(batch.partition, batch.offsets[row]).second;
                            }),
             rows.end());
  if (rows.empty()) return;
  engine::SourceBatch out;
  out.partition = batch.partition;
  out.rows.rows = rows.size();
  for (const auto& column : batch.rows.columns) out.rows.columns.push_back(copied(column, rows));
  for (const std::uint32_t row : rows) {
    out.offsets.push_back(batch.offsets[row]);
    out.timestamps_ms.push_back(batch.timestamps_ms[row]);
    if (!batch.tombstone.empty()) out.tombstone.push_back(batch.tombstone[row]);
  }
  if (batch.identity != nullptr) out.identity = copied(batch.identity, rows);
  out.identity_types = batch.identity_types;
  kept_bytes_[index] += weight_of(out);
  report(source).kept += static_cast<std::int64_t>(rows.size());
  kept_[index].push_back(std::move(out));
}

void Gathering::note_read(int source, const NewestFirst& reading) {
  SourceReport& said = report(source);
  said.records += reading.records();
  for (const auto& [partition, offset] : reading.until()) {
    auto [until, fresh] = said.until.emplace(partition, offset);
    until->second = std::max(until->second, offset);
    auto [from, first] = said.from.emplace(partition, reading.from().at(partition));
    from->second = std::min(from->second, reading.from().at(partition));
  }
  if (const auto back = reading.back_to_ms())
    said.back_to_ms = std::min(said.back_to_ms.value_or(*back), *back);
  said.whole = said.whole || reading.is_whole();
  out_.bad_records_count += static_cast<std::int64_t>(reading.bad_records().size());
  for (const auto& bad : reading.bad_records()) {
    if (out_.bad_records.size() < input_.limits.rows) out_.bad_records.push_back(bad);
  }
}

}  // namespace offtake::preview
