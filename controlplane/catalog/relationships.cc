#include "controlplane/catalog/relationships.h"

#include <algorithm>
#include <array>

namespace offtake::catalog {
namespace {

using Direction = Relationship::Direction;

constexpr std::size_t kMostProposed = 20;
constexpr std::array<std::string_view, 9> kSayNothing = {"id",   "key", "uuid", "code",  "name",
                                                         "type", "no",  "nr",   "number"};

bool says_nothing(std::string_view name) {
  return std::find(kSayNothing.begin(), kSayNothing.end(), name) != kSayNothing.end();
}

bool compare(const types::Type& a, const types::Type& b) {
  if (a == b || (types::is_numeric(a.id) && types::is_numeric(b.id))) return true;
  const auto is_time = [](types::TypeId id) {
    return id == types::TypeId::kDate || id == types::TypeId::kTimestamp || id == types::TypeId::kTimestampTz;
  };
  return is_time(a.id) && is_time(b.id);
}

std::string type_of(const Column* column) {
  return column == nullptr || !column->refused.empty() ? "" : types::to_string(column->type);
}

std::vector<std::string> key_of(const Entry& entry) {
  return entry.dataset.spec.key ? entry.dataset.spec.key->columns : std::vector<std::string>();
}

// order_lines for order-lines, its singular order_line.
std::string singular(const std::string& dataset) {
  std::string out = dataset;
  std::replace(out.begin(), out.end(), '-', '_');
  if (out.ends_with("ies")) return out.substr(0, out.size() - 3) + "y";
  if (out.ends_with("s") && !out.ends_with("ss")) out.pop_back();
  return out;
}

std::string listed(const std::vector<std::string>& columns) {
  return fmt::format("{}", fmt::join(columns, ", "));
}

bool covers_key(const Entry& entry, const std::vector<std::string>& columns) {
  std::vector<std::string> key = key_of(entry), given = columns;
  std::sort(key.begin(), key.end());
  std::sort(given.begin(), given.end());
  return !key.empty() && key == given;
}

JoinedColumns joined(const Entry& from, const std::string& from_path, const Entry* to,
                     const std::string& to_path) {
  return {from_path, to_path, type_of(find_column(from.columns, from_path)),
          to == nullptr ? "" : type_of(find_column(to->columns, to_path))};
}

// Why columns that somebody declared cannot be joined; empty: they can.
std::string problem_of(const Entry& self, const Entry& other, const std::vector<JoinedColumns>& columns) {
  const auto missing = [](const Entry& entry, const std::string& path) {
    return entry.schema_known && find_column(entry.columns, path) == nullptr;
  };
  for (const JoinedColumns& pair : columns) {
    for (const auto& [entry, path] : {std::pair{&self, &pair.from}, std::pair{&other, &pair.to}}) {
      if (missing(*entry, *path))
        return fmt::format("{} has no column {}", entry->dataset.metadata.name, *path);
    }
    const Column* from = find_column(self.columns, pair.from);
    const Column* to = find_column(other.columns, pair.to);
    if (from != nullptr && to != nullptr && !compare(from->type, to->type)) {
      return fmt::format("{} is {} and {} is {}, which do not compare", pair.from, pair.from_type, pair.to,
                         pair.to_type);
    }
  }
  return "";
}

std::string declared_reason(const Entry& by, const Entry& to, const std::vector<std::string>& columns) {
  const std::string owner = by.dataset.spec.owner.empty() ? by.dataset.metadata.name : by.dataset.spec.owner;
  const std::string& name = to.dataset.metadata.name;
  if (covers_key(to, columns))
    return fmt::format("declared by {}; {} is the whole key of {}", owner, listed(columns), name);
  return fmt::format("declared by {}; not by the key of {}, so a row may meet several", owner, name);
}

class Finding {
 public:
  Finding(const Entry& self, const std::vector<std::shared_ptr<const Entry>>& all) : self_(self), all_(all) {}

