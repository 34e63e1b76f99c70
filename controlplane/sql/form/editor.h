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

// What a column is called from now on, where it stands.
using Rewording = std::pair<Range, std::string>;

// What an edit does to the columns that items of GROUP BY name, by their places or by their aliases.
struct Regroup {
  std::vector<int> moved;              // the columns' new places by their present ones; -1: it goes
  std::optional<int> recounted = {};   // the first column that is a * and shows others than before
  std::set<std::size_t> leaving = {};  // items that go with something else
  const FormDataset* added = nullptr;  // its columns come before aliases of the same name
  std::optional<int> unnamed = {};     // a column that its alias does not name any more
  std::vector<Rewording> reworded = {};
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
  base::Status change_condition(std::size_t join, const std::vector<Pair>& pairs,
                                std::vector<Rewording>& reworded);
  base::Status qualify_what_would_be_ambiguous(const FormDataset& added, bool is_using,
                                               const std::vector<Pair>& pairs);
  std::optional<int> first_whole_star() const;  // a * of all datasets

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
  std::vector<int> unmoved() const;
  const json::Value& tree_of(int column) const;
  bool is_constant(int column) const;  // a literal

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
  // Items of GROUP BY go on meaning what they mean: places count anew, and where neither a place nor an alias
  // would do, the column's expression stands there.
  base::Status keep_groups(const Regroup& change);
  enum class Fate { kStays, kCountsAnew, kSaidByItself, kUnknown };
  Fate fate_of(const FormGroup& group, const Regroup& change) const;
  // Whether a column's alias would mean a column of the dataset there.
  static bool takes_name(const FormDataset& dataset, const std::string& name);

  // editor.cc
  std::string word(std::string_view upper) const;  // in the case of the query's SELECT
  base::Result<const FormDataset*> dataset(std::string_view alias) const;
  base::Result<const types::Field*> field(const Source& source) const;  // null: not known
  base::Result<std::string> column_text(const Source& source, bool always_qualified = false) const;
  std::vector<Mention> mentions() const;
  // The text of a part without its comments, other words in some places of it.
  std::string copied(Range part, std::vector<Rewording> others) const;
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
