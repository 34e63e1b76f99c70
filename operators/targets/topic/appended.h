// Topics without a key: a query that filters and projects one Event dataset gives records that are never
// taken back, told apart by the record they come from (plan::Identity::kPosition). What was appended before
// the first revision was Current is kept in an entry of the journal: a restart gathers the rows anew and
// leaves out what is there.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "operators/targets/target.h"

namespace offtake::targets::topic {

inline bool appends(const TableSpec& table) {
  return table.identity.kind == plan::Identity::Kind::kPosition;
}

// Where a row comes from.
struct Position {
  int partition = 0;
  sources::Offset offset = 0;
  int ordinal = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

// As bytes that sort as positions do; and back. REQUIRES: such bytes.
std::string position_key(const Position& position);
Position position_of(std::string_view key);

struct Appended {
  bool complete = false;         // a revision was Current: what follows it is in its control row
  std::map<int, Position> last;  // per partition of the source, until then
  bool has(const Position& position) const {
    const auto found = last.find(position.partition);
    return found != last.end() && position <= found->second;
  }
};

inline constexpr std::string_view kAppendedKey = "appended";
std::string to_text(const Appended& appended);
base::Result<Appended> appended_from(std::string_view text);

}  // namespace offtake::targets::topic
