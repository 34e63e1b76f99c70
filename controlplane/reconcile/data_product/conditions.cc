#include "controlplane/reconcile/data_product/conditions.h"

#include <algorithm>

namespace offtake::reconcile {
namespace {

namespace condition = resources::condition;
using delivery::State;
using resources::Condition;
using resources::Truth;

constexpr base::Micros kSecond = 1'000'000;
constexpr int kCrashLoop = 3;  // ends in a row that are more than an accident

class Report {
 public:
  Report(const Facts& facts, int filling) : facts_(facts), filling_(filling), status_(facts.product.status) {}

  resources::DataProductStatus run() {
    latest_ = facts_.latest();
    current_ = facts_.current();
    served_ = current_ != nullptr ? current_ : facts_.left_behind();
    present_ = latest_ != nullptr && latest_->spec_hash == facts_.desired_hash;
    if (present_ && latest_->worker.status) progress_ = &latest_->worker.status->progress;
    for (const auto type : {condition::kSchemasResolved, condition::kPlanned, condition::kProvisioned,
                            condition::kBackfilled}) {
      if (resources::find_condition(status_.conditions, type) == nullptr)
        set(type, Truth::kUnknown, "Pending", "Not looked at yet.");
    }
    schemas();
    planned();
    provisioned();
    backfilled();
    serving();
    ready();
    stalled();
    fresh();
    numbers();
    return std::move(status_);
  }

 private:
  void set(std::string_view type, Truth truth, std::string_view reason, std::string message) {
    Condition c;
    c.type = std::string(type);
    c.status = truth;
    c.reason = std::string(reason);
    c.message = std::move(message);
    c.observed_generation = facts_.product.metadata.generation;
    set_condition(status_.conditions, std::move(c), facts_.now);
  }
  void fail(std::string_view type, const base::Error& error) {
    set(type, Truth::kFalse, error.code, error.text());
  }

  // The first error of the draft that `stage` has to tell; SchemasResolved tells access too.
  std::optional<base::Error> draft_problem(std::string_view stage) const {
    if (!facts_.draft) return std::nullopt;
    for (const auto& waiting : facts_.draft->waiting) {
      if (waiting.stage == stage) return waiting.error;
    }
    const bool schemas = stage == condition::kSchemasResolved;
    std::optional<base::Error> all;
    for (const auto& error : facts_.draft->errors) {
      const bool about_schemas = error.code == "AccessDenied" || error.code == "BadAvroSchema";
      if (stage == condition::kProvisioned || schemas != about_schemas) continue;
      if (!all) {
        all = error;
      } else {
        all->message += "\n" + error.text();
      }
    }
    return all;
  }

  void schemas() {
    if (facts_.access) return fail(condition::kSchemasResolved, *facts_.access);
    if (auto problem = draft_problem(condition::kSchemasResolved))
      return fail(condition::kSchemasResolved, *problem);
    if (present_ || facts_.draft) {
      set(condition::kSchemasResolved, Truth::kTrue, "Resolved", "Every schema is known.");
    }
  }

  void planned() {
    if (facts_.orders) return fail(condition::kPlanned, *facts_.orders);
    // Also of a present spec: a refill that cannot start yet.
    if (auto problem = draft_problem(condition::kPlanned)) return fail(condition::kPlanned, *problem);
    if (present_) return set(condition::kPlanned, Truth::kTrue, "Planned", "The present spec has a plan.");
  }

  void provisioned() {
    if (facts_.provision) return fail(condition::kProvisioned, *facts_.provision);
    if (auto problem = draft_problem(condition::kProvisioned)) return fail(condition::kProvisioned, *problem);
    if (facts_.controls_known)
      set(condition::kProvisioned, Truth::kTrue, "Provisioned", "The target is there.");
  }

  std::string filling_text() const {
    if (progress_ == nullptr) return "The worker is starting.";
    if (progress_->state == State::kIndexing) return "All rows are loaded; keys and indexes are being built.";
    if (progress_->state == State::kVerifying) return "All rows are loaded; the table is being verified.";
    if (!progress_->swap_blocked_by.empty()) {
      return fmt::format(
          "Filled; publishing has waited for more than a minute for a lock that is held by {}.",
          progress_->swap_blocked_by);
    }
    if (progress_->state == State::kCatchingUp) return "Filled; catching up before it is published.";
    return "The history is being read and loaded.";
  }

  // With what the sources did not have any more.
  std::string filled_text() const {
    std::string text = "The history asked for is in the target.";
    if (progress_ == nullptr) return text;
    for (const auto& warning : progress_->warnings) {
      if (warning.starts_with("HistoryTruncated: ")) text += " " + warning + ".";
    }
    // A worker that started since does not know it any more.
    const auto* before = resources::find_condition(status_.conditions, condition::kBackfilled);
    const bool known = before != nullptr && before->status == Truth::kTrue &&
                       before->observed_generation == facts_.product.metadata.generation;
    return known && before->message.size() > text.size() ? before->message : text;
  }

