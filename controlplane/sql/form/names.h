// What the columns that a query names are. Internal to this folder.
#pragma once
#include "controlplane/sql/form/form.h"
#include "controlplane/sql/tree.h"

namespace offtake::sql::form {

// The dataset's own spelling of a column: exactly, else in another case if that is unique. Empty: it has
// none, or several. As it is written where the schema is not known.
std::string spelled(const FormDataset& dataset, std::string_view column);
// A field of a record likewise: `names` from the column inwards, the result a path.
std::string spelled(const FormDataset& dataset, const std::vector<std::string_view>& names);

class Names {
 public:
  explicit Names(const std::vector<FormDataset>& datasets) : datasets_(datasets) {}
  // A column that USING shows once: that of the right side stands for nothing of its own.
  void merge(std::string_view dataset, std::string_view column) {
    merged_.push_back({std::string(dataset), std::string(column)});
  }

  // A ColumnRef, or a field of one; nullopt where it is neither, or is not known, or is ambiguous.
  std::optional<Source> resolve(const json::Value& tree) const;
  // A name without a table, among the first `count` datasets.
  std::optional<Source> resolve(std::string_view column, std::size_t count) const;
  const types::Field* field(const Source& source) const;  // null: not known

 private:
  std::optional<Source> resolve_column(const Tree& node) const;
  std::optional<Source> resolve_field(const Tree& node) const;
  const FormDataset* find(std::string_view alias) const;
  const std::vector<FormDataset>& datasets_;
  std::vector<Source> merged_;
};

// The columns that a * shows, in their order; nullopt where a dataset's are not known.
std::optional<std::vector<Source>> columns_of(const Form& form, const FormColumn& star);

// A column of the result by its place, as GROUP BY 2 counts them.
struct Place {
  enum class Kind {
    kColumn,   // the form's column
    kInStar,   // a column that a * shows: `source`; `column` is the *
    kUnknown,  // behind `column`, a * of which it is not known how many columns it shows
    kBeyond,   // there are not that many
  };
  Kind kind = Kind::kBeyond;
  int column = 0;
  std::optional<Source> source;
};
Place place_at(const Form& form, std::int64_t position);

// `column operator literals`, else nullopt. Where the column's type is known, a cast of a literal must be to
// it.
std::optional<Predicate> predicate_of(const SourceText& source, const json::Value& tree, const Names& names);

}  // namespace offtake::sql::form
