// What a checkpoint says of itself (its MANIFEST), and whose state it may be. Plain data.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "operators/targets/target.h"

namespace offtake::delivery {

struct CheckpointManifest {
  std::string name;      // of its directory
  std::string damage;    // why the manifest cannot be read: nothing else is known then
  int state_format = 0;  // engine::kStateFormat
  std::string product_uid;
  int revision = 0;
  std::string fingerprint;
  std::int64_t incarnation = 0;
  std::string owner;  // who wrote it
  // Of the control row when the epoch that it contains had been committed.
  std::int64_t epoch = 0;
  targets::SourceOffsets offsets;
  base::Micros logical_time = 0;
  types::Checksum content;
  base::Micros written_at = 0;
  // Of its file of state.
  std::uint64_t state_bytes = 0;
  std::uint32_t state_crc = 0;
};

// With a checksum of its own at the end.
std::string manifest_text(const CheckpointManifest& manifest);
CheckpointManifest parse_manifest(std::string name, std::string_view text);  // see `damage`

// A worker took a control row over: `owner` from `previous`, when it stood at `epoch`.
struct OwnerChange {
  std::string owner, previous;
  std::int64_t epoch = 0;
};
// Oldest first. A history that cannot be read is none: checkpoints of earlier owners are foreign then.
std::string owners_text(const std::vector<OwnerChange>& history);
std::vector<OwnerChange> parse_owners(std::string_view text);

}  // namespace offtake::delivery
