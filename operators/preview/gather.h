// Which records of which source take part in a preview. Walks the plan from the driving source outwards:
//
//   Join(driving side, other side)   the driving side's rows so far give the values of the join's columns;
//                                    the other side is looked up by them
//   look up Project, Filter          the columns become expressions over their input
//   look up GroupBy                  by the columns that are grouped by; every record of the group counts
//   look up Join                     the side that has (most of) the columns first, then the other one by it
//   look up Scan                     newest records first, kept where the expressions give a wanted value
//
// An entity's record counts only if it is the newest of its identity in what was scanned, also where an older
// one would be wanted. One thread.
#pragma once
#include <algorithm>
#include <set>

#include "operators/preview/newest_first.h"

namespace offtake::preview {

// Values of a join's columns, one row each; equal rows may repeat.
struct Wanted {
  std::vector<plan::ExpressionPtr> columns;  // over the output of the node that is looked up
  types::Batch values;                       // as many columns
};

class Gathering {
 public:
  // `out` has one report a source, and takes the records that do not decode. Nothing is read after `last`.
  Gathering(const Input& input, int driving, Time last, Preview& out)
      : input_(input),
        driving_(driving),
        last_(last),
        out_(out),
        kept_(input.sources.size()),
        known_(input.sources.size()) {}

  // With so many records of the driving source. May be called once.
  base::Status run(std::size_t driving_records);
  // Everything that was kept goes into it.
  base::Status push(engine::Dataflow& dataflow) const;
  const std::vector<engine::SourceBatch>& kept(int source) const {
    return kept_[static_cast<std::size_t>(source)];
  }
  bool driving_at_beginning() const { return driving_at_beginning_; }

 private:
  SourceReport& report(int source) { return out_.sources[static_cast<std::size_t>(source)]; }
  const plan::SourceUse& use(int source) const {
    return input_.plan->sources[static_cast<std::size_t>(source)];
  }
  bool reads_driving(const plan::Node& node) const;

  base::Status read_driving(std::size_t records);
  base::Status drive(const plan::Node& node);
  base::Status join_to(const plan::NodePtr& side, const std::vector<int>& side_keys, const plan::Node& other,
                       const std::vector<int>& other_keys, bool all);
  // `all`: each record with a wanted value counts, not only one of each.
  base::Status look_up(const plan::Node& node, Wanted wanted, bool all);
  base::Status look_up_join(const plan::Join& join, Wanted wanted, bool all);
  base::Status look_up_scan(const plan::Scan& scan, Wanted wanted, bool all);
  base::Status scan_newest(int source);
  // The columns of the node's rows, over what was kept so far.
  base::Result<types::Batch> rows_of(const plan::NodePtr& node, const std::vector<int>& columns);

  void keep(int source, const engine::SourceBatch& batch, std::vector<std::uint32_t> rows);
  Time deadline(std::chrono::milliseconds time) const {
    return std::min(last_, std::chrono::steady_clock::now() + time);
  }
  void note_read(int source, const NewestFirst& reading);

  const Input& input_;
  const int driving_;
  const Time last_;
  Preview& out_;
  bool driving_at_beginning_ = false;
  std::vector<std::vector<engine::SourceBatch>> kept_;
  std::vector<std::size_t> kept_bytes_ = std::vector<std::size_t>(input_.sources.size());
  std::vector<std::set<std::pair<int, std::int64_t>>> known_;  // partition and offset of what was kept
};

// The driving source: the first that the history window cuts, else the first that the plan reads.
int driving_source(const plan::Plan& plan);

}  // namespace offtake::preview
