#include "controlplane/sql/form/editor.h"

#include <algorithm>

#include "controlplane/sql/fields.h"
#include "controlplane/sql/form/quoting.h"
#include "controlplane/sql/suggest.h"

namespace offtake::sql::form {

base::Error refused(std::string message, std::string hint) {
  return base::terminal("Invalid", std::move(message)).with_hint(std::move(hint));
}

Counts counts_of(const Form& form) {
  return {form.datasets.size(), form.columns.size(), form.filters.size(), form.groups.size()};
}

Editor::Editor(const CompileInput& input, const SourceText& source, const json::Value* select,
               Drawing drawing)
    : input_(input),
      source_(source),
      select_(select),
      drawing_(std::move(drawing)),
      form_(drawing_.form),
      patch_(source),
      names_(names_of(form_)),
      counts_(counts_of(form_)) {}

base::Status Editor::run(const Edit& edit) {
  if (form_.datasets.empty() && !std::holds_alternative<AddDataset>(edit)) {
    return refused("the query has no dataset yet", "add one first");
  }
  return std::visit([&](const auto& one) { return carry_out(one); }, edit);
}

std::string Editor::word(std::string_view upper) const {
  const bool lower =
      select_ != nullptr && source_.text()[static_cast<std::size_t>(source_.tokens().front().begin)] == 's';
  return lower ? lower_ascii(upper) : std::string(upper);
}

base::Result<const FormDataset*> Editor::dataset(std::string_view alias) const {
  if (const FormDataset* found = form_.find(alias)) return found;
  std::vector<std::string> names;
  for (const FormDataset& known : form_.datasets) names.push_back(known.alias);
  return refused(fmt::format("the query has no dataset called {}", alias), did_you_mean(alias, names));
}

base::Result<const types::Field*> Editor::field(const Source& source) const {
  auto found = dataset(source.dataset);
  if (!found) return std::move(found).error();
  if ((*found)->state != DatasetState::kReady) return static_cast<const types::Field*>(nullptr);
  const DatasetSchema& schema = (*found)->schema;
  if (const types::Field* known = find_field(schema, source.column)) return known;
  const bool inside = source.column.find('.') != std::string::npos;
  std::vector<std::string> names;
  for (const types::Field& known : inside ? with_fields(schema) : schema.columns) names.push_back(known.name);
  return refused(fmt::format("{} has no column {}", (*found)->id.text(), source.column),
                 did_you_mean(source.column, names));
}

base::Result<std::string> Editor::column_text(const Source& source, bool always_qualified) const {
  auto known = field(source);
  if (!known) return std::move(known).error();
  const FormDataset& of = *form_.find(source.dataset);
  const bool bare = !always_qualified && form_.datasets.size() == 1 && !of.has_alias;
  return written_column(bare ? "" : of.alias, source.column);
}

std::vector<Mention> Editor::mentions() const {
  std::vector<Mention> out;
  if (select_ == nullptr) return out;
  each_column(*select_, [&](const json::Value& tree) {
    const Tree node(tree);
    const json::Array& fields = node["fields"].as_array();
    const std::size_t first = source_.token_at(node.location());
    const std::size_t last = std::min(first + 2 * fields.size() - 1, source_.tokens().size());
    Mention mention;
    mention.range = range_of(source_, {first, last});
    mention.qualified = fields.size() > 1;
    mention.source = names_.resolve(tree);
    if (mention.source) {
      mention.dataset = mention.source->dataset;
    } else if (mention.qualified) {
      const FormDataset* of = form_.find(string_of(fields.front()));
      if (of != nullptr) mention.dataset = of->alias;
    }
    out.push_back(std::move(mention));
  });
  return out;
}

std::string Editor::copied(Range part, std::vector<Rewording> others) const {
  for (const Comment& comment : comments_of(source_)) others.emplace_back(comment.range, " ");
  std::sort(others.begin(), others.end(),
            [](const auto& a, const auto& b) { return a.first.begin < b.first.begin; });
  std::string out;
  int at = part.begin;
  const auto copy = [&](int to) {
    out += source_.text().substr(static_cast<std::size_t>(at), static_cast<std::size_t>(to - at));
  };
  for (const auto& [range, text] : others) {
    if (range.begin < at || range.end > part.end) continue;
    copy(range.begin);
    out += text;
    at = range.end;
  }
  copy(part.end);
  return out;
}

bool Editor::mentions_dataset(Range part, std::string_view alias, const std::vector<Mention>& all) const {
  return std::any_of(all.begin(), all.end(), [&](const Mention& mention) {
    return mention.dataset == alias && mention.range.begin >= part.begin && mention.range.end <= part.end;
  });
}

void Editor::add_clause(std::size_t behind_token, const std::string& text) {
  const int end = source_.tokens()[behind_token].end;
  const int from = span(drawing_.clauses.from->keyword).begin;
  if (patch_.first_on_line(from)) {
    patch_.insert(patch_.end_of_line_after(end), patch_.newline() + patch_.indentation(from) + text);
  } else {
    patch_.insert(end, " " + text);
  }
}

namespace {

std::multiset<std::string> comment_texts(const SourceText& source) {
  std::multiset<std::string> out;
  for (const Comment& comment : comments_of(source)) {
    out.insert(source.text().substr(static_cast<std::size_t>(comment.range.begin),
                                    static_cast<std::size_t>(comment.range.end - comment.range.begin)));
  }
  return out;
}

struct Drawn {
  SourceText source;
  std::optional<json::Value> select;
  Drawing drawing;
};

base::Result<Drawn> draw_text(const CompileInput& input, std::string_view sql) {
  auto source = SourceText::scan(sql, input.field);
  if (!source) return std::move(source).error();
  Drawn out{*std::move(source), {}, {}};
  if (!out.source.tokens().empty()) {
    auto select = parse_select(out.source);
    if (!select) return std::move(select).error();
    out.select = *std::move(select);
  }
  auto drawn = draw(out.source, out.select ? &*out.select : nullptr, input);
  if (auto* why = std::get_if<Undrawable>(&drawn)) return refused(why->reason);
  out.drawing = std::get<Drawing>(std::move(drawn));
  return out;
}

base::Result<Edited> edit_here(const CompileInput& input, const Edit& edit) {
  auto before = draw_text(input, input.sql);
  if (!before) {
    base::Error error = std::move(before).error();
    if (error.code != "Invalid") error = refused(error.text(), "mend the SQL first");
    return error;
  }
  Editor editor(input, before->source, before->select ? &*before->select : nullptr,
                std::move(before->drawing));
  if (auto fine = editor.run(edit); !fine) return fine.error();
  Edited out{editor.text(), {}};
  // What was promised is what the new text shows; a query that would come out otherwise is not touched.
  auto after = draw_text(input, out.sql);
  const bool kept = after && counts_of(after->drawing.form) == editor.counts() &&
                    comment_texts(after->source) == comment_texts(before->source);
  if (!kept) {
    return refused("this cannot be changed here without changing more of the query", "change it in the SQL")
        .with_detail(after ? out.sql : after.error().text() + "\n" + out.sql);
  }
  out.changed = changed_between(input.sql, out.sql);
  return out;
}

}  // namespace

base::Result<Edited> edit(const CompileInput& input, const Edit& edit) {
  base::Result<Edited> out = refused("nothing was edited");
  const base::Status ran = on_deep_stack([&] { out = edit_here(input, edit); });
  if (!ran) return ran.error();
  return out;
}

}  // namespace offtake::sql::form
