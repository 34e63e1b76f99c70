// GROUP BY.
#include <algorithm>

#include "controlplane/sql/form/editor.h"
#include "controlplane/sql/form/lists.h"
#include "controlplane/sql/form/quoting.h"

namespace offtake::sql::form {

void Editor::add_groups(const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  counts_.groups += texts.size();
  if (drawing_.clauses.group) {
    insert_items(source_, patch_, drawing_.groups, drawing_.groups.parts.size(), texts);
    return;
  }
  const Clause& before = drawing_.clauses.where ? *drawing_.clauses.where : *drawing_.clauses.from;
  add_clause(before.body.end - 1, fmt::format("{} {}", word("GROUP BY"), fmt::join(texts, ", ")));
}

void Editor::remove_groups(const std::set<std::size_t>& which) {
  if (which.empty()) return;
  counts_.groups -= which.size();
  const Clause& group = *drawing_.clauses.group;
  if (which.size() == form_.groups.size()) {
    patch_.cut({patch_.end_before(span(group.keyword).begin), span(group.body).end});
    return;
  }
  remove_items(source_, patch_, drawing_.groups, which);
}

bool Editor::takes_name(const FormDataset& dataset, const std::string& name) {
  return std::any_of(dataset.schema.columns.begin(), dataset.schema.columns.end(),
                     [&](const types::Field& field) { return lower_ascii(field.name) == lower_ascii(name); });
}

Editor::Fate Editor::fate_of(const FormGroup& group, const Regroup& change) const {
  const bool goes = group.column && change.moved[static_cast<std::size_t>(*group.column)] < 0;
  if (!group.position) {
    if (!group.column) return Fate::kStays;
    const std::string& name = form_.columns[static_cast<std::size_t>(*group.column)].name;
    const bool taken = change.added != nullptr && takes_name(*change.added, name);
    return goes || taken || change.unnamed == group.column ? Fate::kSaidByItself : Fate::kStays;
  }
  // Places of the columns before this one stay.
  int counted = static_cast<int>(form_.columns.size());
  bool stars = change.recounted.has_value();
  for (int i = counted - 1; i >= 0; --i) {
    if (change.moved[static_cast<std::size_t>(i)] != i || change.recounted == i) counted = i;
    stars = stars || form_.columns[static_cast<std::size_t>(i)].kind == ColumnKind::kStar;
  }
  const Place place = place_at(form_, *group.position);
  switch (place.kind) {
    case Place::Kind::kBeyond:
      return Fate::kStays;
    case Place::Kind::kUnknown:  // any column behind the star
      return counted == static_cast<int>(form_.columns.size()) ? Fate::kStays : Fate::kUnknown;
    default:
      if (place.column < counted) return Fate::kStays;
      return stars || goes ? Fate::kSaidByItself : Fate::kCountsAnew;
  }
}

base::Status Editor::keep_groups(const Regroup& change) {
  std::set<std::size_t> leaving = change.leaving;
  std::string constant;
  for (std::size_t i = 0; i < form_.groups.size(); ++i) {
    const FormGroup& group = form_.groups[i];
    const Fate fate = leaving.contains(i) ? Fate::kStays : fate_of(group, change);
    if (fate == Fate::kStays) continue;
    if (fate == Fate::kUnknown) {
      return refused(
          fmt::format("GROUP BY {} counts the columns of a *, and those are not known", group.text),
          "write the column's name in GROUP BY");
    }
    if (fate == Fate::kCountsAnew) {
      patch_.replace(group.range, std::to_string(change.moved[static_cast<std::size_t>(*group.column)] + 1));
      continue;
    }
    if (!group.column) {
      auto text = column_text(*group.source, true);
      if (!text) return text.error();
      patch_.replace(group.range, *text);
      continue;
    }
    const FormColumn& column = form_.columns[static_cast<std::size_t>(*group.column)];
    if (is_constant(*group.column)) {
      // GROUP BY takes it for a place, or not at all; by itself it tells no rows apart.
      constant = column.text;
      leaving.insert(i);
    } else {
      patch_.replace(group.range, copied(column.expression, change.reworded));
    }
  }
  if (!constant.empty() && leaving.size() == form_.groups.size()) {
    return refused(fmt::format("the rows would be grouped by {} alone, which GROUP BY cannot say", constant),
                   "group by something else first");
  }
  remove_groups(leaving);
  return {};
}

base::Status Editor::carry_out(const SetGroupBy& edit) {
  std::vector<std::string> texts;
  for (const GroupItem& item : edit.items) {
    auto text = item.source ? column_text(*item.source) : check_expression(item.expression);
    if (!text) return text.error();
    texts.push_back(*std::move(text));
  }
  // Items that stay keep their writing and their comments.
  const auto same = [&](const FormGroup& group, std::size_t i) {
    return group.text == texts[i] || (edit.items[i].source && group.source == edit.items[i].source);
  };
  std::set<std::size_t> surplus;
  for (std::size_t i = 0; i < form_.groups.size(); ++i) {
    if (i >= texts.size()) {
      surplus.insert(i);
    } else if (!same(form_.groups[i], i)) {
      patch_.replace(form_.groups[i].range, texts[i]);
    }
  }
  remove_groups(surplus);
  if (texts.size() > form_.groups.size()) {
    add_groups({texts.begin() + static_cast<std::ptrdiff_t>(form_.groups.size()), texts.end()});
  }
  return {};
}

}  // namespace offtake::sql::form
