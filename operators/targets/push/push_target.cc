#include "operators/targets/push/push_target.h"

#include "base/crash_point.h"
#include "operators/targets/intent/control_steps.h"
#include "operators/targets/protocol/ownership.h"
#include "operators/targets/push/hand_over.h"
#include "operators/targets/push/messages.h"
#include "operators/targets/push/push_fill.h"
#include "operators/targets/push/queue_ledger.h"
#include "operators/targets/push/retries.h"

namespace offtake::targets::push {
namespace {

using namespace std::chrono_literals;
using journal::Change;
using journal::JournalControls;
using Stored = intent::ControlStore::Stored;

constexpr std::size_t kMostKeys = 10'000;      // retrying or parked
constexpr std::size_t kMostBytes = 128 << 20;  // of their messages
constexpr auto kReplayPatience = 10s;          // of who asked for it
constexpr std::size_t kNotes = 5;
constexpr auto kLookEvery = 200ms;  // whether a successor asks for its turn

// An epoch that is being sent.
struct Epoch {
  std::int64_t number = 0;
  std::vector<KeyDigest> settled;
  std::vector<http::Message> behind;  // of keys that have a queue
  std::optional<Sending> sending;     // the others
};

class PushTarget : public Target {
 public:
  PushTarget(const TargetConnection& connection, const TableSpec& table, std::string product_uid,
             std::unique_ptr<http::MessageSender> sender, Senders senders, std::unique_ptr<Answers> answers)
      : table_(table),
        push_(*table.push),
        product_uid_(std::move(product_uid)),
        form_{product_uid_, connection.receiver->source, table.columns, table.identity, push_.changes},
        controls_(connection.events, product_uid_),
        sender_(std::move(sender)),
        answers_(std::move(answers)),
        settled_(settled_prefix(table.revision)),
        retries_(std::move(senders), push_, answers_.get(), form_.source, stop_.get_token()) {}

  base::Result<std::vector<ControlRow>> controls() override { return intent::rows_of(controls_); }

  base::Status begin_fill(const ControlRow& row) override {
    auto found = controls_.read(table_.revision);
    if (!found) return std::move(found).error();
    auto next = intent::start_of_fill(*found, row, table_.revision, product_uid_);
    if (!next) return std::move(next).error();
    next->row.intent.reset();
    owner_ = row.owner;
    mine_ = *std::move(next);
    fill_ = std::make_shared<Fill>();
    std::vector<Change> changes = controls_.entries(JournalControls::own_prefix(table_.revision));
    for (Change& change : changes) change.value.reset();
    if (auto written = write(mine_->row, std::move(changes)); !written) return written;
    return settled_.load({});
  }

  base::Result<ControlRow> take_ownership(const Ownership& request) override {
    // Whoever wrote it before is ended first: what is read then is final.
    auto found = controls_.take(table_.revision);
    if (!found) return std::move(found).error();
    if (!found->has_value()) return protocol::no_control_row(table_.revision);
    mine_ = **std::move(found);
    auto row = protocol::taken_over(mine_->row, request);
    if (!row) return std::move(row).error();
    if (auto written = write(*row); !written) return std::move(written).error();
    owner_ = request.owner;
    stale_ = true;
    if (auto known = refresh(); !known) return std::move(known).error();
    return row;
  }

  base::Result<std::vector<FillProgress>> fill_progress() override {
    std::vector<FillProgress> out;
    if (!fill_) return out;
    const std::lock_guard lock(fill_->mutex);
    for (const auto& [stream, progress] : fill_->progress) out.push_back(progress);
    return out;
  }

  base::Status store_cut(const SourceOffsets& cut) override {
    auto row = owned();
    if (!row) return std::move(row).error();
    row->cut = cut;
    return write(*row);
  }

  base::Result<std::unique_ptr<Loader>> open_loader(const std::string& stream) override {
    if (!fill_) fill_ = std::make_shared<Fill>();
    return make_loader(fill_, controls_, owner_, table_, stream);
  }

  base::Status finish_load() override {
    base::crash_point("before-indexes");
    base::crash_point("after-indexes");
    return {};
  }

