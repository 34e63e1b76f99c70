// Changes to a text at several places, made together. Internal to this folder.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/sql/form/form.h"
#include "controlplane/sql/source_text.h"

namespace offtake::sql::form {

struct Comment {
  Range range;
  bool to_end_of_line = false;
};
std::vector<Comment> comments_of(const SourceText& source);

// What lies where in a text, and changes to it. No comment is lost, no comment swallows what follows it, and
// no two words become one.
class Patch {
 public:
  explicit Patch(const SourceText& source);

  // At one place in the order of the calls.
  void insert(int at, std::string text);
  // Comments within stay; those of a replacement behind it.
  void cut(Range range) { replace(range, ""); }
  void replace(Range range, std::string text);
  // The text brings the comments of the range with it.
  void replace_whole(Range range, std::string text);

  // REQUIRES: the changes do not overlap.
  std::string apply() const;

  // A line break as the text has them.
  const std::string& newline() const { return newline_; }
  // The end of the token or comment before `byte`; 0 when there is none.
  int end_before(int byte) const;
  // The begin of the token or comment at or after `byte`; the text's end when there is none.
  int begin_after(int byte) const;
  // Behind `byte` and the comments that follow it on its line.
  int end_of_line_after(int byte) const;
  // The blanks that the line of `byte` begins with.
  std::string indentation(int byte) const;
  bool first_on_line(int byte) const;
  // In characters, from the line's begin.
  int column_of(int byte) const;

 private:
  struct Change {
    Range range;
    std::string text;
    std::size_t order = 0;
  };
  std::string comments_within(Range range) const;

  const SourceText& source_;
  std::vector<Comment> comments_;
  std::string newline_;
  std::vector<Change> changes_;
};

// Where `after` differs from `before`, on boundaries of characters.
Range changed_between(std::string_view before, std::string_view after);

}  // namespace offtake::sql::form
