#include "operators/delivery/merge_changes.h"

#include <numeric>
#include <unordered_map>
#include <unordered_set>

namespace offtake::delivery {
namespace {

using engine::Changes;

enum class Was { kNew, kReplaced, kDeleted };

bool by_key(const plan::Identity& identity) {
  return identity.kind == plan::Identity::Kind::kProvedKey ||
         identity.kind == plan::Identity::Kind::kWatchedKey;
}

std::vector<std::string> keys_of(const types::Batch& rows, const std::vector<int>& columns) {
  std::vector<std::string> out(rows.rows);
  for (std::size_t row = 0; row < rows.rows; ++row) types::append_canonical_row(rows, columns, row, out[row]);
  return out;
}

std::vector<int> all_columns(const types::Batch& rows) {
  std::vector<int> out(rows.columns.size());
  std::iota(out.begin(), out.end(), 0);
  return out;
}

std::vector<std::string> upsert_keys(const Changes& changes, const plan::Identity& identity) {
  if (by_key(identity)) return keys_of(changes.upserts, identity.key);
  const types::Batch hidden{changes.upsert_identity, {}, changes.upserts.rows};
  return keys_of(hidden, all_columns(hidden));
}

// A batch of visible columns and hidden identity side by side, so that one selection serves both.
types::Batch whole_rows(const Changes& changes) {
  types::Batch out = changes.upserts;
  out.columns.insert(out.columns.end(), changes.upsert_identity.begin(), changes.upsert_identity.end());
  return out;
}

class Merger {
 public:
  Merger(Changes earlier, Changes later, const plan::Identity& identity)
      : parts_{std::move(earlier), std::move(later)}, identity_(identity) {}

  Changes run() {
    const auto before = upsert_keys(parts_[0], identity_);
    const auto gone_before = keys_of(parts_[0].deletes, all_columns(parts_[0].deletes));
    for (std::size_t row = 0; row < before.size(); ++row) {
      const bool fresh = is_new(parts_[0], row);
      earlier_[before[row]] = {fresh ? Was::kNew : Was::kReplaced, fresh ? 0 : old_of_upsert(0, row)};
    }
    for (std::size_t row = 0; row < gone_before.size(); ++row) {
      earlier_[gone_before[row]] = {Was::kDeleted, old_of_delete(0, row)};
    }

    take_later();
    for (std::uint32_t row = 0; row < before.size(); ++row) {
      if (later_.contains(before[row])) continue;
      const bool fresh = is_new(parts_[0], row);
      keep(0, row, fresh, fresh ? 0 : old_of_upsert(0, row));
    }
    for (std::uint32_t row = 0; row < gone_before.size(); ++row) {
      if (!later_.contains(gone_before[row])) drop(0, row, old_of_delete(0, row));
    }
    return put_together();
  }

 private:
  static bool is_new(const Changes& changes, std::size_t row) { return row < changes.new_rows; }

  void take_later() {
    const auto now = upsert_keys(parts_[1], identity_);
    for (std::uint32_t row = 0; row < now.size(); ++row) {
      later_.insert(now[row]);
      const auto was = earlier_.find(now[row]);
      // Whether the target has the key counts, not whether the earlier change had it; and its row there is
      // the old one.
      if (was != earlier_.end()) {
        keep(1, row, was->second.was == Was::kNew, was->second.old);
        continue;
      }
      const bool fresh = is_new(parts_[1], row);
      keep(1, row, fresh, fresh ? 0 : old_of_upsert(1, row));
    }
    const auto gone = keys_of(parts_[1].deletes, all_columns(parts_[1].deletes));
    for (std::uint32_t row = 0; row < gone.size(); ++row) {
      later_.insert(gone[row]);
      const auto was = earlier_.find(gone[row]);
      if (was == earlier_.end()) {
        drop(1, row, old_of_delete(1, row));
      } else if (was->second.was != Was::kNew) {
        drop(1, row, was->second.old);
      }
    }
  }

