#include "operators/delivery/ledger_clerk.h"

#include <algorithm>

#include "operators/delivery/parked_records.h"
#include "operators/delivery/retry.h"

namespace offtake::delivery {
namespace {

using namespace std::chrono_literals;
using targets::LedgerCommand;
using targets::LedgerOutcome;

constexpr auto kLookEvery = 1s;

}  // namespace

void LedgerClerk::show() {
  LedgerCounts counts = count(book_.entries());
  counts += count(outputs_);
  pipeline_.progress->update([&](ProgressSnapshot& s) {
    s.parked = counts.parked;
    s.parked_waiting = counts.waiting;
    s.retrying = counts.retrying;
    s.discarded = counts.discarded;
    s.error_rows = counts.error_rows;
  });
  if (pipeline_.desk == nullptr) return;
  if (outputs_.empty()) return pipeline_.desk->show(book_.entries());
  targets::LedgerEntries all = book_.entries();
  all.insert(outputs_.begin(), outputs_.end());
  pipeline_.desk->show(all);
}

void LedgerClerk::look_at_outputs(bool at_once) {
  const auto now = pipeline_.clock->steady();
  if (!at_once && now < look_after_) return;
  look_after_ = now + kLookEvery;
  auto outputs = pipeline_.target->outputs();
  if (outputs == outputs_) return;
  outputs_ = std::move(outputs);
  show();
}

base::Status LedgerClerk::serve(const CarryOut& carry_out, std::stop_token stop) {
  if (pipeline_.desk == nullptr) return {};
  base::Status fatal;
  pipeline_.desk->serve([&](const LedgerDesk::Request& request) -> base::Result<LedgerDesk::Answer> {
    if (!request.command) return show_entry(request.show, stop);
    auto outcome = carry_out(*request.command);
    if (!outcome) {
      if (outcome.error().code != "LedgerBusy") fatal = outcome.error();
      return std::move(outcome).error();
    }
    if (fatal = add_outputs(*request.command, *outcome); !fatal) return fatal.error();
    return LedgerDesk::Answer{*std::move(outcome), {}, {}};
  });
  return fatal;
}

base::Status LedgerClerk::serve_outputs(std::stop_token stop) {
  if (pipeline_.desk == nullptr || !pipeline_.desk->has_request()) return {};
  const auto of_records = [&](const LedgerCommand& command) -> base::Result<LedgerOutcome> {
    const auto& entries = book_.entries();
    const bool any = std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
      return is_open(entry.second) && selects(command, entry.second);
    });
    LedgerOutcome outcome;
    if (any) outcome.notes.push_back("records were left as they are: an epoch waits to be committed");
    return outcome;
  };
  return serve(of_records, stop);
}

base::Status LedgerClerk::add_outputs(const LedgerCommand& command, LedgerOutcome& outcome) {
  auto outputs = pipeline_.target->carry_out(command);
  if (!outputs) {
    if (loses_target(outputs.error())) return std::move(outputs).error();
    outcome.notes.push_back(outputs.error().text());
    return {};
  }
  outcome.replayed += outputs->replayed;
  outcome.discarded += outputs->discarded;
  outcome.still_parked += outputs->still_parked;
  outcome.notes.insert(outcome.notes.end(), outputs->notes.begin(), outputs->notes.end());
  look_at_outputs(true);
  return {};
}

base::Result<LedgerDesk::Answer> LedgerClerk::show_entry(const std::string& id, std::stop_token stop) const {
  const auto find = [&](const targets::LedgerEntries& entries) {
    const auto entry = entries.find(id);
    return entry == entries.end() ? nullptr : &entry->second;
  };
  const targets::LedgerEntry* entry = find(book_.entries());
  if (entry == nullptr) entry = find(outputs_);
  if (entry == nullptr) {
    return base::terminal("EntryNotFound", fmt::format("the ledger has no entry {}", id));
  }
  auto shown = show_again(pipeline_, *entry, stop);
  if (!shown) return std::move(shown).error();
  return LedgerDesk::Answer{{}, *std::move(shown), {}};
}

}  // namespace offtake::delivery
