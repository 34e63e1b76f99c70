#include "operators/delivery/checkpoint_store.h"

#include <algorithm>

#include "base/crash_point.h"
#include "base/id.h"

namespace offtake::delivery {
namespace {

constexpr const char* kManifest = "MANIFEST";
constexpr const char* kState = "state";
constexpr const char* kOwners = "OWNERS";
constexpr std::string_view kDraft = ".new-";
constexpr std::size_t kOwnersKept = 1000;

}  // namespace

base::Result<std::vector<std::string>> CheckpointStore::names() const {
  if (!files::exists(directory_)) return std::vector<std::string>();
  auto all = files::list_names(directory_);
  if (!all) return all;
  // Files of ours beside the checkpoints have no digit first, nor have drafts.
  std::erase_if(*all, [](const std::string& name) { return name.empty() || name[0] < '0' || name[0] > '9'; });
  return all;
}

base::Result<CheckpointStore::Draft> CheckpointStore::begin(CheckpointManifest manifest) const {
  if (auto made = files::make_dirs(directory_, 0700); !made) return std::move(made).error();
  auto all = files::list_names(directory_);
  if (!all) return std::move(all).error();
  for (const std::string& name : *all) {
    if (!name.starts_with(kDraft)) continue;
    if (auto gone = files::remove_tree(directory_ / name); !gone) return std::move(gone).error();
  }
  const files::Path draft = directory_ / (std::string(kDraft) + base::random_id());
  if (auto made = files::make_dirs(draft, 0700); !made) return std::move(made).error();
  auto state = StateFileWriter::create(draft / kState);
  if (!state) return std::move(state).error();
  return Draft{draft, *std::move(state), std::move(manifest)};
}

base::Result<CheckpointManifest> CheckpointStore::finish(Draft draft) const {
  const files::Path directory = draft.directory;
  auto finished = complete(std::move(draft));
  // What it took is given back at once: the disk may be full.
  if (!finished && files::exists(directory)) (void)files::remove_tree(directory);
  return finished;
}

base::Result<CheckpointManifest> CheckpointStore::complete(Draft draft) const {
  auto sum = draft.state.end();
  if (!sum) return std::move(sum).error();
  if (auto synced = draft.state.sync(); !synced) return std::move(synced).error();
  base::crash_point("checkpoint-written");
  CheckpointManifest manifest = std::move(draft.manifest);
  manifest.state_bytes = sum->bytes;
  manifest.state_crc = sum->crc;
  manifest.name = fmt::format("{:020}-{}", manifest.epoch, manifest.owner.substr(0, 8));
  auto written = files::write_file_atomic(draft.directory / kManifest, manifest_text(manifest), 0600);
  if (!written) return std::move(written).error();
  // One of that name is of an epoch number that was committed, undone in the target, and committed again.
  if (auto gone = remove(manifest.name); !gone) return std::move(gone).error();
  auto named = files::rename_synced(draft.directory, directory_ / manifest.name);
  if (!named) return std::move(named).error();
  base::crash_point("checkpoint-renamed");
  auto all = list();
  if (!all) return std::move(all).error();
  for (std::size_t i = kKept; i < all->size(); ++i) {
    if (auto gone = remove((*all)[i].name); !gone) return std::move(gone).error();
  }
  return manifest;
}

void CheckpointStore::abandon(const Draft& draft) const {
  // What stays is removed with the next one.
  (void)files::remove_tree(draft.directory);
}

base::Result<std::vector<CheckpointManifest>> CheckpointStore::list() const {
  auto found = names();
  if (!found) return std::move(found).error();
  std::vector<CheckpointManifest> out;
  for (const std::string& name : *found) {
    auto text = files::read_file(directory_ / name / kManifest);
    if (text) {
      out.push_back(parse_manifest(name, *text));
      continue;
    }
    CheckpointManifest torn;
    torn.name = name;
    torn.damage = text.error().code == "NotFound" ? "it has no manifest" : text.error().message;
    out.push_back(std::move(torn));
  }
  std::stable_sort(out.begin(), out.end(), [](const CheckpointManifest& a, const CheckpointManifest& b) {
    return std::pair(a.damage.empty(), a.epoch) > std::pair(b.damage.empty(), b.epoch);
  });
  return out;
}

base::Result<StateFileReader> CheckpointStore::open_state(const CheckpointManifest& manifest) const {
  return StateFileReader::open(directory_ / manifest.name / kState,
                               {manifest.state_bytes, manifest.state_crc});
}

base::Status CheckpointStore::remove(const std::string& name) const {
  const files::Path path = directory_ / name;
  if (!files::exists(path)) return {};
  // The manifest first: whatever is left of it then is no checkpoint.
  if (auto gone = files::remove_file(path / kManifest); !gone) return gone;
  base::crash_point("checkpoint-deleting");
  return files::remove_tree(path);
}

base::Result<std::vector<OwnerChange>> CheckpointStore::owners() const {
  if (!files::exists(directory_ / kOwners)) return std::vector<OwnerChange>();
  auto text = files::read_file(directory_ / kOwners);
  if (!text) return std::move(text).error();
  return parse_owners(*text);
}

base::Status CheckpointStore::store_owners(std::vector<OwnerChange> history) const {
  if (auto made = files::make_dirs(directory_, 0700); !made) return made;
  if (history.size() > kOwnersKept) history.erase(history.begin(), history.end() - kOwnersKept);
  return files::write_file_atomic(directory_ / kOwners, owners_text(history), 0600);
}

}  // namespace offtake::delivery
