#include "schemas/avro/compatibility.h"

#include <algorithm>
#include <map>

#include "schemas/avro/resolve.h"

namespace offtake::avro {
namespace {

constexpr std::size_t kMaxListed = 50;
constexpr int kMaxDepth = 300;

class Checker {
 public:
  bool check(const Node& reader, const Node& writer) {
    const auto [at, added] = results_.try_emplace(std::pair(&reader, &writer));
    if (!added) {
      // A pair that is being compared further out: types that contain themselves agree if all else does.
      if (at->second.open) at->second.assumed = true;
      return at->second.compatible;
    }
    if (depth_ >= kMaxDepth) {
      results_.erase(at);
      return report(Rule::kTypeMismatch, "",
                    fmt::format("types nested deeper than {} are not compared", kMaxDepth));
    }
    ++depth_;
    const std::size_t before = closed_.size();
    const bool compatible = compare(reader, writer);
    --depth_;
    at->second.open = false;
    at->second.compatible = compatible;
    if (!compatible && at->second.assumed) forget_agreements(before);
    closed_.push_back(at->first);
    return compatible;
  }

  std::vector<Incompatibility> take() { return std::move(found_); }

 private:
  bool report(Rule rule, std::string_view below, std::string message) {
    if (muted_ == 0 && found_.size() < kMaxListed) {
      std::string path = path_ + std::string(below);
      found_.push_back({rule, path.empty() ? "/" : std::move(path), std::move(message)});
    }
    return false;
  }

  bool check_below(std::string_view segment, const Node& reader, const Node& writer) {
    const std::size_t before = path_.size();
    path_ += segment;
    const bool compatible = check(reader, writer);
    path_.resize(before);
    return compatible;
  }

  bool compare(const Node& reader, const Node& writer) {
    if (writer.kind == Kind::kUnion) return compare_writer_union(reader, writer);
    if (reader.kind == Kind::kUnion) return compare_reader_union(reader, writer);
    if (reader.kind != writer.kind) {
      if (matches(writer, reader)) return true;
      return report(Rule::kTypeMismatch, "",
                    fmt::format("{} cannot be read as {}", describe(writer), describe(reader)));
    }
    switch (reader.kind) {
      case Kind::kArray:
        return check_below("/items", reader.items(), writer.items());
      case Kind::kMap:
        return check_below("/values", reader.items(), writer.items());
      case Kind::kRecord: {
        const bool names = compare_names(reader, writer);
        return compare_fields(reader, writer) && names;
      }
      case Kind::kEnum: {
        const bool names = compare_names(reader, writer);
        return compare_symbols(reader, writer) && names;
      }
      case Kind::kFixed: {
        const bool names = compare_names(reader, writer);
        if (reader.size == writer.size) return names;
        return report(
            Rule::kFixedSizeMismatch, "/size",
            fmt::format("the reader expects {} bytes, the writer has {}", reader.size, writer.size));
      }
      default:
        return true;
    }
  }

  bool compare_names(const Node& reader, const Node& writer) {
    if (names_match(writer, reader)) return true;
    return report(
        Rule::kNameMismatch, "/name",
        fmt::format("the reader's type is {}, the writer's {}", reader.full_name(), writer.full_name()));
  }

  bool compare_symbols(const Node& reader, const Node& writer) {
    if (reader.enum_default) return true;
    std::string missing;
    for (const std::string& symbol : writer.symbols) {
      if (std::find(reader.symbols.begin(), reader.symbols.end(), symbol) != reader.symbols.end()) continue;
      missing += (missing.empty() ? "" : ", ") + symbol;
    }
    if (missing.empty()) return true;
    return report(Rule::kMissingEnumSymbols, "/symbols",
                  fmt::format("the reader does not know [{}]", missing));
  }

