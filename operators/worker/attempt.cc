#include "operators/worker/attempt.h"

#include "base/log.h"
#include "operators/delivery/checkpoints.h"
#include "operators/delivery/fill.h"
#include "operators/delivery/live.h"
#include "operators/delivery/rebuild.h"
#include "operators/delivery/recovery.h"
#include "operators/delivery/retry.h"
#include "operators/delivery/same_source.h"
#include "operators/worker/decode_spec.h"
#include "operators/worker/kept_schemas.h"

namespace offtake::worker {
namespace {

using delivery::Recovery;

class Attempt {
 public:
  Attempt(const AttemptInput& input, std::stop_token stop) : in_(input), job_(input.job), stop_(stop) {}

  base::Error run() {
    if (auto opened = open(); !opened) return std::move(opened).error();
    auto control = find_control();
    if (!control) return std::move(control).error();
    auto decision = decide(*control);
    if (!decision) return std::move(decision).error();
    if (decision->action == Recovery::kRefill) return base::terminal(decision->reason, decision->message);
    if (decision->action == Recovery::kFill || decision->action == Recovery::kResumeFill) {
      return fill(*control, decision->action == Recovery::kResumeFill);
    }
    return resume(**control, *std::move(decision));
  }

 private:
  base::Status open() {
    std::map<std::string, std::shared_ptr<sources::EventStore>> stores;
    for (const StoreSpec& spec : job_.stores) {
      auto store = in_.environment.open_store(spec);
      if (!store) return std::move(store).error();
      stores[spec.name] = *std::move(store);
    }
    auto connection = in_.environment.resolve_target(job_);
    if (!connection) return std::move(connection).error();
    const auto* engine = in_.environment.find_engine(connection->engine);
    if (engine == nullptr) {
      return base::terminal("TargetNotAvailable",
                            fmt::format("engine {} is not available in this version", connection->engine));
    }
    if (!connection->store.empty()) connection->events = stores[connection->store];
    targets::TableSpec table = job_.table;
    table.parks = job_.parks && engine->traits.ledger_entries > 0;
    auto target = engine->open(*connection, table, job_.product_uid);
    if (!target) return std::move(target).error();
    target_ = *std::move(target);

    pipeline_.plan = &job_.plan;
    pipeline_.stateless = delivery::runs_without_state(job_.plan);
    pipeline_.image = engine->table_image(job_.table);
    pipeline_.target = target_.get();
    pipeline_.traits = engine->traits;
    pipeline_.progress = &in_.progress;
    pipeline_.clock = in_.environment.clock;
    pipeline_.since_boot = in_.environment.since_boot;
    pipeline_.revision = job_.revision;
    pipeline_.threads = job_.threads;
    pipeline_.memory_bytes = static_cast<std::size_t>(job_.memory_bytes);
    pipeline_.verify = job_.verify;
    pipeline_.parks = table.parks;
    pipeline_.desk = in_.environment.desk.get();
    pipeline_.old_rows = job_.table.push && job_.table.push->changes == plan::SentChanges::kAll;
    for (std::size_t i = 0; i < job_.sources.size(); ++i) {
      const SourceSpec& spec = job_.sources[i];
      const auto store = stores.find(spec.store);
      if (store == stores.end()) {
        return base::terminal("BadJob", fmt::format("source {} names no store of the job", spec.dataset));
      }
      delivery::Source source;
      source.dataset = spec.dataset;
      source.topic = spec.topic;
      source.store = store->second;
      source.entity = spec.entity;
      source.classified = !job_.plan.sources[i].classified.empty();
      source.make_decoder = [this, i] { return make_decoder(i); };
      pipeline_.sources.push_back(std::move(source));
    }
    if (!pipeline_.stateless && !in_.environment.state_directory.empty()) {
      checkpoints_.emplace(files::Path(in_.environment.state_directory) / "checkpoints",
                           delivery::Checkpoints::Of{job_.product_uid, job_.fingerprint, in_.owner,
                                                     job_.revision, in_.environment.incarnation},
                           in_.progress, *in_.environment.clock);
      pipeline_.checkpoints = &*checkpoints_;
    }
    return {};
  }

  base::Result<std::unique_ptr<sources::RecordDecoder>> make_decoder(std::size_t index) const {
    const auto store = std::find_if(job_.stores.begin(), job_.stores.end(), [&](const StoreSpec& candidate) {
      return candidate.name == job_.sources[index].store;
    });
    sources::DecodeSpec decode = decode_spec(job_, index);
    decode.fetch_schema = [this, store](int id) {
      return kept_schema(in_.environment.state_directory, *store, id,
                         [&] { return in_.environment.fetch_schema(*store, id); });
    };
    return sources::RecordDecoder::create(std::move(decode));
  }

