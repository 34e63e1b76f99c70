// What is known of one product at one moment: everything that decide() and the conditions look at.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controlplane/planning/draft.h"
#include "controlplane/reconcile/data_product/freshness.h"
#include "controlplane/resources/data_product.h"
#include "operators/runners/runner.h"
#include "operators/targets/target.h"

namespace offtake::reconcile {

struct RevisionFacts {
  int number = 0;
  std::string spec_hash;  // of the spec it was made from
  std::optional<targets::ControlRow> control;
  runners::Observation worker;

  bool is_current() const { return control && control->phase == targets::Phase::kCurrent; }
  // No worker may ever write it again.
  bool is_fenced() const { return control && control->phase == targets::Phase::kFenced; }
  // Stands still for its successor, and is what readers see until that one is published. No worker may write
  // it again either.
  bool is_handing_over() const { return control && control->phase == targets::Phase::kHandingOver; }
  // How its worker ended for good; empty while it runs or may run again.
  std::string final_reason() const;
};

struct Facts {
  resources::DataProduct product;
  base::Micros now = 0;
  std::string desired_hash;              // of the present spec
  std::optional<base::Error> access;     // a dataset may not be read
  std::optional<base::Error> orders;     // the job files are not understood
  std::optional<base::Error> provision;  // the target is not to be had
  std::optional<base::Error> undone;     // what was decided could not be done
  bool controls_known = false;           // the target's control rows were read
  std::vector<RevisionFacts> revisions;  // ascending
  Freshness freshness;
  base::Micros backfill_written = 0;  // when status.backfill was last written by this process
  // Set when a new revision was wanted: what came of drafting it.
  std::optional<planning::Draft> draft;

  const RevisionFacts* latest() const { return revisions.empty() ? nullptr : &revisions.back(); }
  const RevisionFacts* current() const;       // the one that readers see and a worker feeds
  const RevisionFacts* handing_over() const;  // while there is no current one
  // Handing over, or fenced before its successor was filled: readers see it as it was then. The latter by the
  // status, so good for words only.
  const RevisionFacts* left_behind() const;
};

}  // namespace offtake::reconcile