  base::Status finish_fill(const types::Checksum& content, base::Micros logical_time,
                           const RecordStamps& last_records, const LedgerChanges& ledger) override {
    auto row = owned();
    if (!row) return std::move(row).error();
    row->offsets = row->cut;
    row->content = content;
    row->logical_time = logical_time;
    row->last_records = last_records;
    row->committed_at = base::system_clock().now();
    auto streams = fill_progress();
    if (!streams) return std::move(streams).error();
    intent::end_ledger_of_fill(*streams, ledger, *row);
    if (row->phase == Phase::kFilling) row->phase = Phase::kCatchingUp;
    std::vector<Change> changes;
    if (fill_) {
      const std::lock_guard lock(fill_->mutex);
      changes = settled_.change(fill_->keys, {});
    }
    if (auto written = write(*row, std::move(changes)); !written) return written;
    fill_.reset();
    return {};
  }

  base::Result<std::vector<LedgerEntry>> ledger(int revision) override {
    if (revision != table_.revision || !mine_) return intent::ledger_of(controls_, revision);
    auto streams = fill_progress();
    if (!streams) return std::move(streams).error();
    return intent::ledger_of(mine_->row, *streams);
  }

  LedgerEntries outputs() override {
    if (stale_ || !mine_ || mine_->row.phase != Phase::kCurrent) return {};
    return entries_of(queues_, hides_keys(table_), kMostKeys);
  }

  base::Result<LedgerOutcome> carry_out(const LedgerCommand& command) override {
    if (auto known = refresh(); !known) return std::move(known).error();
    if (!mine_ || mine_->row.phase != Phase::kCurrent) return LedgerOutcome();
    LedgerOutcome outcome;
    QueueCommand done = apply(command, hides_keys(table_), queues_);
    if (done.changes.empty()) return outcome;
    if (auto written = write_queues(std::move(done.changes), {}); !written) return std::move(written).error();
    outcome.discarded = done.discarded;
    if (command.verb == LedgerCommand::Verb::kReplay) try_now(done.keys, outcome);
    return outcome;
  }

  base::Result<Proof> prove() override {
    return base::terminal("NotProved", "what a receiver holds cannot be counted from here");
  }

  base::Result<SwapResult> swap() override {
    if (auto known = refresh(); !known) return std::move(known).error();
    auto next = owned();
    if (!next) return std::move(next).error();
    auto found = intent::published_beside(controls_, table_.revision);
    if (!found) return std::move(found).error();
    std::optional<Stored> previous = *std::move(found);
    SwapResult result;
    if (next->phase != Phase::kCurrent) {
      if (previous) {
        auto ready = hand_over(*next, *previous, result);
        if (!ready) return std::move(ready).error();
        if (!*ready) return result;
      }
      if (auto published = publish(*next, previous); !published) return std::move(published).error();
      base::crash_point("after-swap-commit");
    }
    // Whoever finds it undone ends it: the next call here, or the control plane's fence.
    if (previous) intent::retire(controls_, *previous);
    result.swapped = true;
    result.epoch = mine_->row.epoch;
    return result;
  }

  // For good: a session is interrupted when its worker ends.
  void interrupt() override { stop_.request_stop(); }

  base::Status tend() override {
    if (stale_ || !mine_ || mine_->row.phase != Phase::kCurrent || mine_->row.intent) return {};
    if (auto settled = retries_.settle(queues_); !settled.changes.empty()) {
      base::crash_point("queues-tended");
      auto written = write_queues(std::move(settled.changes), std::move(settled.answers));
      if (!written) return written;
    }
    return retries_.go_on(queues_);
  }

  base::Status commit(const EpochCommit& epoch) override {
    if (auto known = refresh(); !known) return known;
    const auto there = mine_ ? std::optional<ControlRow>(mine_->row) : std::optional<ControlRow>();
    auto outcome = protocol::outcome_of_epoch(there, owner_, epoch.last_epoch);
    if (!outcome) {
      mine_.reset();
      return std::move(outcome).error();
    }
    if (*outcome == protocol::Outcome::kCommitted) return {};
    return mine_->row.phase == Phase::kCurrent ? commit_sent(epoch) : commit_unsent(epoch);
  }

