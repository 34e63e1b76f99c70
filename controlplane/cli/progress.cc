#include "controlplane/cli/progress.h"

#include "controlplane/cli/connection.h"

namespace offtake::cli {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

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

std::string ProgressBar::rate_text() const {
  const double seconds = seconds_since(started_);
  if (seconds < 0.2 || done_ <= first_) return "";
  return grouped(static_cast<std::int64_t>(static_cast<double>(done_ - first_) / seconds)) + "/s";
}

std::string ProgressBar::left_text() const {
  const double seconds = seconds_since(started_);
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
  total_ = std::max(total_, total);
  const int percent = total_ > 0 ? static_cast<int>(std::min<std::int64_t>(100, done_ * 100 / total_)) : 0;
  if (console_.out_terminal()) {
    constexpr int kBar = 28;
    const int full = percent * kBar / 100;
    std::string bar;
    for (int i = 0; i < kBar; ++i) bar += i < full ? "█" : "░";
    console_.moving(fmt::format("{}  {}  {:>3}%  {} of {} {}  {}  {}", what_, bar, percent, grouped(done_),
                                grouped(total_), unit_, rate_text(), left_text()));
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
  const double took = seconds.value_or(seconds_since(started_));
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
