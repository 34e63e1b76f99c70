// GROUP BY.
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
