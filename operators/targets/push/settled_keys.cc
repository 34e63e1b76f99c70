#include "operators/targets/push/settled_keys.h"

#include <charconv>

namespace offtake::targets::push {
namespace {

constexpr std::size_t kFull = 16'384;  // digests of an entry: 256 KiB, well below what a record may have
constexpr std::size_t kSmallEntries = 64;
constexpr char kAdds = '+', kRemoves = '-';

base::Error damaged(const std::string& key) {
  return base::terminal("BadSettledKeys", fmt::format("the journal's entry {} is damaged", key));
}

template <class Each>
base::Status read_entry(const journal::Change& entry, const Each& each) {
  const std::string_view value = entry.value ? std::string_view(*entry.value) : std::string_view();
  if (value.empty() || (value.size() - 1) % kDigestBytes != 0) return damaged(entry.key);
  if (value[0] != kAdds && value[0] != kRemoves) return damaged(entry.key);
  for (std::size_t at = 1; at < value.size(); at += kDigestBytes) {
    each(value[0] == kRemoves, digest_from(value.substr(at, kDigestBytes)));
  }
  return {};
}

}  // namespace

base::Status SettledKeys::load(std::span<const journal::Change> entries) {
  keys_ = {};
  entries_.clear();
  small_.clear();
  small_entries_ = 0;
  removes_ = false;
  for (const auto& entry : entries) {
    std::int64_t number = 0;
    const std::string_view digits = std::string_view(entry.key).substr(prefix_.size());
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return damaged(entry.key);
    std::vector<KeyDigest> added;
    Entry& known = entries_[number];
    auto taken = read_entry(entry, [&](bool removes, const KeyDigest& key) {
      ++known.digests;
      known.removes = removes;
      if (removes) {
        keys_.erase(key);
      } else {
        keys_.insert(key);
        added.push_back(key);
      }
    });
    if (!taken) return taken;
    removes_ = removes_ || known.removes;
    if (known.digests >= kFull) continue;
    ++small_entries_;
    small_.insert(small_.end(), added.begin(), added.end());
  }
  return {};
}

base::Status SettledKeys::include(std::span<const journal::Change> entries) {
  KeySet others;
  for (const auto& entry : entries) {
    auto taken = read_entry(entry, [&](bool removes, const KeyDigest& key) {
      if (removes) {
        others.erase(key);
      } else {
        others.insert(key);
      }
    });
    if (!taken) return taken;
  }
  others.for_each([&](const KeyDigest& key) { keys_.insert(key); });
  return {};
}

void SettledKeys::add_entry(char sign, std::span<const KeyDigest> keys, std::vector<journal::Change>& out) {
  const std::int64_t number = entries_.empty() ? 1 : entries_.rbegin()->first + 1;
  std::string value(1, sign);
  value.reserve(1 + keys.size() * kDigestBytes);
  for (const KeyDigest& key : keys) append_bytes(key, value);
  // Their order as texts is the order of the numbers.
  out.push_back({fmt::format("{}{:020}", prefix_, number), std::move(value)});
  entries_[number] = {keys.size(), sign == kRemoves};
  removes_ = removes_ || sign == kRemoves;
  if (keys.size() >= kFull) return;
  ++small_entries_;
  if (sign == kAdds) small_.insert(small_.end(), keys.begin(), keys.end());
}

void SettledKeys::add_packed(std::span<const KeyDigest> keys, std::vector<journal::Change>& out) {
  for (; !keys.empty(); keys = keys.subspan(std::min(keys.size(), kFull))) {
    add_entry(kAdds, keys.first(std::min(keys.size(), kFull)), out);
  }
}

std::vector<journal::Change> SettledKeys::change(std::span<const KeyDigest> added,
                                                 std::span<const KeyDigest> removed) {
  std::vector<journal::Change> out;
  std::vector<KeyDigest> gone, come;
  for (const KeyDigest& key : removed) {
    if (keys_.erase(key)) gone.push_back(key);
  }
  for (const KeyDigest& key : added) {
    if (keys_.insert(key)) come.push_back(key);
  }
  for (std::span<const KeyDigest> rest = gone; !rest.empty();
       rest = rest.subspan(std::min(rest.size(), kFull)))
    add_entry(kRemoves, rest.first(std::min(rest.size(), kFull)), out);
  add_packed(come, out);
  if (small_entries_ > kSmallEntries) pack(out);
  return out;
}

// The small entries as few.
void SettledKeys::pack(std::vector<journal::Change>& out) {
  // What is taken away may be anywhere.
  if (removes_) {
    auto all = rewrite();
    out.insert(out.end(), std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()));
    return;
  }
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (entry->second.digests >= kFull) {
      ++entry;
      continue;
    }
    out.push_back({fmt::format("{}{:020}", prefix_, entry->first), std::nullopt});
    // The last one stays to be counted on from.
    if (std::next(entry) == entries_.end()) {
      entry->second.digests = kFull;
      ++entry;
    } else {
      entry = entries_.erase(entry);
    }
  }
  const std::vector<KeyDigest> keys = std::move(small_);
  small_.clear();
  small_entries_ = 0;
  add_packed(keys, out);
}

std::vector<journal::Change> SettledKeys::rewrite() {
  std::vector<journal::Change> out;
  const std::int64_t last = entries_.empty() ? 0 : entries_.rbegin()->first;
  for (const auto& [number, entry] : entries_) {
    out.push_back({fmt::format("{}{:020}", prefix_, number), std::nullopt});
  }
  entries_.clear();
  small_.clear();
  small_entries_ = 0;
  removes_ = false;
  std::vector<KeyDigest> keys;
  keys.reserve(keys_.size());
  keys_.for_each([&](const KeyDigest& key) { keys.push_back(key); });
  if (last > 0) entries_[last] = {kFull, false};  // to be counted on from
  add_packed(keys, out);
  return out;
}

}  // namespace offtake::targets::push
