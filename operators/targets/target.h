// Where a product's rows land. One Target is the writer session of one revision: it fills a shadow object,
// proves it, publishes it, and then commits epochs. Offsets, fence and rows live in the target together
// (correctness: "Epochs, owner, fence").
//
// Threads: one thread calls a Target, interrupt() excepted; loaders may each be used by a thread of their
// own. Errors: fenced (another owner), transient (connection, locks), row (a value the target refuses),
// terminal (credentials, missing objects). A connection lost during COMMIT is resolved inside.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "operators/engine/dataflow.h"
#include "operators/plan/plan.h"
#include "operators/sources/event_store.h"
#include "operators/targets/ledger.h"
#include "operators/targets/push_spec.h"
#include "operators/targets/receiver.h"
#include "operators/targets/traits.h"

namespace offtake::targets {

// "namespace/dataset" -> offset vector.
using SourceOffsets = std::map<std::string, sources::OffsetVector>;

struct RecordStamp {  // of the last record read from a partition: detects a source that was replaced
  sources::Offset offset = -1;
  std::int64_t timestamp_ms = 0;
  std::uint32_t crc = 0;
  friend bool operator==(const RecordStamp&, const RecordStamp&) = default;
};
using RecordStamps = std::map<std::string, std::map<int, RecordStamp>>;

// HandingOver (targets without transactions): written no more, and what readers see until its successor is
// published. Whoever fences it for good makes it Fenced.
enum class Phase { kFilling, kCatchingUp, kCurrent, kHandingOver, kFenced };
std::string_view to_string(Phase phase);
base::Result<Phase> phase_from(std::string_view text);

// An epoch that is being written, stored by compare-and-set before its first row where rows and offsets
// cannot be committed together. Whoever finds one commits exactly this epoch before anything else: the same
// records, so the same rows, ids and versions.
struct Intent {
  std::int64_t epoch = 0;  // the control row's + 1
  SourceOffsets offsets;   // that it reaches
  RecordStamps last_records;
  base::Micros logical_time = 0;
  types::Checksum content;  // totals after it: a replay that gives others is not the same epoch
  LedgerChanges ledger;     // what it parks, and what commands take in or discard with it
  friend bool operator==(const Intent&, const Intent&) = default;
};

// One row a revision in the product's own schema: `_offtake_control`.
struct ControlRow {
  std::string product_uid;
  int revision = 0;
  std::string installation;
  std::string fingerprint;
  std::int64_t incarnation = 0;
  std::string owner;  // empty: nobody's
  std::int64_t backend_pid = 0;
  std::string backend_start;
  Phase phase = Phase::kFilling;
  std::int64_t epoch = 0;
  SourceOffsets start_offsets, cut, offsets;
  RecordStamps last_records;
  base::Micros start_instant = 0;  // what history.from was resolved to; 0: none
  base::Micros logical_time = 0;
  types::Checksum content;  // rows and checksum
  base::Micros committed_at = 0;
  // Of targets without transactions:
  std::optional<Intent> intent;  // open; none: the content is that of `offsets`
  std::string place;             // the physical object of this fill, in the target's words
  LedgerEntries ledger;          // kept in the document; others have a table (Target::ledger)
};

// Of an engine whose rows are records: their schemas, and the ids these were registered under.
struct RecordSchemas {
  std::string value;       // Avro text
  std::string key;         // Avro text; empty: the key is one value, written as key_format says
  std::string key_format;  // Avro, String, Int32, Int64, UUID; empty: records have no key
};
struct SchemaIds {
  int value = 0, key = 0;
};

// The table of a revision as the job file describes it.
struct TableSpec {
  std::string name;  // public name; the table is <name>__r<N>
  int revision = 1;
  std::vector<types::Field> columns;  // visible, in order
  std::set<std::string> classified;   // those of them whose values no message shows
  plan::Identity identity;
  struct Index {
    std::string name;
    std::vector<std::string> columns;
  };
  std::vector<Index> indexes;
  SchemaIds schema_ids;          // of engines with record_schemas
  std::optional<PushSpec> push;  // of engines that are pushed to
  bool parks = false;            // rows that the target refuses are left out and listed, where it can
};

// How to reach it. Passwords are filled in from files by the worker, never from a job file.
struct TargetConnection {
  std::string engine;  // TargetEngine::name
  std::string path;    // of engines that keep a file a product
  std::string url;     // of those that are spoken to by HTTP
  std::string host, database, schema, user, password, reader_role, ssl_mode, ca_pem;
  int port = 5432;
  // Of engines that write to an event store: its name, and the topic. The worker opens it.
  std::string store, topic;
  std::shared_ptr<sources::EventStore> events;
  // What the class says of the objects that fills make, by its parameters' names.
  std::map<std::string, std::string> parameters;
  // Of engines that are pushed to; their control rows are on `store`.
  std::optional<Receiver> receiver;
};

struct Ownership {
  int revision = 1;
  std::int64_t incarnation = 1;
  std::string owner;  // a random start id
};

// Bulk load of one stream (one per reading thread; "0", "1", …). Pieces are committed in transactions that
// begin by checking the owner and end with this stream's progress row. What was not committed is gone with
// the loader. Commit every some hundred thousand rows; after an error a loader is of no more use.
class Loader {
 public:
  virtual ~Loader() = default;
  virtual base::Status append(const engine::Changes& rows) = 0;
  // Makes what was appended durable together with how far the stream has read and the last records there
  // (stateless fills resume there; a stateful fill passes nothing), and what was parked on the way.
  virtual base::Status commit(const SourceOffsets& reached, const RecordStamps& last_records,
                              const LedgerChanges& ledger = {}) = 0;
};

struct FillProgress {
  std::string stream;
  SourceOffsets reached;
  RecordStamps last_records;
  types::Checksum content;
  LedgerEntries ledger;  // of targets that keep it in the control document: until finish_fill
};

struct EpochCommit {
  std::int64_t last_epoch = 0;  // what the control row must hold; it becomes last_epoch + 1
  engine::Changes changes;      // with old rows where PushSpec::changes is kAll
  SourceOffsets offsets;
  RecordStamps last_records;
  base::Micros logical_time = 0;
  types::Checksum content;  // totals after this epoch
  LedgerChanges ledger;
};

struct SwapResult {
  bool swapped = false;
  bool behind = false;     // the previous revision is ahead: catch up and try again
  std::string blocked_by;  // who keeps it from happening ("pid 7 of reader: SELECT …"): try again
  // The previous revision stands still here, at this logical time: commit an epoch at exactly these offsets
  // (for every partition named), then call swap() again, before anything else is read.
  SourceOffsets reach;
  base::Micros reach_time = 0;
  bool hold = false;       // read nothing meanwhile: this revision must not get ahead of the previous one
  std::int64_t epoch = 0;  // the control row's after the swap
};

struct Proof {
  ControlRow control;
  // Counted and hashed from the table itself, in one snapshot with `control`; and with what it refused in the
  // place of what it holds instead.
  types::Checksum table;
};

class Target {
 public:
  virtual ~Target() = default;

