// Counters, gauges and histograms, shown in Prometheus' text format. Thread-safe throughout: an update is one
// atomic operation (a histogram: a few), a look-up by labels takes a lock, so hot code keeps the reference.
//
// Labels are namespace, product, revision, topic and partition only: their values are bounded by what users
// create. Anything else would make one series per request.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace offtake::metrics {

struct Labels {
  std::string ns;  // shown as "namespace"
  std::string product;
  std::string revision;
  std::string topic;
  std::string partition;
  auto operator<=>(const Labels&) const = default;
};

class Counter {
 public:
  void add(double value = 1);  // REQUIRES: value >= 0
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double value);
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds);
  void observe(double value);
  // The value below which the share `quantile` of the observations lies, interpolated within its bucket; 0
  // when there are none.
  double quantile(double quantile) const;
  std::uint64_t count() const;

 private:
  friend class Registry;
  std::vector<double> bounds_;  // upper ones, ascending; one bucket more for the rest
  std::vector<std::atomic<std::uint64_t>> buckets_;
  std::atomic<double> sum_{0};
};

// Seconds from 1 ms to 60 s.
std::vector<double> latency_bounds();

class Registry {
 public:
  // The same object for the same name and labels; it lives as long as the registry, or until remove.
  // REQUIRES: one kind, help text and bounds per name. Names: offtake_<what>_<unit>, counters end in _total.
  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, const std::vector<double>& bounds,
                       const Labels& labels = {});

  // A gauge whose value is asked for when the text is made; `read` must not use this registry. Ends with the
  // returned handle, after which `read` is not called any more.
  class Callback {
   public:
    Callback() = default;
    Callback(Callback&& other) noexcept
        : registry_(std::exchange(other.registry_, nullptr)), id_(other.id_) {}
    Callback& operator=(Callback&& other) noexcept {
      std::swap(registry_, other.registry_);
      std::swap(id_, other.id_);
      return *this;
    }
    ~Callback();

   private:
    friend class Registry;
    Callback(Registry* registry, std::uint64_t id) : registry_(registry), id_(id) {}
    Registry* registry_ = nullptr;
    std::uint64_t id_ = 0;
  };
  [[nodiscard]] Callback callback_gauge(std::string_view name, std::string_view help, const Labels& labels,
                                        std::function<double()> read);

  // Forgets all series of a product (or one revision of it). Nobody may hold references to them any more.
  void remove(std::string_view ns, std::string_view product, std::string_view revision = "");

  // Content type: text/plain; version=0.0.4
  std::string text() const;

 private:
  enum class Kind { kCounter, kGauge, kHistogram };
  struct Series {
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<Histogram> histogram;
  };
  struct Family {
    Kind kind = Kind::kGauge;
    std::string help;
    std::map<Labels, Series> series;
  };
  struct Asked {
    std::string name;
    Labels labels;
    std::function<double()> read;
  };
  Family& family(std::string_view name, std::string_view help, Kind kind);
  void write_family(std::string& out, const std::string& name, const Family& family) const;

  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
  std::map<std::uint64_t, Asked> callbacks_;
  std::uint64_t next_callback_ = 1;
};

// The program's registry, shown at /metrics.
Registry& registry();

}  // namespace offtake::metrics
