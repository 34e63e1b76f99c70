#include "controlplane/reconcile/data_product/decide.h"

#include <set>

namespace offtake::reconcile {
namespace {

// After these a worker cannot go on, and filling anew helps. SourceReplaced is the user's to decide.
bool wants_refill(const std::string& reason) {
  static const std::set<std::string> kReasons = {"StateLost", "TombstonesMayBeMissed", "VerificationFailed"};
  return kReasons.contains(reason);
}

// A fill that keeps failing its verification is not repeated without a pause.
bool pause_is_over(const RevisionFacts& latest, base::Micros now) {
  constexpr base::Micros kPause = 10'000'000;
  const auto& status = latest.worker.status;
  return !status || status->exit_reason != "VerificationFailed" || now - status->written >= kPause;
}

void stop_all(const Facts& facts, Decision& out) {
  for (const auto& revision : facts.revisions) out.stop.push_back(revision.number);
}

}  // namespace

const RevisionFacts* Facts::current() const {
  for (const auto& revision : revisions) {
    if (revision.is_current()) return &revision;
  }
  return nullptr;
}

const RevisionFacts* Facts::handing_over() const {
  if (current() != nullptr) return nullptr;
  for (const auto& revision : revisions) {
    if (revision.is_handing_over()) return &revision;
  }
  return nullptr;
}

const RevisionFacts* Facts::left_behind() const {
  if (const RevisionFacts* still = handing_over()) return still;
  if (current() != nullptr || !product.status.revision) return nullptr;
  for (const auto& revision : revisions) {
    if (revision.is_fenced() && revision.number == product.status.revision->current) return &revision;
  }
  return nullptr;
}

std::string RevisionFacts::final_reason() const {
  if (worker.running || !worker.status || worker.status->exit == worker::Exit::kRunning ||
      worker.status->exit == worker::Exit::kDrained) {
    return "";
  }
  return worker.status->exit_reason;
}

Decision decide(const Facts& facts) {
  Decision out;
  if (facts.orders) return out;
  if (facts.product.paused() || facts.access) {
    stop_all(facts, out);
    return out;
  }
  const RevisionFacts* latest = facts.latest();
  if (latest == nullptr) {
    if (facts.controls_known) out.start = 1, out.start_reason = "first";
    return out;
  }
  if (!facts.controls_known) {
    // Without the target's word nothing is begun and nothing dropped; what runs goes on.
    for (const auto& revision : facts.revisions) out.run.push_back(revision.number);
    return out;
  }
  const RevisionFacts* current = facts.current();
  const RevisionFacts* handing_over = facts.handing_over();
  const bool changed = latest->spec_hash != facts.desired_hash;
  const RevisionFacts* keep = latest;
  if (changed && current != nullptr && current->spec_hash == facts.desired_hash) {
    keep = current;  // an edit was taken back before its revision was published
  } else if (changed) {
    out.start = latest->number + 1, out.start_reason = "spec changed";
  } else if (latest->is_fenced() || latest == handing_over) {
    // Given up once, by an edit that was taken back since: what it holds may be half of a fill. Or its
    // successor was, after it stood still for that one: the next takes over from there.
    out.start = latest->number + 1, out.start_reason = "fenced";
    out.refill_of = latest->number;
  } else if (wants_refill(latest->final_reason()) && pause_is_over(*latest, facts.now)) {
    // The same pipeline, filled anew: nothing is resolved again, neither the newest schemas (SELECT * would
    // gain columns that nobody asked for) nor the history, which the topics may have forgotten since.
    out.start = latest->number + 1, out.start_reason = latest->final_reason();
    out.refill_of = latest->number;
  }
  if (out.start) keep = current;
  // Its offsets are those of a topic that is gone: no successor could ever be at or past them.
  const bool succeeded = out.start || (keep == latest && keep != current);
  if (current != nullptr && current->final_reason() == "SourceReplaced" && succeeded)
    out.fence = current->number;
  for (const auto& revision : facts.revisions) {
    if (revision.number == out.fence) continue;
    // Never run again; it goes when another one is published.
    if (&revision == handing_over) continue;
    if (&revision == keep || &revision == current) {
      out.run.push_back(revision.number);
    } else if (revision.is_fenced() && current == nullptr && handing_over == nullptr) {
      continue;  // readers may still see it: it goes when another one is published
    } else if (out.start && revision.number == latest->number) {
      out.supersedes = revision.number;
    } else {
      out.discard.push_back(revision.number);
    }
  }
  return out;
}

}  // namespace offtake::reconcile
