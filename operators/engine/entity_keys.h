// Watches the declared key of an entity dataset. Its records are told apart by their record keys
// (identities); what users join and key on are columns. Two identities that show the same key violate it: the
// key's rows are absent while they do, and come back when one is left (correctness: "Identity and order",
// "Keys").
//   claims = identities that show a key, without those whose bytes are the key itself: such an identity is
//   found by its key, so a dataset whose record key is its declared key costs nothing here.
// One thread.
#pragma once
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "operators/engine/arrangement.h"

namespace offtake::engine {

class EntityKeys {
 public:
  // Whether the identity with these bytes is there and shows the key that it spells.
  using SpellsItself = std::function<bool(std::string_view key)>;
  // `columns`: the declared key among the visible columns; empty: nothing is watched.
  EntityKeys(std::vector<int> columns, SpellsItself own)
      : columns_(std::move(columns)),
        own_(std::move(own)),
        claims_({types::TypeId::kBytea, types::TypeId::kBytea}, {0}) {}

  bool watches() const { return !columns_.empty(); }
  const std::vector<int>& columns() const { return columns_; }
  // Canonical bytes of the key in `key`, whose columns are just those of the key.
  static std::string key_of(std::span<const types::ColumnPtr> key, std::size_t row);

  // The identities show the keys beside them from now on; where a key is empty, none.
  base::Status claim(std::span<const std::string> keys, std::span<const std::string_view> identities,
                     std::uint64_t epoch);
  // The identity no longer shows the key.
  base::Status release(std::string_view key, std::string_view identity, std::uint64_t epoch);

  // Identities that show `key`; `limit` of them at most.
  std::vector<std::string> claimants(std::string_view key, std::size_t limit) const;
  // After all claims and releases: gives the keys that became violated, and those that no longer are.
  struct Turned {
    std::vector<std::string> violated, healed;
  };
  Turned settle();

  bool is_violated(const std::string& key) const { return !violated_.empty() && violated_.contains(key); }
  const std::set<std::string>& violated() const { return violated_; }
  void maintain() { claims_.maintain(); }
  void save(StateWriter& out) const;
  void restore(StateReader& in);
  std::size_t bytes() const { return claims_.bytes() + violated_.size() * kKeyBytes; }

 private:
  static constexpr std::size_t kKeyBytes = 96;  // a set's node with a short key

  const std::vector<int> columns_;
  const SpellsItself own_;
  Arrangement claims_;
  std::set<std::string> suspects_;  // keys on which claims met since the last settle()
  std::set<std::string> violated_;
};

}  // namespace offtake::engine