  // Old rows are numbered through both parts.
  std::uint32_t old_of_upsert(std::size_t part, std::size_t row) const {
    return static_cast<std::uint32_t>(first_old(part) + row - parts_[part].new_rows);
  }
  std::uint32_t old_of_delete(std::size_t part, std::size_t row) const {
    return static_cast<std::uint32_t>(first_old(part) + parts_[part].upserts.rows - parts_[part].new_rows +
                                      row);
  }
  std::size_t first_old(std::size_t part) const { return part == 0 ? 0 : parts_[0].old_rows.rows; }

  void keep(std::size_t part, std::uint32_t row, bool fresh, std::uint32_t old) {
    (fresh ? fresh_ : replaced_)[part].push_back(row);
    if (!fresh) old_of_replaced_[part].push_back(old);
  }
  void drop(std::size_t part, std::uint32_t row, std::uint32_t old) {
    gone_[part].push_back(row);
    old_of_gone_[part].push_back(old);
  }

  types::Batch old_rows() const {
    const types::Batch both[] = {parts_[0].old_rows, parts_[1].old_rows};
    if (both[0].rows + both[1].rows == 0) return {};
    std::vector<std::uint32_t> kept;
    for (const auto* selection : {old_of_replaced_, old_of_gone_}) {
      for (std::size_t part = 0; part < 2; ++part) {
        kept.insert(kept.end(), selection[part].begin(), selection[part].end());
      }
    }
    std::vector<types::Batch> there;
    for (const types::Batch& rows : both) {
      if (rows.rows > 0) there.push_back(rows);
    }
    return types::Batch::concatenate(there).take(kept);
  }

  Changes put_together() {
    const std::size_t visible = std::max(parts_[0].upserts.columns.size(), parts_[1].upserts.columns.size());
    const types::Batch rows[] = {whole_rows(parts_[0]), whole_rows(parts_[1])};
    std::vector<types::Batch> upserts, deletes;
    for (const auto* selection : {&fresh_, &replaced_}) {
      for (std::size_t part = 0; part < 2; ++part) {
        if (!(*selection)[part].empty()) upserts.push_back(rows[part].take((*selection)[part]));
      }
    }
    for (std::size_t part = 0; part < 2; ++part) {
      if (!gone_[part].empty()) deletes.push_back(parts_[part].deletes.take(gone_[part]));
    }
    Changes out;
    out.checksum.rows = parts_[0].checksum.rows + parts_[1].checksum.rows;
    out.checksum.sum = parts_[0].checksum.sum + parts_[1].checksum.sum;
    if (!upserts.empty()) out.upserts = types::Batch::concatenate(upserts);
    if (!deletes.empty()) out.deletes = types::Batch::concatenate(deletes);
    if (out.upserts.columns.size() > visible) {
      out.upsert_identity.assign(out.upserts.columns.begin() + static_cast<long>(visible),
                                 out.upserts.columns.end());
      out.upserts.columns.resize(visible);
    }
    out.new_rows = fresh_[0].size() + fresh_[1].size();
    out.old_rows = old_rows();
    return out;
  }

  Changes parts_[2];
  const plan::Identity& identity_;
  struct Earlier {
    Was was;
    std::uint32_t old;  // its old row, unless it was new
  };
  std::unordered_map<std::string, Earlier> earlier_;
  std::unordered_set<std::string> later_;
  std::vector<std::uint32_t> fresh_[2], replaced_[2], gone_[2];  // rows of each part that stay
  std::vector<std::uint32_t> old_of_replaced_[2], old_of_gone_[2];
};

}  // namespace

Changes merge_changes(Changes earlier, Changes later, const plan::Identity& identity) {
  if (earlier.empty() || later.empty()) {
    Changes& kept = earlier.empty() ? later : earlier;
    const Changes& other = earlier.empty() ? earlier : later;
    kept.checksum.rows += other.checksum.rows;
    kept.checksum.sum += other.checksum.sum;
    return std::move(kept);
  }
  return Merger(std::move(earlier), std::move(later), identity).run();
}

}  // namespace offtake::delivery
