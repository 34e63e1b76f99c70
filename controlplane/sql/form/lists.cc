#include "controlplane/sql/form/lists.h"

namespace offtake::sql::form {
namespace {
constexpr int kLineColumns = 100;
}

ListStyle::ListStyle(const SourceText& source, const Patch& patch, const Parts& parts, std::size_t more)
    : newline_(patch.newline()) {
  const Range first = range_of(source, parts.parts.front()), last = range_of(source, parts.parts.back());
  if (!parts.separators.empty()) {
    const int comma = source.tokens()[parts.separators.back()].begin;
    comma_first_ = patch.first_on_line(comma);
    if (comma_first_) indent_ = patch.indentation(comma);
  }
  if (!comma_first_ && patch.first_on_line(last.begin)) {
    lines_ = true;
    indent_ = patch.indentation(last.begin);
  } else if (!comma_first_ && patch.column_of(last.end) + static_cast<int>(more) > kLineColumns) {
    lines_ = true;
    indent_ = std::string(static_cast<std::size_t>(patch.column_of(first.begin)), ' ');
  }
}

std::string ListStyle::separator() const {
  if (comma_first_) return newline_ + indent_ + ", ";
  return lines_ ? "," + newline_ + indent_ : ", ";
}

std::string ListStyle::join(const std::vector<std::string>& items) const {
  return fmt::format("{}", fmt::join(items, separator()));
}

void insert_items(const SourceText& source, Patch& patch, const Parts& parts, std::size_t position,
                  const std::vector<std::string>& items) {
  std::size_t more = 2;
  for (const std::string& item : items) more += item.size() + 2;
  const ListStyle style(source, patch, parts, more);
  const std::string text = style.join(items);
  if (position < parts.parts.size()) {
    patch.insert(range_of(source, parts.parts[position]).begin, text + style.separator());
    return;
  }
  const int end = range_of(source, parts.parts.back()).end;
  const int line_end = patch.end_of_line_after(end);
  if (style.comma_first()) {
    patch.insert(line_end, style.separator() + text);
  } else if (style.lines()) {
    // A comment behind the last item stays with it.
    patch.insert(end, ",");
    patch.insert(line_end, patch.newline() + style.indent() + text);
  } else {
    patch.insert(end, ", " + text);
  }
}

void remove_items(const SourceText& source, Patch& patch, const Parts& parts,
                  const std::set<std::size_t>& which) {
  std::size_t first_kept = 0, last_kept = parts.parts.size();
  while (which.contains(first_kept)) ++first_kept;
  while (which.contains(last_kept - 1)) --last_kept;
  const bool commas_first =
      !parts.separators.empty() && patch.first_on_line(source.tokens()[parts.separators.back()].begin);
  for (const std::size_t i : which) {
    const Range item = range_of(source, parts.parts[i]);
    // With the comma behind it, or with that before it where commas begin lines.
    if (i < first_kept || (i < last_kept && !commas_first)) {
      const int comma = source.tokens()[parts.separators[i]].end;
      patch.cut({item.begin, patch.begin_after(comma)});
    } else {
      const int comma = source.tokens()[parts.separators[i - 1]].begin;
      patch.cut({patch.end_before(comma), item.end});
    }
  }
}

}  // namespace offtake::sql::form
