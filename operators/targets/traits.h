// What kind of target an engine makes, as plain data: delivery, control plane and documents read this, never
// an engine's name.
#pragma once
#include <string>
#include <string_view>

namespace offtake::targets {

enum class CommitKind {
  kTransaction,  // rows, offsets and fence in one transaction
  kIntent,       // an intent first, then rows one by one, then the offsets (ControlRow::intent)
  kLog,          // records and offsets in one transaction of a log
};
enum class Guarantee { kExactlyOnce, kEffectivelyOnce, kAtLeastOnce };

struct TargetTraits {
  CommitKind commit = CommitKind::kTransaction;
  Guarantee guarantee = Guarantee::kExactlyOnce;
  bool proves = true;    // prove() counts and hashes what the target holds
  bool bags = true;      // takes rows without a key (Identity::kBag, kPosition)
  bool appends = false;  // of those, where it takes none: kPosition, as records that are never taken back
  // Refuses a second row of a key by itself: while loading, and in epochs (a row said to be new that is
  // there).
  bool checks_keys_at_load = true, checks_keys_live = true;
  // What a fill committed outlives its writer: a stateless fill goes on there.
  bool keeps_fill = true;
  // Entries of the ledger that it takes; more than that stalls. 0: it keeps none, and nothing is parked.
  std::size_t ledger_entries = 0;
  // Sent to a receiver that keeps nothing of ours: the content at the cut never goes there.
  bool pushed = false;
};

std::string_view to_string(Guarantee guarantee);  // "ExactlyOnce": status.guarantee
// Why, in a sentence that follows a colon.
std::string_view reason_of(const TargetTraits& traits);

}  // namespace offtake::targets
