#include "operators/targets/protocol/refused_rows.h"

#include <algorithm>
#include <unordered_set>

namespace offtake::targets::protocol {
namespace {

using Kind = LedgerEntry::Kind;
using Status = LedgerEntry::Status;

constexpr std::size_t kNotes = 5;

// What refuses a row may be another row that is written after it; a chain of them needs as many passes.
constexpr int kPasses = 10;

bool is_output(const LedgerEntry& entry) {
  return entry.kind == Kind::kOutput;
}

std::string entry_id(const std::string& row) {
  return id_of_text(Kind::kOutput, row);
}

LedgerEntry entry_of(const RefusedRow& refused, std::int64_t epoch) {
  LedgerEntry out;
  out.kind = Kind::kOutput;
  out.id = entry_id(refused.id);
  out.status = Status::kParked;
  out.key_digest = refused.id;
  out.key = refused.key;
  out.code = refused.why.code;
  out.error = refused.why.message;
  out.epoch = epoch;
  out.at = base::system_clock().now();
  out.delivered = refused.delivered;
  out.wanted = refused.wanted;
  out.wanted_row = refused.row;
  return out;
}

}  // namespace

base::Status settle(std::vector<RefusedRow>& refused, const WriteAgain& write_again) {
  for (int pass = 1; pass <= kPasses && !refused.empty(); ++pass) {
    std::vector<RowAgain> rows;
    for (const auto& row : refused) rows.push_back({row.id, row.key, row.row});
    auto again = write_again(rows);
    if (!again) return std::move(again).error();
    if (again->size() == refused.size()) break;
    std::unordered_set<std::string_view> still;
    for (const auto& row : *again) still.insert(row.id);
    std::erase_if(refused, [&](const auto& row) { return !still.contains(row.id); });
  }
  return {};
}

base::Error too_many_refused(const base::Error& one) {
  return base::row_error("TooManyParked",
                         fmt::format("the target refuses more than {} rows, or {} MiB of them; one: {}",
                                     kMostRefused, kMostRefusedBytes >> 20, one.message))
      .with_hint("put right what refuses them; it is tried again by itself");
}

base::Status take_refused(const std::vector<RefusedRow>& refused, const std::vector<std::string>& written,
                          std::int64_t epoch, LedgerEntries& entries) {
  const auto there = [](const auto& entry) { return is_output(entry.second); };
  if (std::any_of(entries.begin(), entries.end(), there)) {
    const std::unordered_set<std::string_view> rows(written.begin(), written.end());
    std::erase_if(entries,
                  [&](const auto& entry) { return there(entry) && rows.contains(entry.second.key_digest); });
  }
  if (refused.empty()) return {};
  for (const auto& row : refused) {
    LedgerEntry entry = entry_of(row, epoch);
    std::string id = entry.id;
    entries[std::move(id)] = std::move(entry);
  }
  std::size_t outputs = 0, bytes = 0;
  for (const auto& [id, entry] : entries) {
    if (!is_output(entry)) continue;
    ++outputs;
    bytes += entry.wanted_row.size();
  }
  if (outputs <= kMostRefused && bytes <= kMostRefusedBytes) return {};
  return too_many_refused(refused.front().why);
}

LedgerEntries outputs_of(const LedgerEntries& entries) {
  LedgerEntries out;
  for (const auto& [id, entry] : entries) {
    if (is_output(entry)) out.emplace(id, entry);
  }
  return out;
}

LedgerEntries outputs_of(const std::vector<LedgerEntry>& entries) {
  LedgerEntries out;
  for (const auto& entry : entries) {
    if (is_output(entry)) out.emplace(entry.id, entry);
  }
  return out;
}

bool is_refused(const LedgerEntries& entries, const std::string& row_id) {
  const auto found = entries.find(entry_id(row_id));
  return found != entries.end() && is_output(found->second);
}

std::vector<LedgerEntry> without_outputs(std::vector<LedgerEntry> entries) {
  std::erase_if(entries, is_output);
  return entries;
}

types::Checksum as_delivered(types::Checksum stored, const LedgerEntries& entries) {
  for (const auto& [id, entry] : entries) {
    if (!is_output(entry)) continue;
    stored.rows += entry.wanted.rows - entry.delivered.rows;
    stored.sum += entry.wanted.sum - entry.delivered.sum;
  }
  return stored;
}

std::int64_t mark(const LedgerCommand& command, LedgerEntries& entries) {
  std::int64_t out = 0;
  for (auto& [id, entry] : entries) {
    if (!is_output(entry) || !is_open(entry) || !selects(command, entry)) continue;
    entry.status = command.verb == LedgerCommand::Verb::kReplay ? Status::kRetrying : Status::kDiscarded;
    entry.at = base::system_clock().now();
    ++out;
  }
  return out;
}

bool any_retrying(const LedgerEntries& entries) {
  return std::any_of(entries.begin(), entries.end(), [](const auto& entry) {
    return is_output(entry.second) && entry.second.status == Status::kRetrying;
  });
}

std::vector<RowAgain> to_write_again(const LedgerEntries& entries) {
  std::vector<RowAgain> out;
  for (const auto& [id, entry] : entries) {
    if (is_output(entry) && entry.status == Status::kRetrying)
      out.push_back({entry.key_digest, entry.key, entry.wanted_row, entry.epoch});
  }
  return out;
}

LedgerOutcome end_retries(const std::vector<RefusedRow>& refused, LedgerEntries& entries) {
  LedgerOutcome out;
  for (const auto& row : refused) {
    LedgerEntry& entry = entries.at(entry_id(row.id));
    entry.status = Status::kParked;
    entry.code = row.why.code;
    entry.error = row.why.message;
    ++out.still_parked;
    if (out.notes.size() < kNotes) out.notes.push_back(fmt::format("{}: {}", entry.id, row.why.message));
  }
  out.replayed = static_cast<std::int64_t>(std::erase_if(entries, [](const auto& entry) {
    return is_output(entry.second) && entry.second.status == Status::kRetrying;
  }));
  return out;
}

base::Result<LedgerOutcome> carry_out(const LedgerCommand& command, LedgerEntries& entries,
                                      const WriteAgain& write_again) {
  LedgerOutcome outcome;
  const std::int64_t marked = mark(command, entries);
  if (marked == 0) return outcome;
  if (command.verb == LedgerCommand::Verb::kDiscard) {
    outcome.discarded = marked;
    return outcome;
  }
  auto refused = write_again(to_write_again(entries));
  if (!refused) return std::move(refused).error();
  return end_retries(*refused, entries);
}

}  // namespace offtake::targets::protocol
