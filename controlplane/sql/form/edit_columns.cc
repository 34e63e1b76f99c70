// The SELECT list.
#include <algorithm>

#include "controlplane/sql/fields.h"
#include "controlplane/sql/form/editor.h"
#include "controlplane/sql/form/lists.h"
#include "controlplane/sql/form/quoting.h"
#include "controlplane/sql/grammar.h"
#include "controlplane/sql/select.h"

namespace offtake::sql::form {
namespace {

// "p.amount" -> what the column is called without AS.
std::string natural_name(const std::string& expression) {
  auto source = SourceText::scan("SELECT " + expression, "");
  if (!source) return "";
  auto select = parse_select(*source);
  if (!select || !(*select)["targetList"].is_array()) return "";
  return column_name(Tree((*select)["targetList"].as_array().front())["val"]);
}

// count(DISTINCT x) + 1 as well.
bool has_aggregate(const json::Value& tree) {
  if (tree.is_array()) return std::any_of(tree.as_array().begin(), tree.as_array().end(), has_aggregate);
  if (!tree.is_object()) return false;
  const Tree node(tree);
  if (node.kind == "FuncCall" && is_aggregate(string_of(node["funcname"].as_array().back()))) return true;
  return std::any_of(tree.as_object().begin(), tree.as_object().end(),
                     [](const auto& member) { return has_aggregate(member.second); });
}

bool has_columns(const json::Value& tree) {
  bool found = false;
  each_column(tree, [&](const json::Value&) { found = true; });
  return found;
}

// "*" and "t.*".
bool is_star(std::string_view expression) {
  return expression.ends_with('*');
}

// One that is not taken yet, which it then is.
std::string free_name(const std::string& wanted, std::set<std::string>& taken) {
  std::string name = wanted;
  for (int i = 2; !taken.insert(lower_ascii(name)).second; ++i) name = fmt::format("{}_{}", wanted, i);
  return name;
}

}  // namespace

base::Status Editor::check_column(int index) const {
  if (index >= 0 && static_cast<std::size_t>(index) < form_.columns.size()) return {};
  return refused(fmt::format("the query has no column {}", index));
}

std::set<std::string> Editor::names_taken() const {
  std::set<std::string> out;
  for (const FormColumn& column : form_.columns) {
    if (column.kind != ColumnKind::kStar) {
      out.insert(lower_ascii(column.name));
      continue;
    }
    for (const FormDataset& of : form_.datasets) {
      if (column.source && column.source->dataset != of.alias) continue;
      for (const types::Field& known : of.schema.columns) out.insert(lower_ascii(known.name));
    }
  }
  return out;
}

std::vector<int> Editor::unmoved() const {
  std::vector<int> out;
  for (std::size_t i = 0; i < form_.columns.size(); ++i) out.push_back(static_cast<int>(i));
  return out;
}

const json::Value& Editor::tree_of(int column) const {
  return Tree((*select_)["targetList"].as_array()[static_cast<std::size_t>(column)])["val"];
}

bool Editor::is_constant(int column) const {
  return Tree(tree_of(column)).kind == "A_Const";
}

base::Status Editor::insert_columns(const std::vector<std::string>& texts, std::optional<int> position) {
  const std::size_t count = form_.columns.size();
  if (position && (*position < 0 || static_cast<std::size_t>(*position) > count)) {
    return refused(fmt::format("there is no place {} among {} columns", *position, count));
  }
  const std::size_t at = position ? static_cast<std::size_t>(*position) : count;
  counts_.columns += texts.size();
  if (count == 0) {
    patch_.insert(span(drawing_.clauses.select.keyword).end, fmt::format(" {}", fmt::join(texts, ", ")));
    return {};
  }
  Regroup groups;
  for (std::size_t i = 0; i < count; ++i)
    groups.moved.push_back(static_cast<int>(i < at ? i : i + texts.size()));
  // How many columns a * adds is for the binder to say.
  if (at < count && std::any_of(texts.begin(), texts.end(), is_star)) groups.recounted = static_cast<int>(at);
  if (auto fine = keep_groups(groups); !fine) return fine;
  insert_items(source_, patch_, drawing_.columns, at, texts);
  return {};
}

base::Result<std::string> Editor::column_item(const Source& source, std::optional<std::string> name,
                                              std::set<std::string>& taken) const {
  auto text = column_text(source);
  if (!text) return text;
  const std::vector<std::string> path = path_parts(source.column);
  const std::string whole = fmt::format("{}", fmt::join(path, "_"));
  std::string wanted = path.back();
  if (name && !name->empty()) {
    wanted = *name;
    taken.insert(lower_ascii(wanted));
  } else if (!taken.insert(lower_ascii(wanted)).second) {
    // Two datasets have a column of that name, or two records a field: city, address_city,
    // orders_address_city.
    std::string of = form_.find(source.dataset)->id.name;
    std::replace(of.begin(), of.end(), '-', '_');
    const bool by_records = path.size() > 1 && !taken.contains(lower_ascii(whole));
    wanted = free_name(by_records ? whole : of + "_" + whole, taken);
  }
  if (wanted == path.back()) return text;
  auto quoted = quote_name(wanted);
  if (!quoted) return quoted;
  return fmt::format("{} {} {}", *text, word("AS"), *quoted);
}

base::Status Editor::carry_out(const AddColumn& edit) {
  std::set<std::string> taken = names_taken();
  std::vector<std::string> items;
  if (edit.expression) {
    base::Result<std::string> text = std::string("*");
    if (*edit.expression != "*") text = check_expression(*edit.expression);
    if (!text) return text.error();
    std::string item = *text;
    if (edit.name && !edit.name->empty()) {
      auto name = quote_name(*edit.name);
      if (!name) return name.error();
      item += fmt::format(" {} {}", word("AS"), *name);
    }
    items.push_back(std::move(item));
  }
  for (const std::string& column : edit.columns) {
    auto item =
        column_item({edit.dataset, column}, edit.columns.size() == 1 ? edit.name : std::nullopt, taken);
    if (!item) return item.error();
    items.push_back(*std::move(item));
  }
  return insert_columns(items, edit.position);
}

base::Status Editor::carry_out(const AddAggregate& edit) {
  if (!is_aggregate(edit.function)) {
    return refused(fmt::format("{} is no aggregate", edit.function), "they are count, sum, min, max and avg");
  }
  std::string argument = "*", wanted = edit.function;
  if (edit.source) {
    auto text = column_text(*edit.source);
    if (!text) return text.error();
    argument = *std::move(text);
    wanted += "_" + path_parts(edit.source->column).back();
  } else if (edit.function != "count") {
    return refused(fmt::format("{} is of a column", edit.function), "choose one");
  }
  std::set<std::string> taken = names_taken();
  std::string item = fmt::format("{}({})", edit.function, argument);
  const std::string name = edit.name && !edit.name->empty() ? *edit.name : free_name(wanted, taken);
  if (name != edit.function) {
    auto quoted = quote_name(name);
    if (!quoted) return quoted.error();
    item += fmt::format(" {} {}", word("AS"), *quoted);
  }
  if (edit.group && form_.groups.empty()) {
    std::vector<std::string> groups;
    for (int i = 0; i < static_cast<int>(form_.columns.size()); ++i) {
      const FormColumn& column = form_.columns[static_cast<std::size_t>(i)];
      if (column.kind == ColumnKind::kStar) {
        return refused("rows cannot be grouped by *", "list the columns first");
      }
      // What reads no column tells no rows apart, and a number would be a place.
      if (!has_aggregate(tree_of(i)) && has_columns(tree_of(i)))
        groups.push_back(copied(column.expression, {}));
    }
    add_groups(groups);
  }
  return insert_columns({item}, {});
}

base::Status Editor::carry_out(const SetColumn& edit) {
  if (auto fine = check_column(edit.index); !fine) return fine;
  const FormColumn& column = form_.columns[static_cast<std::size_t>(edit.index)];
  auto text = check_expression(edit.expression);
  if (!text) return text.error();
  std::string item = *text;
  if (!column.named && !column.name.empty() && natural_name(*text) != column.name) {
    auto name = quote_name(column.name);
    if (!name) return name.error();
    item += fmt::format(" {} {}", word("AS"), *name);
  }
  patch_.replace(column.expression, item);
  if (column.kind != ColumnKind::kStar && !is_star(*text)) return {};
  return keep_groups({.moved = unmoved(), .recounted = edit.index});
}

base::Result<int> Editor::column_to_remove(const RemoveColumn& edit) const {
  if (!edit.source) {
    if (auto fine = check_column(edit.index); !fine) return fine.error();
    return edit.index;
  }
  if (auto known = field(*edit.source); !known) return std::move(known).error();
  const Source wanted{form_.find(edit.source->dataset)->alias, edit.source->column};
  for (std::size_t i = 0; i < form_.columns.size(); ++i) {
    const FormColumn& column = form_.columns[i];
    if (column.kind == ColumnKind::kColumn && column.source == wanted) return static_cast<int>(i);
  }
  return refused(fmt::format("no column of the query is just {} of {}", wanted.column, wanted.dataset));
}

base::Status Editor::carry_out(const RemoveColumn& edit) {
  const base::Result<int> found = column_to_remove(edit);
  if (!found) return found.error();
  counts_.columns -= 1;
  const std::size_t index = static_cast<std::size_t>(*found);
  Regroup groups;
  for (int i = 0; i < static_cast<int>(form_.columns.size()); ++i) {
    groups.moved.push_back(i == *found ? -1 : i < *found ? i : i - 1);
  }
  if (auto fine = keep_groups(groups); !fine) return fine;
  if (form_.columns.size() == 1) {
    const Range range = form_.columns.front().range;
    patch_.cut({patch_.end_before(range.begin), range.end});
  } else {
    remove_items(source_, patch_, drawing_.columns, {index});
  }
  return {};
}

base::Status Editor::carry_out(const RenameColumn& edit) {
  if (auto fine = check_column(edit.index); !fine) return fine;
  const FormColumn& column = form_.columns[static_cast<std::size_t>(edit.index)];
  if (column.kind == ColumnKind::kStar) return refused("* has no name of its own", "list the columns first");
  if (edit.name == column.name || (edit.name.empty() && !column.named)) return {};
  std::string written;
  if (!edit.name.empty()) {
    auto name = quote_name(edit.name);
    if (!name) return name.error();
    written = *std::move(name);
  }
  // A dataset's column of the new name would come before it.
  const bool taken = std::any_of(form_.datasets.begin(), form_.datasets.end(),
                                 [&](const FormDataset& of) { return takes_name(of, edit.name); });
  if (written.empty() || taken) {
    if (auto fine = keep_groups({.moved = unmoved(), .unnamed = edit.index}); !fine) return fine;
  } else {
    for (const FormGroup& group : form_.groups) {
      if (group.column == edit.index && !group.position) patch_.replace(group.range, written);
    }
  }
  if (!column.named) {
    patch_.insert(column.expression.end, fmt::format(" {} {}", word("AS"), written));
  } else if (written.empty()) {
    patch_.cut({column.expression.end, column.range.end});
  } else {
    const std::size_t last = drawing_.columns.parts[static_cast<std::size_t>(edit.index)].end - 1;
    patch_.replace(span({last, last + 1}), written);
  }
  return {};
}

base::Status Editor::carry_out(const ReorderColumns& edit) {
  const std::size_t count = form_.columns.size();
  std::set<int> seen;
  for (const int index : edit.order) {
    if (auto fine = check_column(index); !fine) return fine;
    seen.insert(index);
  }
  if (edit.order.size() != count || seen.size() != count) {
    return refused(
        fmt::format("the order names {} columns; the query has {}, each of them once", seen.size(), count));
  }
  std::vector<int> moved(count);
  for (std::size_t i = 0; i < count; ++i)
    moved[static_cast<std::size_t>(edit.order[i])] = static_cast<int>(i);
  if (auto fine = keep_groups({.moved = std::move(moved)}); !fine) return fine;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t from = static_cast<std::size_t>(edit.order[i]);
    if (from != i)
      patch_.replace_whole(form_.columns[i].range, text_of(source_, drawing_.columns.parts[from]));
  }
  return {};
}

