// What a status says, case by case: the facts are made by hand, the sentences are what users read.
#include "controlplane/reconcile/data_product/conditions.h"

#include <doctest/doctest.h>

namespace offtake::reconcile {
namespace {

using delivery::State;
using targets::Phase;

constexpr base::Micros kSecond = 1'000'000;
constexpr base::Micros kNow = 1'700'000'000 * kSecond;

// A product at generation 3, asked for its present spec "b", with its target known.
struct Scene {
  Facts facts;
  Scene() {
    facts.product.metadata.generation = 3;
    facts.desired_hash = "b";
    facts.now = kNow;
    facts.controls_known = true;
  }
  RevisionFacts& revision(int number, const std::string& hash, std::optional<Phase> phase) {
    RevisionFacts made;
    made.number = number;
    made.spec_hash = hash;
    if (phase) {
      made.control.emplace();
      made.control->revision = number;
      made.control->phase = *phase;
    }
    facts.revisions.push_back(std::move(made));
    return facts.revisions.back();
  }
  RevisionFacts& working(int number, const std::string& hash, Phase phase, State state) {
    RevisionFacts& made = revision(number, hash, phase);
    made.worker.running = true;
    made.worker.status.emplace();
    made.worker.status->progress.state = state;
    return made;
  }
  RevisionFacts& ended(int number, const std::string& hash, Phase phase, const std::string& reason) {
    RevisionFacts& made = working(number, hash, phase, State::kEnded);
    made.worker.running = false;
    made.worker.status->exit = worker::Exit::kTerminal;
    made.worker.status->exit_reason = reason;
    made.worker.status->exit_message = reason + " it was";
    return made;
  }
  void stalled(RevisionFacts& facts_of, const std::string& reason, const std::string& message) {
    facts_of.worker.status->progress.state = State::kStalled;
    facts_of.worker.status->progress.stall = delivery::Stall{reason, message, kNow};
  }
  planning::Draft& draft() { return facts.draft.emplace(); }
  void before(std::string_view type, resources::Truth status, const std::string& reason,
              const std::string& message) {
    resources::Condition c;
    c.type = std::string(type);
    c.status = status;
    c.reason = reason;
    c.message = message;
    resources::set_condition(facts.product.status.conditions, c, kNow - 100 * kSecond);
  }
  // Takes the status as written, and looks again later.
  void again(base::Micros later) {
    facts.product.status = report(facts, 1);
    facts.now += later;
  }
  std::string says(std::string_view type) const {
    const auto status = report(facts, 1);
    const auto* found = resources::find_condition(status.conditions, type);
    if (found == nullptr) return "nothing";
    CHECK(found->observed_generation == 3);
    const char* truth = found->status == resources::Truth::kTrue    ? "True"
                        : found->status == resources::Truth::kFalse ? "False"
                                                                    : "Unknown";
    return fmt::format("{} {}{}{}", truth, found->reason, found->message.empty() ? "" : ": ", found->message);
  }
};

base::Error located(base::Error error) {
  error.location.field = "spec.sql";
  error.location.line = 1;
  error.location.column = 8;
  return error;
}

struct Says {
  const char* type;
  const char* words;  // of the condition's "Status Reason: message", how it begins
};
struct Case {
  const char* name;
  void (*make)(Scene& scene);
  std::vector<Says> says;
};

const Case kCases[] = {
    {"before anything is known",
     [](Scene& s) { s.facts.controls_known = false; },
     {{"SchemasResolved", "Unknown Pending"},
      {"Planned", "Unknown Pending"},
      {"Provisioned", "Unknown Pending"},
      {"Backfilled", "Unknown Pending"},
      {"Serving", "nothing"},
      {"Ready", "False Pending: The present spec has not been started yet."},
      {"Stalled", "False NotStalled"},
      {"Reconciling", "True Pending"}}},
    {"a first fill",
     [](Scene& s) { s.working(1, "b", Phase::kFilling, State::kFilling); },
     {{"Planned", "True Planned"},
      {"Provisioned", "True Provisioned"},
      {"Backfilled", "False Filling: The history is being read and loaded."},
      {"Serving", "False NotFilled"},
      {"Ready", "False Filling: The history is being read and loaded."},
      {"Fresh", "nothing"},
      {"Reconciling", "True Filling"}}},
    {"indexes",
     [](Scene& s) { s.working(1, "b", Phase::kFilling, State::kIndexing); },
     {{"Ready", "False Filling: All rows are loaded; keys and indexes are being built."}}},
    {"live",
     [](Scene& s) { s.working(1, "b", Phase::kCurrent, State::kLive); },
     {{"Backfilled", "True Filled"},
      {"Serving", "True Published: Readers get a complete result of revision 1."},
      {"Ready", "True Live: Fed since 2023-11-14T22:13:20Z."},
      {"Stalled", "False NotStalled"},
      {"Reconciling", "False Settled"}}},
    {"live for long: the sentence stays",
     [](Scene& s) {
       s.working(1, "b", Phase::kCurrent, State::kLive);
       s.before("Ready", resources::Truth::kTrue, "Live", "Fed since then.");
     },
     {{"Ready", "True Live: Fed since then."}}},
    {"live again after a pause: the sentence does not",
     [](Scene& s) {
       s.working(1, "b", Phase::kCurrent, State::kLive);
       s.before("Ready", resources::Truth::kTrue, "Paused",
                "Paused by spec.paused; `offtake resume` goes on.");
     },
     {{"Ready", "True Live: Fed since 2023-11-14T22:13:20Z."}}},
    {"paused",
     [](Scene& s) {
       s.revision(1, "b", Phase::kCurrent);
       s.facts.product.spec.paused = true;
     },
     {{"Ready", "True Paused: Paused by spec.paused"}, {"Stalled", "False"}, {"Serving", "True Published"}}},
    {"paused before it was filled",
     [](Scene& s) {
       s.revision(1, "b", Phase::kFilling);
       s.facts.product.spec.paused = true;
     },
     {{"Ready", "False Paused"}}},
    {"an edit fills beside",
     [](Scene& s) {
       s.working(1, "a", Phase::kCurrent, State::kLive);
       s.working(2, "b", Phase::kFilling, State::kFilling);
     },
     {{"Serving", "True Published: Readers get a complete result of revision 1."},
      {"Ready", "False Rebuilding"},
      {"Backfilled", "False Filling"}}},
    {"an edit with wrong SQL",
     [](Scene& s) {
       s.working(1, "a", Phase::kCurrent, State::kLive);
       s.draft().errors.push_back(located(base::terminal("UnknownColumn", "column x does not exist")));
     },
     {{"Planned", "False UnknownColumn: spec.sql:1:8: column x does not exist"},
      {"Ready", "False UnknownColumn"},
      {"Stalled", "True UnknownColumn"},
      {"Serving", "True Published"}}},
    {"a dataset that is not there",
     [](Scene& s) {
       s.draft().waiting.push_back(
           {"SchemasResolved", base::waiting("DatasetMissing", "Dataset shop/x is not")});
     },
     {{"SchemasResolved", "False DatasetMissing: Dataset shop/x is not"},
      {"Ready", "False DatasetMissing"},
      {"Stalled", "False NotStalled"},
      {"Reconciling", "True DatasetMissing"}}},
    {"access denied before anything was filled",
     [](Scene& s) { s.facts.access = base::terminal("AccessDenied", "dataset retail/x is not yours"); },
     {{"SchemasResolved", "False AccessDenied"},
      {"Ready", "False AccessDenied"},
      {"Stalled", "True AccessDenied"}}},
    {"access withdrawn",
     [](Scene& s) {
       s.revision(1, "b", Phase::kCurrent);
       s.facts.access = base::terminal("AccessDenied", "dataset retail/x is not yours");
     },
     {{"Ready", "False AccessRevoked: dataset retail/x"}, {"Stalled", "True AccessRevoked"}}},
    {"a class that is full is waited for",
     [](Scene& s) {
       s.facts.controls_known = false;
       s.facts.provision = base::waiting("ClassFull", "TargetClass small has 1 products");
     },
     {{"Provisioned", "False ClassFull"},
      {"Ready", "False ClassFull"},
      {"Stalled", "False"},
      {"Reconciling", "True"}}},
    {"a name that another product holds",
     [](Scene& s) {
       s.facts.controls_known = false;
       s.facts.provision = base::terminal("TargetNameTaken", "the schema x belongs to the product shop/y");
     },
     {{"Provisioned", "False TargetNameTaken"}, {"Stalled", "True TargetNameTaken"}}},
    {"a job file of another version",
     [](Scene& s) {
       s.facts.controls_known = false;
       s.facts.orders = base::terminal("JobFormat", "revision 1: the job file has format 9");
     },
     {{"Planned", "False JobFormat: revision 1"},
      {"Ready", "False JobFormat"},
      {"Stalled", "True JobFormat"}}},
    {"a stall",
     [](Scene& s) {
       s.stalled(s.working(1, "b", Phase::kCurrent, State::kLive), "RowError", "division by zero");
     },
     {{"Ready", "False RowError: division by zero"},
      {"Stalled", "True RowError"},
      {"Serving", "True Published"}}},
    {"what was decided could not be done",
     [](Scene& s) {
       s.facts.undone = base::terminal("FunctionNameTaken", "Service retail/x is there already");
     },
     {{"Ready", "False FunctionNameTaken: Service retail/x is there already"},
      {"Stalled", "True FunctionNameTaken"}}},
    {"who is fed goes on while something that passes is in the way",
     [](Scene& s) {
       s.working(1, "b", Phase::kCurrent, State::kLive);
       s.facts.undone = base::transient("Unreachable", "the API server is away");
     },
     {{"Ready", "True Live"}, {"Stalled", "False NotStalled"}}},
    {"a worker that ended for good",
     [](Scene& s) { s.ended(1, "b", Phase::kCurrent, "SourceReplaced"); },
     {{"Ready", "False SourceReplaced: SourceReplaced it was"}, {"Stalled", "True SourceReplaced"}}},
    {"a worker that has died twice is started again",
     [](Scene& s) {
       auto& worker = s.working(1, "b", Phase::kCurrent, State::kLive).worker;
       worker.running = false;
       worker.failures = 2;
       s.before("Ready", resources::Truth::kTrue, "Live", "Fed since then.");
     },
     {{"Ready", "True Live: Fed since then."}, {"Stalled", "False"}}},
    {"a worker that dies again and again is no live product",
     [](Scene& s) {
       auto& worker = s.working(1, "b", Phase::kCurrent, State::kLive).worker;
       worker.running = false;
       worker.failures = 3;
       s.before("Ready", resources::Truth::kTrue, "Live", "Fed since then.");
     },
     {{"Ready", "False WorkerFailing: The worker ended 3 times in a row"},
      {"Stalled", "True WorkerFailing"}}},
    {"a worker that does not answer yet",
     [](Scene& s) { s.revision(1, "b", Phase::kCurrent); },
     {{"Ready", "False WorkerStarting"}}},
    {"a refill that cannot start is said",
     [](Scene& s) {
       s.ended(1, "b", Phase::kCurrent, "StateLost");
       s.draft().waiting.push_back({"Planned", base::waiting("SecretMissing", "Secret x is not there")});
     },
     {{"Planned", "False SecretMissing"}, {"Ready", "False SecretMissing"}, {"Serving", "True Published"}}},
    {"a revision whose source was replaced, fenced for its successor",
     [](Scene& s) {
       s.facts.product.status.revision.emplace().current = 1;
       s.revision(1, "a", Phase::kFenced);
       s.working(2, "b", Phase::kFilling, State::kFilling);
     },
     {{"Serving", "True Published: Readers get the last result of revision 1, which is no longer fed."},
      {"Ready", "False Rebuilding"}}},
    {"a fenced one that was never published serves nobody",
     [](Scene& s) {
       s.revision(1, "a", Phase::kFenced);
       s.working(2, "b", Phase::kFilling, State::kFilling);
     },
     {{"Serving", "False NotFilled"}, {"Ready", "False Filling"}}},
};

}  // namespace

TEST_CASE("every situation has its conditions") {
  for (const Case& c : kCases) {
    Scene scene;
    c.make(scene);
    for (const Says& expected : c.says) {
      const std::string found = scene.says(expected.type);
      CHECK_MESSAGE(found.starts_with(expected.words), c.name << ": " << expected.type << "\n  wanted "
                                                              << expected.words << "\n  found  " << found);
    }
  }
}

TEST_CASE("the revision that readers see stays in the status while its successor fills") {
  Scene scene;
  scene.facts.product.status.revision.emplace().current = 1;
  scene.revision(1, "a", Phase::kFenced);
  scene.working(2, "b", Phase::kFilling, State::kFilling);
  const auto status = report(scene.facts, 1);
  CHECK(status.revision->current == 1);
  CHECK(status.revision->filling == 2);
}

TEST_CASE("Fresh: False after 30 s above spec.freshness, True after 30 s below half of it") {
  constexpr base::Micros kBound = 60 * kSecond;
  Scene scene;
  scene.facts.product.spec.freshness.micros = kBound;
  scene.working(1, "b", Phase::kCurrent, State::kLive);
  const auto look = [&](base::Micros behind, base::Micros later) {
    scene.again(later);
    scene.facts.freshness.note(scene.facts.now - behind, kBound, scene.facts.now);
    return scene.says("Fresh").substr(0, 8);
  };
  CHECK(look(1 * kSecond, 0) == "Unknown ");
  CHECK(look(1 * kSecond, 29 * kSecond) == "Unknown ");
  CHECK(look(1 * kSecond, 1 * kSecond) == "True Fre");
  // Between the bounds it stays what it was.
  CHECK(look(45 * kSecond, 60 * kSecond) == "True Fre");
  CHECK(look(50 * kSecond, 60 * kSecond) == "True Fre");
  // A steady lag a little above the bound counts after 30 s.
  CHECK(look(61 * kSecond, 11 * kSecond) == "True Fre");
  CHECK(look(61 * kSecond, 29 * kSecond) == "True Fre");
  CHECK(look(61 * kSecond, 1 * kSecond) == "False Be");
  CHECK(look(45 * kSecond, 60 * kSecond) == "False Be");
  CHECK(look(29 * kSecond, 60 * kSecond) == "False Be");
  CHECK(look(29 * kSecond, 29 * kSecond) == "False Be");
  CHECK(look(29 * kSecond, 1 * kSecond) == "True Fre");
}

TEST_CASE("rows age while the worker is gone, and while the product is paused") {
  Scene scene;
  scene.facts.product.spec.freshness.micros = 60 * kSecond;
  scene.facts.product.spec.paused = true;
  scene.revision(1, "b", Phase::kCurrent);
  scene.facts.freshness.note(kNow, 60 * kSecond, kNow);
  scene.before("Fresh", resources::Truth::kTrue, "Fresh", "Within spec.freshness.");
  scene.again(89 * kSecond);
  scene.facts.freshness.note(0, 60 * kSecond, scene.facts.now);
  CHECK(scene.says("Fresh").starts_with("True"));
  scene.again(1 * kSecond);
  scene.facts.freshness.note(0, 60 * kSecond, scene.facts.now);
  CHECK(scene.says("Fresh") == "False Behind: Complete through 2023-11-14T22:13:20Z.");
}

TEST_CASE("a fill's percentage is written when it rose, and not too often") {
  Scene scene;
  auto& progress = scene.working(1, "b", Phase::kFilling, State::kFilling).worker.status->progress;
  progress.fill_started = kNow - 60 * kSecond;
  progress.records_total = 1000;
  const auto percent = [&](std::int64_t read, base::Micros later) {
    progress.records_read = read;
    const auto before = scene.facts.product.status.backfill;
    scene.again(0);
    scene.facts.now += later;
    const auto after = report(scene.facts, 1).backfill;
    if (!before || before->percent != after->percent) scene.facts.backfill_written = scene.facts.now;
    scene.facts.product.status.backfill = after;
    return after->percent.value_or(-1);
  };
  CHECK(percent(100, 0) == 10);
  CHECK(percent(300, 9 * kSecond) == 10);
  CHECK(percent(300, 1 * kSecond) == 30);
  progress.fill_completed = scene.facts.now;
  CHECK(percent(1000, 0) == 100);
}

}  // namespace offtake::reconcile
