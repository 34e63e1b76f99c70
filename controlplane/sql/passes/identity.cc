// How rows of the result are told apart (plan::Identity): a declared key, proved or watched; else the
// shortest proved key, first of those whose columns are never NULL (a group may have the key NULL); else the
// record's position, for a plan without state over one event dataset; else a bag. Also says which columns of
// the result are never NULL.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "controlplane/sql/passes/keys.h"
#include "controlplane/sql/passes/passes.h"
#include "controlplane/sql/passes/rebuild.h"

namespace offtake::passes {
namespace {

using plan::Identity;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

int find_column(const std::vector<types::Field>& fields, const std::string& name) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name) return static_cast<int>(i);
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (lower(fields[i].name) == lower(name)) return static_cast<int>(i);
  }
  return -1;
}

bool is_stateless(const plan::Node& node, const std::vector<plan::SourceUse>& sources) {
  if (const auto* scan = std::get_if<plan::Scan>(&node.node)) {
    return sources[static_cast<std::size_t>(scan->source)].kind == plan::SourceUse::Kind::kEvent;
  }
  const auto below = inputs(node);
  return below.size() == 1 && !std::holds_alternative<plan::GroupBy>(node.node) &&
         is_stateless(*below.front(), sources);
}

Identity declared_identity(const plan::Plan& plan, const Properties& known,
                           const std::vector<std::string>& declared, Outcome& outcome) {
  Identity identity;
  std::set<int> columns;
  for (const std::string& name : declared) {
    const int column = find_column(plan.root->output, name);
    if (column < 0) {
      std::string names;
      for (const types::Field& field : plan.root->output) names += (names.empty() ? "" : ", ") + field.name;
      outcome.faults.push_back(
          {base::terminal("UnknownKeyColumn", fmt::format("key column {} is not in the result", name))
               .with_hint("the result has " + names),
           -1});
      continue;
    }
    if (columns.insert(column).second) identity.key.push_back(column);
  }
  const bool proved = std::any_of(known.keys.begin(), known.keys.end(), [&](const std::set<int>& key) {
    return std::includes(columns.begin(), columns.end(), key.begin(), key.end());
  });
  identity.kind = proved ? Identity::Kind::kProvedKey : Identity::Kind::kWatchedKey;
  return identity;
}

}  // namespace

void choose_identity(Draft& draft, const Options& options, Outcome& outcome) {
  plan::Plan& plan = draft.plan;
  const Properties known = properties(*plan.root, plan.sources);
  plan.stateless = is_stateless(*plan.root, plan.sources);
  auto root = std::make_shared<plan::Node>(*plan.root);
  for (std::size_t i = 0; i < root->output.size(); ++i) root->output[i].nullable = !known.never_null[i];
  plan.root = std::move(root);
  if (options.declared_key && !options.declared_key->empty()) {
    plan.identity = declared_identity(plan, known, *options.declared_key, outcome);
    return;
  }
  // Fewest columns that may be NULL, then fewest columns, then those furthest to the left.
  const auto rank = [&](const std::set<int>& key) {
    const auto nullable = std::count_if(key.begin(), key.end(), [&](int column) {
      return !known.never_null[static_cast<std::size_t>(column)];
    });
    return std::tuple(nullable > 0, key.size(), key);
  };
  const std::set<int>* best = nullptr;
  for (const std::set<int>& key : known.keys) {
    if (best == nullptr || rank(key) < rank(*best)) best = &key;
  }
  plan.identity = {};
  if (best != nullptr) {
    plan.identity.kind = Identity::Kind::kProvedKey;
    plan.identity.key.assign(best->begin(), best->end());
  } else if (plan.stateless) {
    plan.identity.kind = Identity::Kind::kPosition;
  }
}

}  // namespace offtake::passes