  std::vector<Relationship> run() {
    for (const auto& relationship : self_.dataset.spec.relationships) declare_out(relationship);
    for (const auto& other : all_) {
      if (other->dataset.metadata.key() == self_.dataset.metadata.key()) continue;
      for (const auto& relationship : other->dataset.spec.relationships) declare_in(relationship, other);
    }
    const std::size_t declared = out_.size();
    for (const auto& other : all_) {
      if (other->dataset.metadata.key() == self_.dataset.metadata.key()) continue;
      propose(other, Direction::kOut);
      propose(other, Direction::kIn);
    }
    const auto begin = out_.begin() + static_cast<std::ptrdiff_t>(declared);
    const auto rank = [&](const Relationship& one) {
      return std::tuple(one.namespace_name != self_.dataset.metadata.namespace_name,
                        -static_cast<int>(one.columns.size()), one.direction == Direction::kIn,
                        std::string_view(one.namespace_name), std::string_view(one.dataset));
    };
    std::stable_sort(begin, out_.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    if (out_.size() > declared + kMostProposed) out_.resize(declared + kMostProposed);
    return std::move(out_);
  }

 private:
  static std::string target_key(const resources::Relationship& said, const Entry& by) {
    const std::string& space = said.dataset.namespace_name.empty() ? by.dataset.metadata.namespace_name
                                                                   : said.dataset.namespace_name;
    return space + "/" + said.dataset.name;
  }

  void declare_out(const resources::Relationship& said) {
    Relationship out;
    out.declared = true;
    out.name = said.name;
    const std::string key = target_key(said, self_);
    out.namespace_name = key.substr(0, key.find('/'));
    out.dataset = said.dataset.name;
    const auto found = std::find_if(all_.begin(), all_.end(),
                                    [&](const auto& entry) { return entry->dataset.metadata.key() == key; });
    if (found != all_.end()) out.other = *found;
    std::vector<std::string> columns;
    for (const auto& pair : said.columns) {
      out.columns.push_back(joined(self_, pair.from, out.other.get(), pair.to));
      columns.push_back(pair.to);
    }
    if (out.other == nullptr) {
      const std::string& owner = self_.dataset.spec.owner;
      out.reason = owner.empty() ? "declared" : "declared by " + owner;
      out.problem = fmt::format("there is no dataset {}", key);
    } else {
      out.reason = declared_reason(self_, *out.other, columns);
      out.problem = problem_of(self_, *out.other, out.columns);
    }
    out_.push_back(std::move(out));
  }

  void declare_in(const resources::Relationship& said, const std::shared_ptr<const Entry>& other) {
    if (target_key(said, *other) != self_.dataset.metadata.key()) return;
    Relationship out = about(other, Direction::kIn);
    out.declared = true;
    out.name = said.name;
    std::vector<std::string> columns;
    for (const auto& pair : said.columns) {
      out.columns.push_back(joined(self_, pair.to, other.get(), pair.from));
      columns.push_back(pair.to);
    }
    out.reason = declared_reason(*other, self_, columns);
    out.problem = problem_of(self_, *other, out.columns);
    out_.push_back(std::move(out));
  }

  static Relationship about(const std::shared_ptr<const Entry>& other, Direction direction) {
    Relationship out;
    out.direction = direction;
    out.namespace_name = other->dataset.metadata.namespace_name;
    out.dataset = other->dataset.metadata.name;
    out.other = other;
    return out;
  }

  void propose(const std::shared_ptr<const Entry>& other, Direction direction) {
    const Entry& holder = direction == Direction::kOut ? *other : self_;    // whose key it is
    const Entry& referrer = direction == Direction::kOut ? self_ : *other;  // who has it as well
    const std::vector<std::string> key = key_of(holder);
    if (key.empty()) return;
    Relationship out = about(other, direction);
    std::string how;
    for (const std::string& part : key) {
      const Column* held = find_column(holder.columns, part);
      if (held == nullptr || !held->refused.empty()) return;
      const bool names_it = key.size() == 1 && says_nothing(part);
      const std::string name = names_it ? singular(holder.dataset.metadata.name) + "_" + part : part;
      const Column* found = find_column(referrer.columns, name);
      if (found == nullptr || !found->refused.empty() || !compare(found->type, held->type)) return;
      const auto& from = direction == Direction::kOut ? name : part;
      const auto& to = direction == Direction::kOut ? part : name;
      out.columns.push_back(joined(self_, from, other.get(), to));
      const bool same = found->type == held->type;
      how = names_it ? fmt::format("{} of {} names it", name, referrer.dataset.metadata.name)
            : same   ? fmt::format("{} has the same name and type", referrer.dataset.metadata.name)
                     : fmt::format("{} has the same name, and a type that compares ({} and {})",
                                   referrer.dataset.metadata.name, types::to_string(found->type),
                                   types::to_string(held->type));
    }
    if (is_known(out)) return;
    out.reason =
        fmt::format("{} is the whole key of {}, and {}", listed(key), holder.dataset.metadata.name, how);
    if (key.size() > 1) {
      out.reason = fmt::format("{} are the whole key of {}, and {} has columns of the same names",
                               listed(key), holder.dataset.metadata.name, referrer.dataset.metadata.name);
    }
    out_.push_back(std::move(out));
  }

  // Whether the same columns of both are joined already, in whichever direction.
  bool is_known(const Relationship& wanted) const {
    const auto pairs = [](const Relationship& one) {
      std::vector<std::pair<std::string_view, std::string_view>> out;
      for (const auto& pair : one.columns) out.emplace_back(pair.from, pair.to);
      std::sort(out.begin(), out.end());
      return out;
    };
    return std::any_of(out_.begin(), out_.end(), [&](const Relationship& one) {
      return one.namespace_name == wanted.namespace_name && one.dataset == wanted.dataset &&
             pairs(one) == pairs(wanted);
    });
  }

  const Entry& self_;
  const std::vector<std::shared_ptr<const Entry>>& all_;
  std::vector<Relationship> out_;
};

}  // namespace

std::vector<Relationship> relationships_of(const Entry& dataset,
                                           const std::vector<std::shared_ptr<const Entry>>& all) {
  return Finding(dataset, all).run();
}

}  // namespace offtake::catalog