 private:
  static std::string settled_prefix(int revision) {
    return JournalControls::own_prefix(revision) + "settled/";
  }

  // As the journal has it, where a write failed or nothing was read yet.
  base::Status refresh() {
    if (mine_ && !stale_) return {};
    auto found = controls_.read(table_.revision);
    if (!found) return std::move(found).error();
    mine_ = *std::move(found);
    if (auto loaded = settled_.load(controls_.entries(settled_.prefix())); !loaded) return loaded;
    if (auto loaded = queues_.load(controls_.entries(std::string(kRetryPrefix))); !loaded) return loaded;
    stale_ = false;
    return {};
  }

  base::Result<ControlRow> owned() {
    if (!mine_) {
      if (auto known = refresh(); !known) return std::move(known).error();
    }
    if (!mine_) return base::fenced("the control row is gone: the revision was dropped");
    if (mine_->row.owner != owner_ || owner_.empty()) {
      mine_.reset();
      return protocol::fenced_by_another(table_.revision);
    }
    return mine_->row;
  }

  // Over the version that was seen, with the changes and the records of answers. When it is not known what
  // became of it, or another one was there first, all is read again by whoever comes next.
  base::Status write(const ControlRow& row, std::vector<Change> changes = {},
                     std::vector<sources::NewRecord> answers = {}) {
    auto version = controls_.write_with(row, mine_ ? mine_->version : "", adding(changes, answers));
    if (version) {
      mine_ = Stored{row, *std::move(version)};
      return {};
    }
    return lost(std::move(version).error(), row.owner);
  }

  JournalControls::Add adding(std::vector<Change> changes, std::vector<sources::NewRecord> answers) {
    return [this, changes = std::move(changes), answers = std::move(answers)](
               sources::TransactionalProducer& producer) -> base::Result<std::vector<Change>> {
      if (!answers.empty()) {
        if (auto added = producer.append(answers_->topic(), answers); !added) return std::move(added).error();
      }
      return changes;
    };
  }

  base::Error lost(base::Error error, const std::string& owner) {
    mine_.reset();
    stale_ = true;
    if (error.code != intent::kConflict) return error;
    auto there = controls_.read(table_.revision);
    if (!there) return std::move(there).error();
    if (!there->has_value() || (*there)->row.owner != owner)
      return protocol::fenced_by_another(table_.revision);
    return intent::changed_meanwhile(table_.revision);
  }

  // Not published: nothing is sent, and the keys are those of the result.
  base::Status commit_unsent(const EpochCommit& epoch) {
    const RowKeys keys(table_.identity);
    std::vector<KeyDigest> come, gone;
    for (std::size_t row = 0; row < epoch.changes.deletes.rows; ++row)
      gone.push_back(keys.of_delete(epoch.changes, row));
    for (std::size_t row = 0; row < epoch.changes.upserts.rows; ++row)
      come.push_back(keys.of_upsert(epoch.changes, row));
    return write(intent::after_epoch(mine_->row, epoch), settled_.change(come, gone));
  }

  base::Status commit_sent(const EpochCommit& epoch) {
    if (!epoch_ || epoch_->number != epoch.last_epoch + 1) {
      if (auto room = check_room(); !room) return room;
      if (!mine_->row.intent) {
        if (auto mine = check_turn(); !mine) return mine;
      }
      epoch_ = begin(epoch);
    }
    const bool sends = !epoch_->behind.empty() || !epoch_->sending->messages().empty();
    if (auto stored = store_intent(epoch, sends); !stored) return stored;
    if (auto sent = epoch_->sending->run(*sender_, stop_.get_token()); !sent) return sent;
    base::crash_point("before-epoch-commit");
    std::vector<sources::NewRecord> answers;
    std::vector<Change> changes = settled_.change(epoch_->settled, {});
    for (const http::Message& message : epoch_->behind)
      changes.push_back(queues_.push(unsent_of(message, epoch_->number)));
    const auto& messages = epoch_->sending->messages();
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const Fate& fate = epoch_->sending->fates()[i];
      if (fate.answer) answers.push_back(*fate.answer);
      if (fate.kind == Fate::Kind::kTaken) continue;
      Unsent message = unsent_of(messages[i], epoch_->number);
      try_later(message, fate, push_);
      changes.push_back(queues_.push(std::move(message)));
    }
    ControlRow row = intent::after_epoch(mine_->row, epoch);
    row.intent.reset();
    if (auto written = write(row, std::move(changes), std::move(answers)); !written) return written;
    epoch_.reset();
    base::crash_point("after-epoch-commit");
    return {};
  }