  bool compare_fields(const Node& reader, const Node& writer) {
    bool compatible = true;
    for (std::size_t i = 0; i < reader.fields.size(); ++i) {
      const Field& field = reader.fields[i];
      const std::string here = fmt::format("/fields/{}", i);
      if (const Field* from = writer_field(writer, field)) {
        if (!check_below(here + "/type", *field.type, *from->type)) compatible = false;
      } else if (!field.default_value) {
        compatible = report(
            Rule::kReaderFieldMissingDefaultValue, here,
            fmt::format("the field \"{}\" is not in the writer's schema and has no default", field.name));
      }
    }
    return compatible;
  }

  // Every branch that may have been written must be readable.
  bool compare_writer_union(const Node& reader, const Node& writer) {
    bool compatible = true;
    for (std::size_t i = 0; i < writer.branches.size(); ++i) {
      if (reader.kind != Kind::kUnion) {
        if (!check(reader, *writer.branches[i])) compatible = false;
      } else if (!check_below(fmt::format("/{}", i), reader, *writer.branches[i])) {
        compatible = false;
      }
    }
    return compatible;
  }

  // False where kind or name alone rule it out: unions of thousands of named types are tried by these.
  static bool may_take(const Node& branch, const Node& writer) {
    if (branch.kind != writer.kind) return matches(writer, branch);
    const bool named =
        branch.kind == Kind::kRecord || branch.kind == Kind::kEnum || branch.kind == Kind::kFixed;
    return !named || names_match(writer, branch);
  }

  // Some branch must take what was written.
  bool compare_reader_union(const Node& reader, const Node& writer) {
    ++muted_;
    const bool taken = std::any_of(reader.branches.begin(), reader.branches.end(), [&](const Node* branch) {
      return may_take(*branch, writer) && check(*branch, writer);
    });
    --muted_;
    if (taken) return true;
    return report(
        Rule::kMissingUnionBranch, "",
        fmt::format("no branch of the reader's union {} takes {}", describe(reader), describe(writer)));
  }

  using Pair = std::pair<const Node*, const Node*>;
  struct Result {
    bool open = true;        // being compared
    bool compatible = true;  // while open: assumed
    bool assumed = false;    // somebody inside relied on it while it was open
  };

  // What agreed since `first` may have relied on a pair that turned out not to.
  void forget_agreements(std::size_t first) {
    const auto disagrees = [&](const Pair& pair) {
      const auto found = results_.find(pair);
      if (found == results_.end()) return false;
      if (!found->second.compatible) return true;
      results_.erase(found);
      return false;
    };
    const auto from = closed_.begin() + static_cast<std::ptrdiff_t>(first);
    closed_.erase(std::stable_partition(from, closed_.end(), disagrees), closed_.end());
  }

  std::map<Pair, Result> results_;
  std::vector<Pair> closed_;  // in the order in which they were closed
  std::vector<Incompatibility> found_;
  std::string path_;
  int depth_ = 0;
  int muted_ = 0;  // inside a trial of a union's branches
};

}  // namespace

const char* rule_name(Rule rule) {
  static constexpr std::array<const char*, 6> kNames{
      "NAME_MISMATCH", "FIXED_SIZE_MISMATCH", "MISSING_ENUM_SYMBOLS", "READER_FIELD_MISSING_DEFAULT_VALUE",
      "TYPE_MISMATCH", "MISSING_UNION_BRANCH"};
  return kNames[static_cast<std::size_t>(rule)];
}

std::string Incompatibility::text() const {
  return fmt::format("{} at {}: {}", rule_name(rule), path, message);
}

std::vector<Incompatibility> incompatibilities(const Schema& reader, const Schema& writer) {
  Checker checker;
  const bool compatible = checker.check(reader.root(), writer.root());
  std::vector<Incompatibility> found = checker.take();
  if (!compatible && found.empty()) {
    found.push_back({Rule::kTypeMismatch, "/", "data of the writer's schema cannot be read"});
  }
  return found;
}

}  // namespace offtake::avro
