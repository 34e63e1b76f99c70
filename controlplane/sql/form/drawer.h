// How a form is drawn, part by part. Internal to this folder.
#pragma once
#include "controlplane/sql/form/draw.h"
#include "controlplane/sql/select.h"

namespace offtake::sql::form {

// One drawing. What is not drawn is refused once, with the first reason.
class Drawer {
 public:
  Drawer(const SourceText& source, const json::Value& select, const CompileInput& input)
      : source_(source), select_(select), input_(input), names_(out_.form.datasets) {}
  std::variant<Drawing, Undrawable> run();

 private:
  bool refuse(std::string reason, Range range);
  Range whole() const { return range_of(source_, {0, source_.tokens().size()}); }
  Range at_word(std::string_view word) const;
  bool unclear(std::string_view what, Range range);
  // What no form shows, wherever it stands. Returns whether there is any.
  bool refuse_whole(const std::optional<Clauses>& clauses);

  Range token(std::size_t at) const { return range_of(source_, {at, at + 1}); }
  // FROM as its tables from left to right; false where it is more than a chain.
  bool flatten(const json::Value& item, std::vector<Tree>& tables, std::vector<Tree>& joins);
  bool draw_from();
  FormDataset look_up(const TableUse& use, const Tree& table, Range range) const;
  bool draw_join(const Tree& join, std::size_t right);
  bool read_pairs(const json::Value& tree, const FormDataset& dataset, std::size_t right, FormJoin& out);
  bool draw_columns();
  FormColumn draw_column(const Tree& target, Span part);
  std::optional<Aggregate> aggregate_of(const Tree& node, Span expression) const;
  bool draw_filters();
  bool draw_groups();
  // What an item of GROUP BY names by its place or its alias.
  void name_group(const Tree& node, FormGroup& group) const;

  const SourceText& source_;
  const json::Value& select_;
  const CompileInput& input_;
  Drawing out_;
  Names names_;
  std::optional<Undrawable> why_;
};

}  // namespace offtake::sql::form
