// One edit under way: the drawing that it begins from, and the changes so far. Internal to this folder.
// REQUIRES: on_deep_stack. The functions that change something return Invalid with words for the user.
#pragma once
#include <set>

#include "controlplane/sql/form/draw.h"
#include "controlplane/sql/form/edit.h"
#include "controlplane/sql/form/patch.h"

namespace offtake::sql::form {

// How many parts the form has after the edit: what the new text must show when it is drawn again.
struct Counts {
  std::size_t datasets = 0, columns = 0, filters = 0, groups = 0;
  friend bool operator==(const Counts&, const Counts&) = default;
};
Counts counts_of(const Form& form);

base::Error refused(std::string message, std::string hint = {});

// A column that the query names, and where.
struct Mention {
  Range range;  // with the table before its dot
  bool qualified = false;
  std::string dataset;  // alias; empty: not known
  std::optional<Source> source;
};

class Editor {
 public:
  // `select`: null for an empty text.
  Editor(const CompileInput& input, const SourceText& source, const json::Value* select, Drawing drawing);

  base::Status run(const Edit& edit);
  std::string text() const { return patch_.apply(); }
  const Counts& counts() const { return counts_; }

 private:
  // edit_datasets.cc
  base::Status carry_out(const AddDataset& edit);
  base::Status carry_out(const RemoveDataset& edit);
  base::Status carry_out(const SetJoin& edit);
  base::Status begin_query(const AddDataset& edit);
  base::Result<std::string> alias_for(const AddDataset& edit) const;
  base::Result<std::string> table_text(const AddDataset& edit, const std::string& alias) const;
  base::Result<std::string> condition_text(const std::vector<Pair>& pairs, const std::string& alias,
                                           bool is_using);
  base::Status check_pairs(const std::vector<Pair>& pairs, const FormDataset& right,
                           std::size_t left_count) const;
  base::Status change_condition(std::size_t join, const std::vector<Pair>& pairs);
  base::Status qualify_what_would_be_ambiguous(const FormDataset& added, bool is_using,
                                               const std::vector<Pair>& pairs);

  // edit_columns.cc
  base::Status carry_out(const AddColumn& edit);
  base::Status carry_out(const SetColumn& edit);
  base::Status carry_out(const RemoveColumn& edit);
  base::Status carry_out(const RenameColumn& edit);
  base::Status carry_out(const ReorderColumns& edit);
  base::Status carry_out(const ExpandStar& edit);
  base::Status carry_out(const AddAggregate& edit);
  base::Status insert_columns(const std::vector<std::string>& texts, std::optional<int> position);
  base::Result<std::string> column_item(const Source& source, std::optional<std::string> name,
                                        std::set<std::string>& taken) const;
  std::set<std::string> names_taken() const;  // of the result, in lower case
  base::Status check_column(int index) const;
  base::Result<int> column_to_remove(const RemoveColumn& edit) const;
  // Items of GROUP BY follow their columns to new places (`moved[old]`; -1: the column goes): positions
  // change, and what names a column that goes becomes its expression.
  void move_groups(const std::vector<int>& moved);

  // edit_filters.cc
  base::Status carry_out(const AddFilter& edit);
  base::Status carry_out(const SetFilter& edit);
  base::Status carry_out(const RemoveFilter& edit);
  base::Result<std::string> condition_text(const Condition& condition, bool alone, std::size_t& parts) const;
  base::Result<std::string> predicate_text(const Predicate& predicate) const;
  void remove_filters(const std::set<std::size_t>& which);

  // edit_groups.cc
  base::Status carry_out(const SetGroupBy& edit);
  void add_groups(const std::vector<std::string>& texts);
  void remove_groups(const std::set<std::size_t>& which);

  // editor.cc
  std::string word(std::string_view upper) const;  // in the case of the query's SELECT
  base::Result<const FormDataset*> dataset(std::string_view alias) const;
  base::Result<const types::Field*> field(const Source& source) const;  // null: not known
  base::Result<std::string> column_text(const Source& source, bool always_qualified = false) const;
  std::vector<Mention> mentions() const;
  // Whether a part of the query mentions the dataset.
  bool mentions_dataset(Range part, std::string_view alias, const std::vector<Mention>& all) const;
  // Puts a clause behind the last token before `end`, on a line of its own where FROM has one.
  void add_clause(std::size_t behind_token, const std::string& text);
  Range span(Span tokens) const { return range_of(source_, tokens); }

  const CompileInput& input_;
  const SourceText& source_;
  const json::Value* select_;
  Drawing drawing_;
  const Form& form_;
  Patch patch_;
  Names names_;
  Counts counts_;
};

}  // namespace offtake::sql::form
