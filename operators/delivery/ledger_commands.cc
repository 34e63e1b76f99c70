#include "operators/delivery/ledger_commands.h"

#include <set>

#include "operators/delivery/parked_records.h"
#include "operators/delivery/retry.h"

namespace offtake::delivery {
namespace {

using targets::LedgerCommand;
using targets::LedgerEntry;
using Status = LedgerEntry::Status;

constexpr std::size_t kNotes = 5;

// Records that stand in one line: those of a key, or one without key.
std::string line_of(const LedgerEntry& entry) {
  return entry.dataset + "\n" + (entry.key_digest.empty() ? entry.id : entry.key_digest);
}

class Carrying {
 public:
  Carrying(const LedgerCommand& command, LedgerBook& book, std::int64_t epoch, base::Micros now)
      : command_(command), book_(book), epoch_(epoch), now_(now) {}

  // Every entry of the lines that the command is about.
  std::vector<LedgerEntry> lines() {
    std::set<std::string> wanted;
    for (const auto& [id, entry] : book_.entries()) {
      if (!selects(command_, entry) || !is_open(entry)) continue;
      if (entry.kind != LedgerEntry::Kind::kInput) {
        if (command_.ids.empty()) continue;
        note(fmt::format("{} is no record: it goes when the records behind it are corrected", id));
        continue;
      }
      wanted.insert(line_of(entry));
    }
    std::vector<LedgerEntry> out;
    for (const auto& [id, entry] : book_.entries()) {
      if (entry.kind == LedgerEntry::Kind::kInput && is_open(entry) && wanted.contains(line_of(entry))) {
        out.push_back(entry);
      }
    }
    return out;
  }

  base::Status take(const RecordAgain& again, engine::Dataflow& dataflow) {
    LedgerEntry entry = again.entry;
    const std::string line = line_of(entry);
    const bool asked = selects(command_, entry);
    if (command_.verb == LedgerCommand::Verb::kDiscard) {
      if (asked && (entry.status == Status::kParked || !command_.ids.empty())) {
        ++result_.outcome.discarded;
        return set(std::move(entry), Status::kDiscarded);
      }
      if (entry.status == Status::kParked) {
        blocked_.insert(line);
        return {};
      }
    }
    // A replay that names a later record of a line takes the line from its first all the same: order.
    if (blocked_.contains(line)) {
      if (entry.status == Status::kWaiting) return {};
      entry.error.clear();
      entry.code.clear();
      return set(std::move(entry), Status::kWaiting);
    }
    if (again.record.records.empty()) {
      blocked_.insert(line);
      ++result_.outcome.still_parked;
      note(fmt::format("{}: offset {} of {} partition {} is no longer in its topic; discard it", entry.id,
                       entry.offset, entry.dataset, entry.partition));
      return {};
    }
    auto rows = again.decoder.decode(again.record);
    if (!rows) {
      const auto& bad = again.decoder.bad_record();
      if (rows.error().retry != base::Retry::kRow || !bad) {  // its schema is not to be had
        blocked_.insert(line);
        ++result_.outcome.still_parked;
        note(fmt::format("{}: {}", entry.id, rows.error().text()));
        return {};
      }
      blocked_.insert(line);
      ++result_.outcome.still_parked;
      note(fmt::format("{}: {}", entry.id, bad->why));
      entry.error = bad->why;
      entry.code = "RecordNotDecoded";
      return set(std::move(entry), Status::kParked);
    }
    if (rows->rows.rows > 0) {
      if (auto pushed = dataflow.push(again.source, *rows); !pushed) return pushed;
      result_.pushed = true;
    }
    ++result_.outcome.replayed;
    return set(std::move(entry), Status::kReplayed);
  }

  CommandResult finish() { return std::move(result_); }
  void note(std::string text) {
    if (result_.outcome.notes.size() < kNotes) result_.outcome.notes.push_back(std::move(text));
  }

 private:
  base::Status set(LedgerEntry entry, Status status) {
    entry.status = status;
    entry.epoch = epoch_;
    entry.at = now_;
    book_.put(std::move(entry));
    return {};
  }

  const LedgerCommand& command_;
  LedgerBook& book_;
  const std::int64_t epoch_;
  const base::Micros now_;
  std::set<std::string> blocked_;  // lines of which a record stays parked
  CommandResult result_;
};

}  // namespace

base::Result<CommandResult> carry_out(const Pipeline& pipeline, const LedgerCommand& command,
                                      LedgerBook& book, engine::Dataflow& dataflow, std::int64_t epoch,
                                      std::stop_token stop) {
  Carrying carrying(command, book, epoch, pipeline.clock->now());
  const std::vector<LedgerEntry> lines = carrying.lines();
  auto read = read_again(pipeline, lines, stop,
                         [&](const RecordAgain& again) { return carrying.take(again, dataflow); });
  if (!read && (!passes_by_itself(read.error()) || read.error().code == "MemoryExceeded")) {
    return std::move(read).error();
  }
  if (!read) carrying.note("not all of it: " + read.error().text());
  return carrying.finish();
}

}  // namespace offtake::delivery