  // This revision's control row, ours from here on.
  base::Result<std::optional<targets::ControlRow>> find_control() {
    auto controls = target_->controls();
    if (!controls) return std::move(controls).error();
    for (const auto& row : *controls) {
      if (row.revision != job_.revision) continue;
      if (in_.held && row.owner != in_.owner && row.incarnation >= in_.environment.incarnation) {
        return base::fenced(fmt::format("revision {} was taken over by another process", row.revision));
      }
      if (checkpoints_) checkpoints_->before_takeover(row);
      auto owned = target_->take_ownership({job_.revision, in_.environment.incarnation, in_.owner});
      if (!owned) return std::move(owned).error();
      in_.held = true;
      return std::optional<targets::ControlRow>(*std::move(owned));
    }
    return std::optional<targets::ControlRow>();
  }

  // What to do now; checkpoints that can never be used are gone afterwards.
  base::Result<delivery::RecoveryDecision> decide(const std::optional<targets::ControlRow>& control) {
    auto facts = source_facts();
    if (!facts) return std::move(facts).error();
    delivery::CheckpointsFound found;
    if (checkpoints_) {
      auto listed = checkpoints_->find();
      if (!listed) return std::move(listed).error();
      found = *std::move(listed);
    }
    auto decision = delivery::decide_recovery(control, pipeline_.stateless, job_.fingerprint, *facts,
                                              in_.environment.clock->now(), found);
    for (const auto& rejected : decision.rejected) {
      if (auto gone = checkpoints_->reject(rejected); !gone) return std::move(gone).error();
    }
    return decision;
  }

  base::Result<std::vector<delivery::SourceFacts>> source_facts() const {
    std::vector<delivery::SourceFacts> out;
    for (const auto& source : pipeline_.sources) {
      auto topic = source.store->describe(source.topic);
      if (!topic) return std::move(topic).error().in(fmt::format("dataset {}", source.dataset));
      auto bounds = source.store->bounds(source.topic);
      if (!bounds) return std::move(bounds).error().in(fmt::format("dataset {}", source.dataset));
      delivery::SourceFacts facts;
      facts.dataset = source.dataset;
      facts.keeps_tombstones_for_ever =
          topic->cleanup == sources::CleanupPolicy::kDelete || topic->kept_whole;
      facts.delete_retention_ms = topic->delete_retention_ms;
      facts.bounds = *std::move(bounds);
      out.push_back(std::move(facts));
    }
    return out;
  }

  base::Error fill(const std::optional<targets::ControlRow>& found, bool resume) {
    delivery::FillStart start;
    start.resume = resume;
    if (found) start.row = *found;
    if (!resume) {
      start.row = {};
      start.row.product_uid = job_.product_uid;
      start.row.revision = job_.revision;
      start.row.installation = job_.installation;
      start.row.fingerprint = job_.fingerprint;
      start.row.incarnation = in_.environment.incarnation;
      start.row.owner = in_.owner;
      start.row.start_instant = job_.start_instant;
    }
    for (std::size_t i = 0; i < job_.sources.size(); ++i) {
      if (!job_.sources[i].start.empty()) start.start[job_.sources[i].dataset] = job_.sources[i].start;
    }
    auto ledger = ledger_to_start_with(resume);
    if (!ledger) return std::move(ledger).error();
    start.ledger = *std::move(ledger);
    in_.held = true;
    auto filled = delivery::run_fill(pipeline_, std::move(start), stop_);
    if (!filled) {
      wait_for_other_records(filled.error());
      return std::move(filled).error();
    }
    delivery::LiveStart live;
    live.control = std::move(filled->control);
    live.dataflow = std::move(filled->dataflow);
    live.ledger = std::move(filled->ledger);
    return delivery::run_live(pipeline_, std::move(live), stop_);
  }

  base::Error resume(targets::ControlRow control, delivery::RecoveryDecision decision) {
    in_.progress.set_state(delivery::State::kStarting);
    if (auto same = check_last_records(control); !same) return std::move(same).error();
    delivery::LiveStart live;
    auto ledger = target_->ledger(job_.revision);
    if (!ledger) return std::move(ledger).error();
    live.ledger = *std::move(ledger);
    if (decision.action != Recovery::kGoLive) {
      targets::LedgerEntries entries;
      for (const auto& entry : live.ledger) entries[entry.id] = entry;
      auto dataflow = state_at(control, entries, std::move(decision));
      if (!dataflow) return std::move(dataflow).error();
      live.dataflow = *std::move(dataflow);
    }
    live.control = std::move(control);
    return delivery::run_live(pipeline_, std::move(live), stop_);
  }

