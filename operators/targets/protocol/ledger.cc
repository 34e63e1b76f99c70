#include "operators/targets/ledger.h"

#include <algorithm>

#include "base/crypto/crypto.h"

namespace offtake::targets {
namespace {

constexpr std::size_t kIdDigits = 16;

template <class Enum>
struct Name {
  Enum value;
  std::string_view text;
};
using Kind = LedgerEntry::Kind;
using Status = LedgerEntry::Status;
constexpr Name<Kind> kKinds[] = {
    {Kind::kInput, "Input"}, {Kind::kOutput, "Output"}, {Kind::kErrorRow, "ErrorRow"}, {Kind::kKey, "Key"}};
constexpr Name<Status> kStatuses[] = {{Status::kParked, "Parked"},
                                      {Status::kWaiting, "Waiting"},
                                      {Status::kRetrying, "Retrying"},
                                      {Status::kDiscarded, "Discarded"},
                                      {Status::kReplayed, "Replayed"}};

template <class Enum, std::size_t N>
std::string_view text_of(const Name<Enum> (&names)[N], Enum value) {
  for (const auto& name : names) {
    if (name.value == value) return name.text;
  }
  return "";
}

template <class Enum, std::size_t N>
base::Result<Enum> value_of(const Name<Enum> (&names)[N], std::string_view text) {
  for (const auto& name : names) {
    if (name.text == text) return name.value;
  }
  return base::terminal("BadControlRow", fmt::format("'{}' is nothing that a ledger entry has", text));
}

std::string id_of(std::string_view prefix, std::string_view text) {
  return fmt::format("{}-{}", prefix, crypto::sha256_hex(text).substr(0, kIdDigits));
}

}  // namespace

std::string_view to_string(Kind kind) {
  return text_of(kKinds, kind);
}
std::string_view to_string(Status status) {
  return text_of(kStatuses, status);
}
base::Result<Kind> ledger_kind_from(std::string_view text) {
  return value_of(kKinds, text);
}
base::Result<Status> ledger_status_from(std::string_view text) {
  return value_of(kStatuses, text);
}

bool is_open(const LedgerEntry& entry) {
  return entry.status != Status::kDiscarded && entry.status != Status::kReplayed;
}

std::string id_of_input(const std::string& dataset, int partition, sources::Offset offset) {
  return id_of("in", fmt::format("{}/{}/{}", dataset, partition, offset));
}

std::string id_of_text(Kind kind, std::string_view text) {
  return id_of(kind == Kind::kOutput ? "out" : kind == Kind::kKey ? "key" : "row", text);
}

void apply(const LedgerChanges& changes, LedgerEntries& entries) {
  for (const auto& id : changes.remove) entries.erase(id);
  for (const auto& entry : changes.put) entries[entry.id] = entry;
}

LedgerChanges changes_between(const LedgerEntries& before, const LedgerEntries& after) {
  LedgerChanges out;
  for (const auto& [id, entry] : before) {
    if (!after.contains(id)) out.remove.push_back(id);
  }
  for (const auto& [id, entry] : after) {
    const auto was = before.find(id);
    if (was == before.end() || was->second != entry) out.put.push_back(entry);
  }
  return out;
}

bool selects(const LedgerCommand& command, const LedgerEntry& entry) {
  if (command.ids.empty() && command.key.empty() && command.dataset.empty() && !command.all) return false;
  if (!command.ids.empty() &&
      std::find(command.ids.begin(), command.ids.end(), entry.id) == command.ids.end()) {
    return false;
  }
  if (!command.key.empty() && command.key != entry.key) return false;
  return command.dataset.empty() || command.dataset == entry.dataset;
}

}  // namespace offtake::targets