  void backfilled() {
    if (present_ && latest_->is_current()) {
      set(condition::kBackfilled, Truth::kTrue, "Filled", filled_text());
    } else if (present_) {
      set(condition::kBackfilled, Truth::kFalse, "Filling", filling_text());
    } else if (latest_ != nullptr) {
      set(condition::kBackfilled, Truth::kFalse, "Pending", "Not started yet.");
    }
  }

  void serving() {
    if (current_ != nullptr) {
      set(condition::kServing, Truth::kTrue, "Published",
          fmt::format("Readers get a complete result of revision {}.", current_->number));
    } else if (served_ != nullptr) {
      set(condition::kServing, Truth::kTrue, "Published",
          fmt::format("Readers get the last result of revision {}, which is no longer fed.",
                      served_->number));
    } else if (facts_.controls_known) {
      set(condition::kServing, Truth::kFalse, "NotFilled", "Nothing was published yet.");
    }
  }

  bool is_fed() const { return present_ && latest_->is_current() && latest_->worker.running; }

  // What keeps the worker of the present spec from going on.
  std::optional<std::pair<std::string, std::string>> worker_problem() const {
    // Who is fed goes on; who is not waits for it.
    if (facts_.undone && (facts_.undone->retry == base::Retry::kTerminal || !is_fed())) {
      return std::pair(facts_.undone->code, facts_.undone->text());
    }
    if (!present_) return std::nullopt;
    const std::string ended = latest_->final_reason();
    if (!ended.empty()) return std::pair(ended, latest_->worker.status->exit_message);
    if (latest_->worker.waits) return std::pair(latest_->worker.waits->code, latest_->worker.waits->text());
    if (progress_ != nullptr && progress_->stall)
      return std::pair(progress_->stall->reason, progress_->stall->message);
    if (latest_->worker.failures >= kCrashLoop) {
      return std::pair("WorkerFailing",
                       fmt::format("The worker ended {} times in a row before it committed anything; "
                                   "`offtake logs` shows its last words.",
                                   latest_->worker.failures));
    }
    return std::nullopt;
  }

  void ready() {
    if (facts_.product.paused()) {
      return set(condition::kReady, served_ != nullptr ? Truth::kTrue : Truth::kFalse, "Paused",
                 "Paused by spec.paused; `offtake resume` goes on.");
    }
    if (facts_.access) {
      const bool withdrawn = latest_ != nullptr;
      return set(condition::kReady, Truth::kFalse, withdrawn ? "AccessRevoked" : facts_.access->code,
                 facts_.access->text());
    }
    for (const auto stage : {condition::kSchemasResolved, condition::kPlanned, condition::kProvisioned}) {
      const auto* c = resources::find_condition(status_.conditions, stage);
      if (c != nullptr && c->status == Truth::kFalse) {
        return set(condition::kReady, Truth::kFalse, c->reason, c->message);
      }
    }
    if (auto problem = worker_problem()) {
      return set(condition::kReady, Truth::kFalse, problem->first, problem->second);
    }
    if (!present_)
      return set(condition::kReady, Truth::kFalse, "Pending", "The present spec has not been started yet.");
    if (!latest_->is_current()) {
      return set(condition::kReady, Truth::kFalse, served_ != nullptr ? "Rebuilding" : "Filling",
                 filling_text());
    }
    if (progress_ == nullptr)
      return set(condition::kReady, Truth::kFalse, "WorkerStarting", "The worker is starting.");
    const auto* before = resources::find_condition(status_.conditions, condition::kReady);
    const bool was_ready = before != nullptr && before->status == Truth::kTrue;
    if (progress_->state == State::kLive || was_ready) {
      // After a pause the sentence is a new one.
      if (was_ready && before->reason == "Live") {
        return set(condition::kReady, Truth::kTrue, "Live", before->message);
      }
      return set(condition::kReady, Truth::kTrue, "Live",
                 fmt::format("Fed since {}.", base::format_instant(facts_.now / kSecond * kSecond)));
    }
    set(condition::kReady, Truth::kFalse, "CatchingUp", "Published; catching up with what came since.");
  }

  void stalled() {
    const auto* ready = resources::find_condition(status_.conditions, condition::kReady);
    const bool draft_wrong = facts_.draft && !facts_.draft->errors.empty();
    // What is waited for is not stuck.
    const bool no_target = facts_.provision && facts_.provision->retry != base::Retry::kWaiting;
    const bool stuck = facts_.access || facts_.orders || draft_wrong || worker_problem() || no_target;
    const bool moving = !facts_.product.paused() && !stuck && ready->status != Truth::kTrue;
    if (stuck) {
      set(condition::kStalled, Truth::kTrue, ready->reason, ready->message);
    } else {
      set(condition::kStalled, Truth::kFalse, "NotStalled", "");
    }
    set(condition::kReconciling, moving ? Truth::kTrue : Truth::kFalse, moving ? ready->reason : "Settled",
        moving ? ready->message : "");
  }