  Epoch begin(const EpochCommit& epoch) {
    EpochMessages made = messages_of(form_, epoch, settled_);
    Epoch out;
    out.number = epoch.last_epoch + 1;
    out.settled = std::move(made.settled);
    std::vector<http::Message> now;
    for (http::Message& message : made.messages) {
      (queues_.contains(message.key) ? out.behind : now).push_back(std::move(message));
    }
    out.sending.emplace(std::move(now), answers_.get());
    return out;
  }

  base::Status store_intent(const EpochCommit& epoch, bool sends) {
    auto wanted = intent::intent_to_store(mine_->row, epoch);
    if (!wanted) return std::move(wanted).error();
    if (!wanted->has_value() || !sends) return {};
    ControlRow row = mine_->row;
    row.intent = **std::move(wanted);
    if (auto written = write(row); !written) return written;
    base::crash_point("intent-stored");
    return {};
  }

  base::Status check_room() {
    if (queues_.keys() < kMostKeys && queues_.bytes() < kMostBytes) return {};
    if (auto tended = tend(); !tended) return tended;
    if (stale_ || (queues_.keys() < kMostKeys && queues_.bytes() < kMostBytes)) return refresh();
    return base::transient("TooManyUnsent",
                           fmt::format("messages of {} keys were not taken, {} of them parked: no more are "
                                       "begun until there are fewer than {}",
                                       queues_.keys(), queues_.parked_keys(), kMostKeys))
        .with_hint("put the receiver right; they are tried again");
  }

  // For as long as somebody waits for the answer; then they are tried as others are.
  void try_now(const std::set<std::string>& keys, LedgerOutcome& outcome) {
    const auto until = std::chrono::steady_clock::now() + kReplayPatience;
    const std::size_t before = queues_.messages_of(keys);
    base::Status tended = tend();
    while (!stale_ && retries_.tries(keys, queues_) && std::chrono::steady_clock::now() < until &&
           !stop_.stop_requested()) {
      std::this_thread::sleep_for(5ms);
      tended = tend();
    }
    if (!tended) outcome.notes.push_back(tended.error().text());
    if (stale_) return;
    outcome.replayed = static_cast<std::int64_t>(before - std::min(before, queues_.messages_of(keys)));
    for (const auto& key : keys) {
      const auto queue = queues_.queues().find(key);
      if (queue == queues_.queues().end()) continue;
      ++outcome.still_parked;
      if (outcome.notes.size() < kNotes) outcome.notes.push_back(note_of(queue->second.front()));
    }
  }

  base::Status write_queues(std::vector<Change> changes, std::vector<sources::NewRecord> answers) {
    auto written = controls_.append_with(table_.revision, mine_->version,
                                         adding(std::move(changes), std::move(answers)));
    return written ? written : base::Status(lost(std::move(written).error(), owner_));
  }

  // A successor that waits between two epochs goes first.
  base::Status check_turn() {
    const auto now = std::chrono::steady_clock::now();
    if (now - looked_at_ < kLookEvery && !gave_way_) return {};
    looked_at_ = now;
    gave_way_ = false;
    if (auto read = controls_.read(table_.revision); !read) return std::move(read).error();
    const auto waits =
        who_waits(controls_.entries(std::string(kWishPrefix)), table_.revision, base::system_clock().now());
    if (!waits) return {};
    gave_way_ = true;
    return base::transient("HandingOver", fmt::format("revision {} takes over from here", *waits));
  }

