// FROM: datasets and their joins.
#include <algorithm>

#include "controlplane/sql/coercion.h"
#include "controlplane/sql/fields.h"
#include "controlplane/sql/form/editor.h"
#include "controlplane/sql/form/lists.h"
#include "controlplane/sql/form/quoting.h"

namespace offtake::sql::form {
namespace {

// line-items -> li
std::string initials(std::string_view name) {
  std::string out;
  bool begins = true;
  for (const char c : name) {
    if (begins && c != '-') out += c;
    begins = c == '-';
  }
  return out;
}

std::string as_sql(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

bool shown_once(const std::vector<Pair>& pairs) {
  return std::all_of(pairs.begin(), pairs.end(), [](const Pair& pair) {
    return pair.left.column == pair.column && pair.column.find('.') == std::string::npos;
  });
}

}  // namespace

// As the others have it: short, or none at all.
base::Result<std::string> Editor::alias_for(const AddDataset& edit) const {
  const auto taken = [&](const std::string& alias) { return form_.find(alias) != nullptr; };
  if (edit.alias && !edit.alias->empty()) {
    if (taken(*edit.alias)) {
      return refused(fmt::format("the query already has a dataset called {}", *edit.alias),
                     "choose another name");
    }
    return *edit.alias;
  }
  const std::string own = as_sql(edit.id.name);
  const bool short_ones =
      form_.datasets.empty() || std::any_of(form_.datasets.begin(), form_.datasets.end(),
                                            [](const auto& known) { return known.has_alias; });
  if (!short_ones && !taken(own)) return own;
  std::string alias = initials(edit.id.name);
  // One that would need quotes is no short name.
  if (auto quoted = quote_name(alias); !quoted || *quoted != alias) alias = own;
  std::string name = alias;
  for (int i = 2; taken(name); ++i) name = fmt::format("{}{}", alias, i);
  return name;
}

base::Result<std::string> Editor::table_text(const AddDataset& edit, const std::string& alias) const {
  auto name = quote_resource(edit.id.name);
  if (!name) return name;
  std::string out = *name;
  if (!edit.id.dataset_namespace.empty() && edit.id.dataset_namespace != input_.default_namespace) {
    auto space = quote_resource(edit.id.dataset_namespace);
    if (!space) return space;
    out = *space + "." + out;
  }
  if (alias == as_sql(edit.id.name)) return out;
  auto quoted = quote_name(alias);
  if (!quoted) return quoted;
  return out + " " + *quoted;
}

base::Status Editor::begin_query(const AddDataset& edit) {
  if (edit.join) return refused("the first dataset is joined with nothing", "leave out join");
  auto alias = alias_for(edit);
  if (!alias) return alias.error();
  auto table = table_text(edit, *alias);
  if (!table) return table.error();
  counts_.datasets = 1;
  const int end = static_cast<int>(source_.text().size());
  const bool on_a_line = end == 0 || source_.text().back() == '\n';
  patch_.insert(end, fmt::format("{}SELECT\nFROM {}", on_a_line ? "" : "\n", *table));
  return {};
}

base::Status Editor::check_pairs(const std::vector<Pair>& pairs, const FormDataset& right,
                                 std::size_t left_count) const {
  if (pairs.empty()) return refused("a join needs at least one pair of columns");
  for (const Pair& pair : pairs) {
    auto left = field(pair.left);
    if (!left) return left.error();
    const auto place = std::find_if(
        form_.datasets.begin(), form_.datasets.end(),
        [&](const FormDataset& known) { return lower_ascii(known.alias) == lower_ascii(pair.left.dataset); });
    if (static_cast<std::size_t>(place - form_.datasets.begin()) >= left_count) {
      return refused(fmt::format("{} comes after {} in the query and cannot be joined to it",
                                 pair.left.dataset, right.alias));
    }
    if (right.state != DatasetState::kReady) continue;
    const types::Field* column = find_field(right.schema, pair.column);
    if (column == nullptr) return refused(fmt::format("{} has no column {}", right.id.text(), pair.column));
    if (*left != nullptr && !comparable_type((*left)->type, column->type)) {
      return refused(fmt::format("{}.{} is {} and {}.{} is {}: they are never equal", pair.left.dataset,
                                 pair.left.column, types::to_string((*left)->type), right.alias, pair.column,
                                 types::to_string(column->type)),
                     "join on other columns, or write the join with a CAST in the SQL");
    }
  }
  return {};
}

base::Result<std::string> Editor::condition_text(const std::vector<Pair>& pairs, const std::string& alias,
                                                 bool is_using) {
  std::vector<std::string> terms;
  for (const Pair& pair : pairs) {
    auto column = written_column(is_using ? "" : alias, pair.column);
    if (!column) return column;
    if (is_using) {
      terms.push_back(*column);
      continue;
    }
    auto left = column_text(pair.left, true);
    if (!left) return left;
    terms.push_back(fmt::format("{} = {}", *column, *left));
  }
  if (is_using) return fmt::format("{} ({})", word("USING"), fmt::join(terms, ", "));
  return fmt::format("{} {}", word("ON"), fmt::join(terms, " " + word("AND") + " "));
}

std::optional<int> Editor::first_whole_star() const {
  for (std::size_t i = 0; i < form_.columns.size(); ++i) {
    if (form_.columns[i].kind == ColumnKind::kStar && !form_.columns[i].source) return static_cast<int>(i);
  }
  return std::nullopt;
}

// A name without a table that the new dataset has as well gets the table that it has meant so far; an alias
// in GROUP BY, which would give way to the new dataset's column, what it stands for.
base::Status Editor::qualify_what_would_be_ambiguous(const FormDataset& added, bool is_using,
                                                     const std::vector<Pair>& pairs) {
  Regroup groups{.moved = unmoved(), .recounted = first_whole_star(), .added = &added};
  if (added.state != DatasetState::kReady) return keep_groups(groups);
  for (const Mention& mention : mentions()) {
    if (mention.qualified || !mention.source) continue;
    if (spelled(added, mention.source->column).empty()) continue;
    const bool merged = is_using && std::any_of(pairs.begin(), pairs.end(), [&](const Pair& pair) {
                          return pair.left == *mention.source;
                        });
    if (merged) continue;
    auto text = column_text(*mention.source, true);
    if (!text) return text.error();
    patch_.replace_whole(mention.range, *text);
    groups.reworded.emplace_back(mention.range, *std::move(text));
  }
  return keep_groups(groups);
}

base::Status Editor::carry_out(const AddDataset& edit) {
  if (form_.datasets.empty()) return begin_query(edit);
  if (!edit.join) {
    return refused(fmt::format("say how {} is joined with what is there", edit.id.name),
                   "choose a column on each side");
  }
  auto alias = alias_for(edit);
  if (!alias) return alias.error();
  FormDataset added;
  added.id = edit.id;
  if (added.id.dataset_namespace.empty()) added.id.dataset_namespace = input_.default_namespace;
  added.alias = *alias;
  if (auto schema = input_.catalog.schema(added.id)) {
    added.schema = *std::move(schema);
  } else {
    added.state = DatasetState::kMissing;
  }
  const auto& pairs = edit.join->pairs;
  if (auto fine = check_pairs(pairs, added, form_.datasets.size()); !fine) return fine;
  const bool is_using = !form_.joins.empty() && shown_once(pairs) &&
                        std::all_of(form_.joins.begin(), form_.joins.end(),
                                    [](const FormJoin& join) { return join.is_using; }) &&
                        std::all_of(pairs.begin(), pairs.end(), [&](const Pair& pair) {
                          return names_.resolve(pair.column, form_.datasets.size()) == pair.left;
                        });
  auto table = table_text(edit, *alias);
  if (!table) return table.error();
  auto condition = condition_text(pairs, *alias, is_using);
  if (!condition) return condition.error();
  if (auto fine = qualify_what_would_be_ambiguous(added, is_using, pairs); !fine) return fine;
  counts_.datasets += 1;
  const std::string text = fmt::format(
      "{} {} {}", word(edit.join->type == JoinType::kLeft ? "LEFT JOIN" : "JOIN"), *table, *condition);
  const int end = span(drawing_.clauses.from->body).end;
  const int from = span(drawing_.clauses.from->keyword).begin;
  const int before = form_.joins.empty() ? from : form_.joins.back().range.begin;
  if (patch_.first_on_line(before)) {
    patch_.insert(patch_.end_of_line_after(end), patch_.newline() + patch_.indentation(before) + text);
  } else {
    patch_.insert(end, " " + text);
  }
  return {};
}

base::Status Editor::change_condition(std::size_t join, const std::vector<Pair>& pairs,
                                      std::vector<Rewording>& reworded) {
  const FormDataset& right = form_.datasets[join + 1];
  const FormJoin& before = form_.joins[join];
  const bool is_using = before.is_using && shown_once(pairs);
  if (before.is_using) {
    // What was one column for both sides may be two now.
    for (const Mention& mention : mentions()) {
      if (mention.qualified || !mention.source) continue;
      const auto same = [&](const Pair& pair) { return pair.left == *mention.source; };
      const bool was = std::any_of(before.pairs.begin(), before.pairs.end(), same);
      const bool is = is_using && std::any_of(pairs.begin(), pairs.end(), same);
      if (!was || is) continue;
      auto text = column_text(*mention.source, true);
      if (!text) return text.error();
      patch_.replace_whole(mention.range, *text);
      reworded.emplace_back(mention.range, *std::move(text));
    }
  }
  auto text = condition_text(pairs, right.alias, is_using);
  if (!text) return text.error();
  patch_.replace(before.condition, *text);
  return {};
}

base::Status Editor::carry_out(const SetJoin& edit) {
  auto right = dataset(edit.dataset);
  if (!right) return right.error();
  const std::size_t place = static_cast<std::size_t>(*right - form_.datasets.data());
  if (place == 0) {
    return refused(fmt::format("{} is the first dataset: the others are joined to it", (*right)->alias));
  }
  const FormJoin& join = form_.joins[place - 1];
  if (edit.type && *edit.type != join.type) {
    patch_.replace(span(drawing_.from[place].join),
                   word(*edit.type == JoinType::kLeft ? "LEFT JOIN" : "JOIN"));
  }
  if (!edit.pairs || *edit.pairs == join.pairs) return {};
  if (auto fine = check_pairs(*edit.pairs, **right, place); !fine) return fine;
  Regroup groups{.moved = unmoved()};
  if (auto fine = change_condition(place - 1, *edit.pairs, groups.reworded); !fine) return fine;
  // What USING shows once, and first, ON shows where each side has it.
  if (join.is_using) groups.recounted = first_whole_star();
  return keep_groups(groups);
}

base::Status Editor::carry_out(const RemoveDataset& edit) {
  auto found = dataset(edit.dataset);
  if (!found) return found.error();
  const FormDataset& gone = **found;
  const std::size_t place = static_cast<std::size_t>(*found - form_.datasets.data());
  if (form_.datasets.size() == 1) {
    counts_ = {};
    patch_.cut(span({0, source_.tokens().size()}));
    return {};
  }
  Regroup groups{.moved = unmoved(), .recounted = first_whole_star()};
  // Joins of others that lead through it.
  const std::size_t own_join = place == 0 ? 0 : place - 1;
  for (std::size_t i = 0; i < form_.joins.size(); ++i) {
    if (i == own_join) continue;
    std::vector<Pair> kept;
    for (const Pair& pair : form_.joins[i].pairs) {
      if (pair.left.dataset != gone.alias) kept.push_back(pair);
    }
    if (kept.empty()) {
      return refused(
          fmt::format("{} is joined through {}", form_.datasets[i + 1].alias, gone.alias),
          fmt::format("remove {} first, or join it with another dataset", form_.datasets[i + 1].alias));
    }
    if (kept.size() == form_.joins[i].pairs.size()) continue;
    if (auto fine = change_condition(i, kept, groups.reworded); !fine) return fine;
  }
  const std::vector<Mention> all = mentions();
  std::set<std::size_t> columns, filters;
  for (std::size_t i = 0; i < form_.columns.size(); ++i) {
    const FormColumn& column = form_.columns[i];
    const bool star =
        column.kind == ColumnKind::kStar && column.source && column.source->dataset == gone.alias;
    if (star || mentions_dataset(column.range, gone.alias, all)) columns.insert(i);
    groups.moved[i] = columns.contains(i) ? -1 : static_cast<int>(i - columns.size());
  }
  for (std::size_t i = 0; i < form_.filters.size(); ++i) {
    if (mentions_dataset(form_.filters[i].range, gone.alias, all)) filters.insert(i);
  }
  for (std::size_t i = 0; i < form_.groups.size(); ++i) {
    const FormGroup& group = form_.groups[i];
    const bool with_column = group.column && columns.contains(static_cast<std::size_t>(*group.column));
    const bool by_place = group.position && group.source && group.source->dataset == gone.alias;
    if (with_column || by_place || mentions_dataset(group.range, gone.alias, all)) groups.leaving.insert(i);
  }
  counts_.datasets -= 1;
  counts_.columns -= columns.size();
  if (!columns.empty() && columns.size() == form_.columns.size()) {
    const Range first = form_.columns.front().range;
    patch_.cut({patch_.end_before(first.begin), form_.columns.back().range.end});
  } else {
    remove_items(source_, patch_, drawing_.columns, columns);
  }
  remove_filters(filters);
  if (auto fine = keep_groups(groups); !fine) return fine;
  const FormJoin& join = form_.joins[own_join];
  if (place > 0) {
    patch_.cut({patch_.end_before(join.range.begin), join.range.end});
  } else {
    // The second one becomes the first.
    patch_.cut({gone.range.begin, form_.datasets[1].range.begin});
    patch_.cut({patch_.end_before(join.condition.begin), join.condition.end});
  }
  return {};
}

}  // namespace offtake::sql::form
