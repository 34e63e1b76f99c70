// Lists with commas: items put in and taken out as their writer would. Internal to this folder.
#pragma once
#include <set>

#include "controlplane/sql/form/clauses.h"
#include "controlplane/sql/form/patch.h"

namespace offtake::sql::form {

// What stands between two items of this list: ", ", or a line of its own for each.
class ListStyle {
 public:
  // `more`: how many bytes are about to be added to the last line.
  ListStyle(const SourceText& source, const Patch& patch, const Parts& parts, std::size_t more);
  std::string join(const std::vector<std::string>& items) const;
  bool lines() const { return lines_; }
  bool comma_first() const { return comma_first_; }
  const std::string& indent() const { return indent_; }
  std::string separator() const;

 private:
  bool lines_ = false, comma_first_ = false;
  std::string indent_, newline_;
};

// REQUIRES: the list is not empty; position is at most its size.
void insert_items(const SourceText& source, Patch& patch, const Parts& parts, std::size_t position,
                  const std::vector<std::string>& items);
// REQUIRES: not all of them.
void remove_items(const SourceText& source, Patch& patch, const Parts& parts,
                  const std::set<std::size_t>& which);

}  // namespace offtake::sql::form