  // The state that belongs to the control row: from the newest checkpoint that is good, or from the records.
  base::Result<std::unique_ptr<engine::Dataflow>> state_at(const targets::ControlRow& control,
                                                           const targets::LedgerEntries& ledger,
                                                           delivery::RecoveryDecision decision) {
    while (decision.action == Recovery::kRestore) {
      auto dataflow =
          delivery::restore(pipeline_, checkpoints_->store(), decision.checkpoint, control, ledger, stop_);
      if (dataflow) checkpoints_->restored(decision.checkpoint, control);
      if (dataflow || dataflow.error().code != "CheckpointUnusable") return dataflow;
      auto gone = checkpoints_->reject({decision.checkpoint.name, dataflow.error().message});
      if (!gone) return std::move(gone).error();
      auto next = decide(control);
      if (!next) return std::move(next).error();
      decision = *std::move(next);
    }
    if (decision.action == Recovery::kRefill) return base::terminal(decision.reason, decision.message);
    return delivery::replay(pipeline_, control, ledger, stop_);
  }

  // Its own where it goes on; and what the revision before discarded, of what this one reads. Where what is
  // read by a fill is never sent, what was parked stays so as well: taken in now, nobody would hear of it.
  base::Result<std::vector<targets::LedgerEntry>> ledger_to_start_with(bool resume) {
    std::vector<targets::LedgerEntry> out;
    if (resume) {
      auto mine = target_->ledger(job_.revision);
      if (!mine) return std::move(mine).error();
      out = *std::move(mine);
    }
    auto controls = target_->controls();
    if (!controls) return std::move(controls).error();
    int before = 0;
    for (const auto& row : *controls) {
      if (row.revision < job_.revision) before = std::max(before, row.revision);
    }
    if (before == 0) return out;
    auto theirs = target_->ledger(before);
    if (!theirs) return std::move(theirs).error();
    const bool never_sent =
        pipeline_.traits.pushed ||
        (pipeline_.traits.appends && job_.table.identity.kind == plan::Identity::Kind::kPosition);
    for (auto& entry : *theirs) {
      const bool stays =
          entry.kind == targets::LedgerEntry::Kind::kInput &&
          (entry.status == targets::LedgerEntry::Status::kDiscarded || (never_sent && is_open(entry)));
      const bool mine = std::any_of(job_.sources.begin(), job_.sources.end(), [&](const SourceSpec& source) {
        return source.dataset == entry.dataset;
      });
      if (stays && mine) out.push_back(std::move(entry));
    }
    return out;
  }

  base::Status check_last_records(const targets::ControlRow& control) const {
    for (const auto& source : pipeline_.sources) {
      const auto stamps = control.last_records.find(source.dataset);
      if (stamps == control.last_records.end()) continue;
      if (auto same = delivery::check_same_source(source, stamps->second, stop_); !same) return same;
    }
    return {};
  }

  // What is wrong with rows of a fill can only be put right by further records, or by retention: until there
  // are some, reading everything again would end in the same place.
  void wait_for_other_records(const base::Error& error) {
    if (error.code != "RowError" && error.code != "KeyNotUnique") return;
    in_.progress.stall(error, in_.environment.clock->now());
    const targets::SourceOffsets cut = in_.progress.read().cut;
    std::optional<targets::SourceOffsets> begins_before;
    delivery::RetryPause pause;
    do {
      auto facts = source_facts();
      if (!facts) continue;  // a source that is away has nothing new to tell
      targets::SourceOffsets begins, ends;
      for (const auto& source : *facts) {
        for (const auto& [partition, bound] : source.bounds) {
          begins[source.dataset][partition] = bound.earliest;
          ends[source.dataset][partition] = bound.last_stable;
        }
      }
      if (ends != cut || (begins_before && *begins_before != begins)) return;
      begins_before = std::move(begins);
    } while (delivery::sleep_for(pause.next(), stop_));
  }

  const AttemptInput& in_;
  const Job& job_;
  std::stop_token stop_;
  std::unique_ptr<targets::Target> target_;
  std::optional<delivery::Checkpoints> checkpoints_;
  delivery::Pipeline pipeline_;
};

}  // namespace

base::Error run_attempt(const AttemptInput& input, std::stop_token stop) {
  return Attempt(input, stop).run();
}

}  // namespace offtake::worker