  // Control rows of all revisions that exist, ascending. Creates nothing.
  virtual base::Result<std::vector<ControlRow>> controls() = 0;

  // Starts a fill: writes the control row (phase Filling, owner, start offsets, cut) before anything else,
  // then makes an empty shadow table. A shadow that exists is dropped with its progress rows.
  virtual base::Status begin_fill(const ControlRow& row) = 0;
  // Takes over the revision's control row: a lower incarnation or phase Fenced is refused (fenced); a frozen
  // owner's backend is terminated after a lock time-out. Gives the row as it is now.
  virtual base::Result<ControlRow> take_ownership(const Ownership& request) = 0;
  virtual base::Result<std::vector<FillProgress>> fill_progress() = 0;
  virtual base::Status store_cut(const SourceOffsets& cut) = 0;  // the second cut of compacted partitions
  virtual base::Result<std::unique_ptr<Loader>> open_loader(const std::string& stream) = 0;
  // After loading: keys, then indexes, then statistics. KeyNotUnique names the key.
  virtual base::Status finish_load() = 0;
  // Ends the fill: offsets = cut, content as counted, phase CatchingUp; `ledger` comes to what the loaders
  // wrote.
  virtual base::Status finish_fill(const types::Checksum& content, base::Micros logical_time,
                                   const RecordStamps& last_records, const LedgerChanges& ledger = {}) = 0;
  // Of a revision, as of its control row: what fills and epochs put there. None for one that is not there.
  virtual base::Result<std::vector<LedgerEntry>> ledger(int revision) = 0;
  // Entries that the target alone keeps and changes (Output: messages that were not taken, rows that it
  // refused), as of the last call; of very many the first. And a command to them, while no epoch is being
  // committed.
  virtual LedgerEntries outputs() { return {}; }
  virtual base::Result<LedgerOutcome> carry_out(const LedgerCommand&) { return LedgerOutcome(); }
  virtual base::Result<Proof> prove() = 0;
  // Publishes this revision: one transaction that fences the current one (if any), repoints the public view,
  // and sets phase Current with epoch max(both) + 1. When a lock was not had in 2 s: `blocked_by`, or a
  // transient error of code SwapBlocked where the holder cannot be seen. Without transactions the same in
  // steps (intent/intent_target.h), each of which a later call goes on from.
  virtual base::Result<SwapResult> swap() = 0;