  // False after 30 s above spec.freshness, True after 30 s below half of it; between them it stays what it
  // was. Also of a product that is paused or whose worker is gone: its rows age all the same.
  void fresh() {
    if (served_ == nullptr || facts_.freshness.complete_through == 0) return;
    const auto* before = resources::find_condition(status_.conditions, condition::kFresh);
    if (facts_.freshness.is_behind(facts_.product.spec.freshness.micros, facts_.now)) {
      set(condition::kFresh, Truth::kFalse, "Behind",
          fmt::format("Complete through {}.",
                      base::format_instant(facts_.freshness.complete_through / kSecond * kSecond)));
    } else if (facts_.freshness.is_fresh(facts_.now)) {
      set(condition::kFresh, Truth::kTrue, "Fresh", "Within spec.freshness.");
    } else if (before != nullptr) {
      const Condition same = *before;
      set(condition::kFresh, same.status, same.reason, same.message);
    } else {
      set(condition::kFresh, Truth::kUnknown, "Pending", "Not watched for long enough yet.");
    }
  }

  void numbers() {
    if (facts_.orders) return;
    auto& revision = status_.revision.emplace();
    if (served_ != nullptr) revision.current = served_->number;
    if (latest_ != nullptr && latest_ != served_) revision.filling = latest_->number;
    if (latest_ != nullptr) revision.spec_hash = latest_->spec_hash;
    if (!revision.current && !revision.filling) status_.revision.reset();
    if (const auto* engine = status_.endpoint ? targets::find_engine(status_.endpoint->type) : nullptr) {
      status_.guarantee = targets::to_string(engine->traits.guarantee);
    }
    if (progress_ == nullptr) return;
    backfill();
    parked();
    if (progress_->verified_rows >= 0 && latest_->is_current()) {
      auto& verification = status_.verification.emplace();
      verification.rows = progress_->verified_rows;
      verification.checksum = fmt::format("{:016x}", progress_->verified_checksum);
      verification.check_time = resources::Instant{progress_->verified_at / kSecond * kSecond};
    }
  }

  // What the ledger holds of bad records; nothing is said before there was any.
  void parked() {
    const std::int64_t parked = progress_->parked + progress_->parked_waiting;
    const bool left_out = parked + progress_->error_rows > 0;
    if (left_out || status_.parked_records) status_.parked_records = parked;
    const auto& meta = facts_.product.metadata;
    const std::string list = fmt::format("`offtake errors list {} -n {}`", meta.name, meta.namespace_name);
    if (left_out) {
      set(condition::kDegraded, Truth::kTrue, parked > 0 ? "RecordsParked" : "RowsInError",
          fmt::format("The content is without what {} shows.", list));
    } else if (progress_->retrying > 0) {
      set(condition::kDegraded, Truth::kTrue, "MessagesRetrying",
          fmt::format("{} messages were not taken and are tried again; {} shows them.", progress_->retrying,
                      list));
    } else if (resources::find_condition(status_.conditions, condition::kDegraded) != nullptr) {
      set(condition::kDegraded, Truth::kFalse, "NothingParked", "");
    }
  }

  // Written when it rose by a whole percent, at most every max(10 s, F/20 s); at once when the fill has
  // ended.
  void backfill() {
    if (progress_->fill_started == 0) return;
    const bool finished = progress_->fill_completed != 0;
    std::int64_t percent = 100;
    if (!finished && progress_->records_total > 0) {
      percent = std::min<std::int64_t>(99, progress_->records_read * 100 / progress_->records_total);
    }
    const resources::Instant started{progress_->fill_started / kSecond * kSecond};
    const auto& before = status_.backfill;
    if (before && before->start_time == started && !finished) {
      const bool due =
          facts_.now - facts_.backfill_written >= std::max<base::Micros>(10, filling_ / 20) * kSecond;
      if (!due || percent <= before->percent.value_or(0)) return;
    }
    resources::BackfillStatus now;
    now.percent = percent;
    now.rows_read = finished ? progress_->records_total : progress_->records_read;
    now.rows_total = progress_->records_total;
    now.start_time = started;
    if (finished) now.completion_time = resources::Instant{progress_->fill_completed / kSecond * kSecond};
    status_.backfill = now;
  }

  const Facts& facts_;
  const int filling_;
  resources::DataProductStatus status_;
  const RevisionFacts* latest_ = nullptr;
  const RevisionFacts* current_ = nullptr;
  const RevisionFacts* served_ = nullptr;  // what readers see: current_, or one that is left behind
  bool present_ = false;                   // the latest revision is of the present spec
  const delivery::ProgressSnapshot* progress_ = nullptr;
};

}  // namespace

resources::DataProductStatus report(const Facts& facts, int filling_products) {
  return Report(facts, filling_products).run();
}

bool is_settled(const Facts& facts) {
  const RevisionFacts* latest = facts.latest();
  return latest != nullptr && latest->spec_hash == facts.desired_hash && latest->is_current() &&
         facts.revisions.size() == 1 && latest->worker.running && latest->worker.status &&
         latest->worker.status->progress.state == State::kLive;
}

}  // namespace offtake::reconcile
