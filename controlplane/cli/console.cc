#include "controlplane/cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace offtake::cli {
namespace {

bool wants_colours() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return (no_color == nullptr || *no_color == '\0') && (term == nullptr || std::string_view(term) != "dumb");
}

void write_line(std::FILE* file, std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), file);
  std::fputc('\n', file);
  std::fflush(file);
}

// At most `width` characters of a line without colours.
std::string_view clipped(std::string_view line, std::size_t width) {
  std::size_t at = 0;
  for (std::size_t shown = 0; at < line.size(); ++at) {
    if ((line[at] & 0xC0) != 0x80 && ++shown > width) break;
  }
  return line.substr(0, at);
}

}  // namespace

// Characters, not bytes: a continuation byte of UTF-8 takes no place.
std::size_t shown_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

Console::Console() : out_terminal_(isatty(STDOUT_FILENO) == 1), colours_(out_terminal_ && wants_colours()) {}

void Console::clear_moving() {
  if (!moving_) return;
  std::fputs("\r\x1b[K", stdout);
  moving_ = false;
}

void Console::out(std::string_view line) {
  const std::lock_guard lock(mutex_);
  clear_moving();
  write_line(stdout, line);
}

void Console::text(std::string_view text) {
  const std::lock_guard lock(mutex_);
  clear_moving();
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void Console::say(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (moving_) {
    clear_moving();
    std::fflush(stdout);
  }
  write_line(stderr, line);
}

void Console::warn(std::string_view message) {
  say(paint("warning: ", Colour::kYellow) + std::string(message));
}

void Console::error(const base::Error& error) {
  if (error.causes.empty()) return say(error.text());
  for (const base::Error& cause : error.causes) say(cause.text());
}

void Console::moving(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (!out_terminal_) return;
  // A line that wraps could not be replaced.
  line = clipped(line, static_cast<std::size_t>(std::max(1, width() - 1)));
  std::fputs("\r\x1b[K", stdout);
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
  moving_ = true;
}

void Console::end_moving() {
  const std::lock_guard lock(mutex_);
  clear_moving();
  std::fflush(stdout);
}

std::string Console::paint(std::string_view text, Colour colour) const {
  if (!colours_ || colour == Colour::kPlain || text.empty()) return std::string(text);
  const char* code = "0";
  switch (colour) {
    case Colour::kBold:
      code = "1";
      break;
    case Colour::kDim:
      code = "2";
      break;
    case Colour::kGreen:
      code = "32";
      break;
    case Colour::kYellow:
      code = "33";
      break;
    case Colour::kRed:
      code = "31";
      break;
    case Colour::kPlain:
      break;
  }
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

int Console::width() const {
  winsize size{};
  if (out_terminal_ && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 100;
}

std::string table_text(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], shown_width(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - shown_width(row[i]) + 2, ' ');
    }
    while (line.ends_with(' ')) line.pop_back();
    out += line + "\n";
  }
  return out;
}

}  // namespace offtake::cli
