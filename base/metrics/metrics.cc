#include "base/metrics/metrics.h"

#include <cassert>
#include <charconv>
#include <cmath>
#include <limits>

namespace offtake::metrics {
namespace {

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return {digits.data(), end};
}

void add_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

// `extra`: a label more, as text ready to show.
std::string shown(const Labels& labels, std::string_view extra = "") {
  std::string out;
  const auto add = [&out](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out += out.empty() ? "{" : ",";
    out += name;
    out += "=\"";
    add_escaped(out, value, true);
    out += '"';
  };
  add("namespace", labels.ns);
  add("product", labels.product);
  add("revision", labels.revision);
  add("topic", labels.topic);
  add("partition", labels.partition);
  if (!extra.empty()) {
    out += out.empty() ? "{" : ",";
    out += extra;
  }
  if (!out.empty()) out += '}';
  return out;
}

void add_to(std::atomic<double>& target, double value) {
  double before = target.load(std::memory_order_relaxed);
  while (!target.compare_exchange_weak(before, before + value, std::memory_order_relaxed)) {
  }
}

}  // namespace

void Counter::add(double value) {
  assert(value >= 0);
  add_to(value_, value);
}

void Gauge::add(double value) {
  add_to(value_, value);
}

Histogram::Histogram(std::vector<double> bounds) : bounds_(std::move(bounds)), buckets_(bounds_.size() + 1) {}

void Histogram::observe(double value) {
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  buckets_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  add_to(sum_, value);
}

std::uint64_t Histogram::count() const {
  std::uint64_t total = 0;
  for (const auto& bucket : buckets_) total += bucket.load(std::memory_order_relaxed);
  return total;
}

double Histogram::quantile(double quantile) const {
  const std::uint64_t total = count();
  if (total == 0 || bounds_.empty()) return 0;
  const double wanted = quantile * static_cast<double>(total);
  double before = 0;
  for (std::size_t i = 0; i < bounds_.size(); ++i) {
    const auto here = static_cast<double>(buckets_[i].load(std::memory_order_relaxed));
    if (here > 0 && before + here >= wanted) {
      const double low = i == 0 ? 0 : bounds_[i - 1];
      return low + (bounds_[i] - low) * (wanted - before) / here;
    }
    before += here;
  }
  return bounds_.back();
}

std::vector<double> latency_bounds() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
}

Registry::Family& Registry::family(std::string_view name, std::string_view help, Kind kind) {
  auto found = families_.find(name);
  if (found == families_.end()) {
    Family made;
    made.kind = kind;
    made.help = help;
    found = families_.emplace(std::string(name), std::move(made)).first;
  }
  assert(found->second.kind == kind);
  return found->second;
}

Counter& Registry::counter(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& counter = family(name, help, Kind::kCounter).series[labels].counter;
  if (counter == nullptr) counter = std::make_unique<Counter>();
  return *counter;
}

Gauge& Registry::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& gauge = family(name, help, Kind::kGauge).series[labels].gauge;
  if (gauge == nullptr) gauge = std::make_unique<Gauge>();
  return *gauge;
}

Histogram& Registry::histogram(std::string_view name, std::string_view help,
                               const std::vector<double>& bounds, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& histogram = family(name, help, Kind::kHistogram).series[labels].histogram;
  if (histogram == nullptr) histogram = std::make_unique<Histogram>(bounds);
  return *histogram;
}

Registry::Callback Registry::callback_gauge(std::string_view name, std::string_view help,
                                            const Labels& labels, std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  family(name, help, Kind::kGauge);
  const std::uint64_t id = next_callback_++;
  callbacks_.emplace(id, Asked{std::string(name), labels, std::move(read)});
  return {this, id};
}

Registry::Callback::~Callback() {
  if (registry_ == nullptr) return;
  const std::lock_guard lock(registry_->mutex_);
  registry_->callbacks_.erase(id_);
}

void Registry::remove(std::string_view ns, std::string_view product, std::string_view revision) {
  const std::lock_guard lock(mutex_);
  for (auto& [name, family] : families_) {
    std::erase_if(family.series, [&](const auto& entry) {
      const Labels& labels = entry.first;
      return labels.ns == ns && labels.product == product &&
             (revision.empty() || labels.revision == revision);
    });
  }
}

void Registry::write_family(std::string& out, const std::string& name, const Family& family) const {
  std::string lines;
  for (const auto& [labels, series] : family.series) {
    if (series.counter != nullptr) {
      lines += fmt::format("{}{} {}\n", name, shown(labels), number(series.counter->value()));
    } else if (series.gauge != nullptr) {
      lines += fmt::format("{}{} {}\n", name, shown(labels), number(series.gauge->value()));
    } else if (series.histogram != nullptr) {
      const Histogram& histogram = *series.histogram;
      std::uint64_t total = 0;
      for (std::size_t i = 0; i < histogram.buckets_.size(); ++i) {
        total += histogram.buckets_[i].load(std::memory_order_relaxed);
        const double bound =
            i < histogram.bounds_.size() ? histogram.bounds_[i] : std::numeric_limits<double>::infinity();
        lines += fmt::format("{}_bucket{} {}\n", name, shown(labels, fmt::format("le=\"{}\"", number(bound))),
                             total);
      }
      lines += fmt::format("{}_sum{} {}\n", name, shown(labels), number(histogram.sum_.load()));
      lines += fmt::format("{}_count{} {}\n", name, shown(labels), total);
    }
  }
  for (const auto& [id, asked] : callbacks_) {
    if (asked.name == name)
      lines += fmt::format("{}{} {}\n", name, shown(asked.labels), number(asked.read()));
  }
  if (lines.empty()) return;
  static constexpr std::array<std::string_view, 3> kKinds{"counter", "gauge", "histogram"};
  out += fmt::format("# HELP {} ", name);
  add_escaped(out, family.help, false);
  out += fmt::format("\n# TYPE {} {}\n", name, kKinds[static_cast<std::size_t>(family.kind)]);
  out += lines;
}

std::string Registry::text() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) write_family(out, name, family);
  return out;
}

Registry& registry() {
  // Never destroyed: handles of other static objects may end after it.
  static Registry* const kRegistry = new Registry;
  return *kRegistry;
}

}  // namespace offtake::metrics