  // True: `previous` stands still, and this revision is exactly there.
  base::Result<bool> hand_over(const ControlRow& next, Stored& previous, SwapResult& result) {
    ControlRow& row = previous.row;
    if (row.phase == Phase::kCurrent) {
      if (!is_near_enough(next, row, result)) return false;
      if (row.intent) return ask(row, result);
      // Ends its writer, so that what is read now is where it stands. Should this go no further, it opens a
      // producer again and goes on.
      auto taken = controls_.take(row.revision);
      if (!taken) return std::move(taken).error();
      if (taken->has_value()) previous = **std::move(taken);
      if (!taken->has_value() || row.phase != Phase::kCurrent) {
        result.behind = true;
        return false;
      }
      if (!is_near_enough(next, row, result)) return false;
      if (row.intent) return ask(row, result);
      auto stands = intent::let_stand(controls_, previous);
      if (!stands) return stands;
      result.behind = !*stands;
      if (result.behind) return false;
    } else if (protocol::is_past(next, row)) {
      return base::terminal(
          "HandOverMissed",
          fmt::format("revision {} stands still where this one has read on: what lies between would be sent "
                      "by neither",
                      row.revision));
    }
    if (protocol::may_replace(next, row)) return true;
    result.reach = protocol::to_reach(next, row);
    result.reach_time = row.logical_time;
    return false;
  }

  base::Result<bool> ask(const ControlRow& row, SwapResult& result) {
    auto asked = controls_.append_with(table_.revision, mine_->version,
                                       adding({wish_of(table_.revision, base::system_clock().now())}, {}));
    if (!asked) return lost(std::move(asked).error(), owner_);
    result.hold = true;
    result.blocked_by =
        fmt::format("epoch {} of revision {}, which is not finished", row.intent->epoch, row.revision);
    return false;
  }

  base::Status publish(ControlRow next, const std::optional<Stored>& previous) {
    std::vector<Change> changes;
    if (previous) {
      auto included = settled_.include(controls_.entries(settled_prefix(previous->row.revision)));
      if (!included) return included;
      changes = settled_.rewrite();
      next.epoch = std::max(next.epoch, previous->row.epoch);
    }
    for (Change& wish : controls_.entries(std::string(kWishPrefix))) {
      wish.value.reset();
      changes.push_back(std::move(wish));
    }
    if (auto loaded = queues_.load(controls_.entries(std::string(kRetryPrefix))); !loaded) return loaded;
    ++next.epoch;
    next.phase = Phase::kCurrent;
    next.committed_at = base::system_clock().now();
    base::crash_point("before-swap-commit");
    return write(next, std::move(changes));
  }

  const TableSpec table_;
  const PushSpec push_;
  const std::string product_uid_;
  const MessageForm form_;
  JournalControls controls_;
  const std::unique_ptr<http::MessageSender> sender_;
  const std::unique_ptr<Answers> answers_;  // null: none are wanted
  std::stop_source stop_;
  std::string owner_;
  std::optional<Stored> mine_;  // as last seen; absent: to be read
  bool stale_ = true;           // what follows is to be read
  SettledKeys settled_;
  RetryQueues queues_;
  std::shared_ptr<Fill> fill_;
  std::optional<Epoch> epoch_;
  std::chrono::steady_clock::time_point looked_at_{};
  bool gave_way_ = false;
  Retries retries_;  // goes first
};

}  // namespace

base::Status check_connection(const TargetConnection& connection, const TableSpec& table) {
  if (!connection.events)
    return base::terminal("BadJob", fmt::format("event store {} is not opened", connection.store));
  if (!connection.receiver || !table.push)
    return base::terminal("BadJob", "the job does not say what is sent, or to whom");
  return {};
}

base::Result<std::unique_ptr<Target>> make_target(const TargetConnection& connection, const TableSpec& table,
                                                  const std::string& product_uid, Senders senders) {
  if (auto fine = check_connection(connection, table); !fine) return std::move(fine).error();
  auto sender = senders.open(static_cast<std::size_t>(table.push->max_in_flight));
  if (!sender) return std::move(sender).error();
  std::unique_ptr<Answers> answers;
  if (connection.receiver->answers) {
    auto made = Answers::make(*connection.receiver->answers);
    if (!made) return std::move(made).error();
    answers = *std::move(made);
  }
  return std::unique_ptr<Target>(std::make_unique<PushTarget>(
      connection, table, product_uid, *std::move(sender), std::move(senders), std::move(answers)));
}

}  // namespace offtake::targets::push