  // From any thread: the statement that runs now ends soon, its call with a transient error. For what takes
  // minutes (finish_load, prove); where nothing runs, nothing happens.
  virtual void interrupt() = 0;

  // Between epochs, again and again: what is tried in the background (messages that were not taken). Returns
  // soon where there is nothing to do; its errors keep no epoch from being committed.
  virtual base::Status tend() { return {}; }

  // One epoch: one transaction whose first statement is the fencing update; or intent, rows, control row.
  // With an intent open only that epoch is taken (code IntentDiffers, terminal).
  virtual base::Status commit(const EpochCommit& epoch) = 0;
};

// One line of an engine's table of types in docs/types.md.
struct TypeNote {
  std::string type, column_type, image, refused;
};

// What an engine offers; one registration table in registry_of_targets.cc.
struct TargetEngine {
  std::string_view name;
  TargetTraits traits;
  // The column type in the target's words ("numeric(10,2)"), or a refusal (terminal, with a hint).
  base::Result<std::string> (*column_type)(const types::Type& type);
  // Rows into the target's value space, from the types of the columns.
  std::shared_ptr<const engine::Image> (*image)(const std::vector<types::Field>& columns);
  // Names the engine cannot carry (too long, reserved prefix): a refusal with what to write instead.
  base::Status (*check_name)(const std::string& name);
  base::Result<std::unique_ptr<Target>> (*open)(const TargetConnection& connection, const TableSpec& table,
                                                const std::string& product_uid);
  // As `image`, and refuses keys that the engine's index cannot hold.
  std::shared_ptr<const engine::Image> (*table_image)(const TableSpec& table) = nullptr;
  // Everything check_name refuses, and what only the whole table shows: too many columns, names that the
  // engine takes for one.
  base::Status (*check_table)(const TableSpec& table) = nullptr;
  std::vector<TypeNote> (*type_notes)() = nullptr;  // docs/types.md
  // A value of the image as the target shows it, not NULL. Null: PostgreSQL's text (types::value_text).
  std::string (*value_text)(const types::Column& column, std::size_t row) = nullptr;
  // Null: rows are no records.
  base::Result<RecordSchemas> (*record_schemas)(const TableSpec& table) = nullptr;
  // What a revision's fill makes ("table a__r1"), for plan. Null: nothing to name.
  std::vector<std::string> (*makes)(const TableSpec& table) = nullptr;
};

// Null when there is none of that name.
const TargetEngine* find_engine(std::string_view name);
std::vector<std::string_view> engine_names();

}  // namespace offtake::targets