base::Status Editor::carry_out(const ExpandStar& edit) {
  if (auto fine = check_column(edit.index); !fine) return fine;
  const FormColumn& star = form_.columns[static_cast<std::size_t>(edit.index)];
  if (star.kind != ColumnKind::kStar) return refused(fmt::format("column {} is no *", edit.index));
  std::set<std::string> taken;
  for (const FormColumn& column : form_.columns) {
    if (column.kind != ColumnKind::kStar) taken.insert(lower_ascii(column.name));
  }
  std::vector<std::string> items;
  for (std::size_t i = 0; i < form_.datasets.size(); ++i) {
    const FormDataset& of = form_.datasets[i];
    if (star.source && star.source->dataset != of.alias) continue;
    if (of.state != DatasetState::kReady) {
      return refused(fmt::format("the columns of {} are not known: {}", of.id.text(), of.message));
    }
    for (const types::Field& known : of.schema.columns) {
      const bool merged = !star.source && i > 0 && form_.joins[i - 1].is_using &&
                          std::any_of(form_.joins[i - 1].pairs.begin(), form_.joins[i - 1].pairs.end(),
                                      [&](const Pair& pair) { return pair.column == known.name; });
      if (merged) continue;
      auto item = column_item({of.alias, known.name}, {}, taken);
      if (!item) return item.error();
      items.push_back(*std::move(item));
    }
  }
  if (items.empty()) return refused("the dataset has no columns");
  // The columns of USING stand elsewhere then.
  const bool merged = !star.source && std::any_of(form_.joins.begin(), form_.joins.end(),
                                                  [](const FormJoin& join) { return join.is_using; });
  if (merged) {
    if (auto fine = keep_groups({.moved = unmoved(), .recounted = edit.index}); !fine) return fine;
  }
  counts_.columns += items.size() - 1;
  std::size_t more = 0;
  for (const std::string& item : items) more += item.size() + 2;
  const ListStyle style(source_, patch_, drawing_.columns, more);
  patch_.replace(star.range, style.join(items));
  return {};
}

}  // namespace offtake::sql::form
