#include "controlplane/cli/progress.h"

#include "controlplane/cli/connection.h"

namespace offtake::cli {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

std::string seconds_text(double seconds) {
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  const auto whole = static_cast<std::int64_t>(seconds);
  if (whole < 7200) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
}

std::string lag_text(std::int64_t milliseconds) {
  if (milliseconds < 1000) return fmt::format("{}ms", milliseconds);
  const std::int64_t seconds = milliseconds / 1000;
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (seconds < 7200) return fmt::format("{}m{}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{}m", seconds / 3600, seconds / 60 % 60);
}

ProgressBar::ProgressBar(Console& console, std::string what, std::string unit,
                         std::chrono::milliseconds interval)
    : console_(console), what_(std::move(what)), unit_(std::move(unit)), interval_(interval) {}

double ProgressBar::seconds() const {
  return std::chrono::duration<double>((full_ ? *full_ : Clock::now()) - started_).count();
}

std::string ProgressBar::rate_text() const {
  const double seconds = this->seconds();
  if (seconds < 0.2 || done_ <= first_) return "";
  return grouped(static_cast<std::int64_t>(static_cast<double>(done_ - first_) / seconds)) + "/s";
}

std::string ProgressBar::left_text() const {
  const double seconds = this->seconds();
  if (seconds < 0.2 || done_ <= first_ || done_ >= total_) return "";
  const double rate = static_cast<double>(done_ - first_) / seconds;
  return seconds_text(static_cast<double>(total_ - done_) / rate) + " left";
}

void ProgressBar::update(std::int64_t done, std::int64_t total) {
  const auto now = Clock::now();
  if (first_ < 0) {
    first_ = done;
    started_ = printed_ = now;
  }
  // Never backwards, also when what is counted starts over.
  done_ = std::max(done_, done);
  total_ = std::max({total_, total, done_});
  // What comes after the last one, such as indexes, does not slow the reading down.
  if (done_ < total_) {
    full_.reset();
  } else if (!full_) {
    full_ = now;
  }
  const int percent = total_ > 0 ? static_cast<int>(std::min<std::int64_t>(100, done_ * 100 / total_)) : 0;
  if (console_.out_terminal()) {
    // The bar keeps its width; where there is no room for one beside the counts, the share stands for them.
    constexpr std::size_t kRateAndTime = 26, kBetween = 9;
    constexpr int kNarrowest = 8, kWidest = 28;
    const std::string counts = fmt::format("{} of {} {}", grouped(done_), grouped(total_), unit_);
    const std::size_t widest_counts = 2 * grouped(total_).size() + unit_.size() + 7;
    const auto room_beside = [&](std::size_t numbers) {
      return console_.width() - static_cast<int>(shown_width(what_) + kBetween + kRateAndTime + numbers);
    };
    const bool counted = room_beside(widest_counts) >= kNarrowest;
    const int room = room_beside(counted ? widest_counts : 0);
    std::string line = what_;
    if (const int width = std::min(room, kWidest); width >= kNarrowest) {
      line += "  ";
      for (int i = 0; i < width; ++i) line += i < percent * width / 100 ? "█" : "░";
    }
    line += fmt::format("  {:>3}%", percent);
    for (const std::string& part : {counted ? counts : std::string(), rate_text(), left_text()}) {
      if (!part.empty()) line += "  " + part;
    }
    console_.moving(line);
    return;
  }
  if (done_ == printed_done_ || now - printed_ < interval_) return;
  printed_ = now;
  printed_done_ = done_;
  std::string line =
      fmt::format("{}: {} of {} {} ({}%)", what_, grouped(done_), grouped(total_), unit_, percent);
  for (const std::string& part : {rate_text(), left_text()}) {
    if (!part.empty()) line += ", " + part;
  }
  console_.out(line);
}

void ProgressBar::finish(std::optional<double> seconds) {
  if (first_ < 0) return;
  console_.end_moving();
  const double took = seconds.value_or(this->seconds());
  const std::int64_t counted = seconds ? done_ : done_ - first_;
  std::string line = fmt::format("{}: {} {} in {}", what_, grouped(done_), unit_, seconds_text(took));
  if (took >= 0.1 && counted > 0) {
    line += fmt::format(", {}/s", grouped(static_cast<std::int64_t>(static_cast<double>(counted) / took)));
  }
  console_.out(line);
  first_ = -1;
}

json::Value newest_progress(const json::Value& progress) {
  const json::Value& revisions = progress["revisions"];
  if (!revisions.is_array() || revisions.as_array().empty()) return {};
  return revisions.as_array().back();
}

}  // namespace offtake::cli
