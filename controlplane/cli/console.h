// What the user sees: standard output for what was asked for, standard error for what is said about it.
// Colours only on a terminal and without NO_COLOR. Thread-safe by line.
#pragma once
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace offtake::cli {

enum class Colour { kPlain, kBold, kDim, kGreen, kYellow, kRed };

class Console {
 public:
  Console();
  void out(std::string_view line);   // a line to standard output
  void text(std::string_view text);  // as it is
  void say(std::string_view line);   // a line to standard error
  void warn(std::string_view message);
  void error(const base::Error& error);  // each of its causes on a line of its own, if it has any

  // A line of standard output, without colours, that the next one replaces; cut to the terminal's width; only
  // where out_terminal(). Cleared by the next out().
  void moving(std::string_view line);
  void end_moving();

  bool out_terminal() const { return out_terminal_; }
  std::string paint(std::string_view text, Colour colour) const;
  int width() const;  // of the terminal; 100 where there is none

 private:
  void clear_moving();
  std::mutex mutex_;
  bool out_terminal_ = false;
  bool colours_ = false;
  bool moving_ = false;
};

// How many characters a terminal shows of a text without colours.
std::size_t shown_width(std::string_view text);

// Columns of equal width, two spaces apart; the first row is the header. No spaces at line ends.
std::string table_text(const std::vector<std::vector<std::string>>& rows);

}  // namespace offtake::cli
