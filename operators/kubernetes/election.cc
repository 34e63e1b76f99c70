#include "operators/kubernetes/election.h"

#include "base/id.h"
#include "base/log.h"

namespace offtake::kubernetes {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Steady::now().time_since_epoch()).count();
}

// As the API wants the times of a Lease: always six digits of a fraction.
std::string micro_time(base::Micros now) {
  const std::string seconds = base::format_instant(now / 1'000'000 * 1'000'000);
  return fmt::format("{}.{:06}Z", seconds.substr(0, seconds.size() - 1), now % 1'000'000);
}

void wait(std::chrono::milliseconds period, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, period, [] { return false; });
}

}  // namespace

Election::Election(Client& client, ElectionOptions options) : client_(client), options_(std::move(options)) {}

bool Election::leads() const {
  const std::int64_t renewed = renewed_ns_;
  return renewed != 0 && std::chrono::nanoseconds(now_ns() - renewed) < options_.renew_deadline;
}

std::string Election::leader() const {
  std::lock_guard lock(mutex_);
  return leader_;
}

std::string Election::trouble() const {
  std::lock_guard lock(mutex_);
  return trouble_;
}

void Election::note(std::string trouble) {
  std::lock_guard lock(mutex_);
  if (!trouble.empty() && trouble != trouble_) {
    base::log_warn("the lease is not to be had", {{"lease", options_.lease_name}, {"error", trouble}});
  }
  trouble_ = std::move(trouble);
}

std::chrono::milliseconds Election::jittered(std::chrono::milliseconds period) const {
  return period + std::chrono::milliseconds(base::random_u64() % (period.count() / 10 + 1));
}

void Election::observe(const json::Value& lease) {
  const json::Value& spec = lease["spec"];
  // What a holder changes with each renewal, whatever else is written to the object.
  const std::string record = json::dump_canonical(spec);
  if (record != observed_record_) {
    observed_record_ = record;
    observed_at_ = Steady::now();
  }
  std::lock_guard lock(mutex_);
  leader_ = spec.string_or("holderIdentity");
}

bool Election::write_lease(json::Value lease, bool create, bool held) {
  const json::Value before = lease["spec"];
  json::Value& spec = lease.get_or_add("spec");
  const std::string now = micro_time(base::system_clock().now());
  const bool ours = before.string_or("holderIdentity") == options_.identity;
  spec.set("holderIdentity", held ? options_.identity : "");
  spec.set("leaseDurationSeconds", held ? options_.lease_duration.count() / 1000 : std::int64_t{1});
  if (!ours || !spec["acquireTime"].is_string()) {
    spec.set("acquireTime", now);
    spec.set("leaseTransitions", create ? 0 : before.int_or("leaseTransitions") + 1);
  }
  spec.set("renewTime", now);
  const std::int64_t sent = now_ns();
  auto written = create ? client_.create(kLeases, lease) : client_.update(kLeases, lease);
  if (!written) {
    // Somebody else was faster.
    const bool lost = written.error().code == "Conflict" || written.error().code == "AlreadyExists";
    note(lost ? "" : written.error().text());
    return false;
  }
  note("");
  observe(written->object);
  // From before the request: the others count from when they saw it, which is later.
  renewed_ns_ = held ? sent : 0;
  return true;
}

bool Election::try_acquire() {
  auto found = client_.get(kLeases, options_.namespace_name, options_.lease_name);
  if (!found) {
    if (found.error().code != "NotFound") {
      note(found.error().text());
      return false;
    }
    json::Value lease = json::Object{
        {"apiVersion", "coordination.k8s.io/v1"},
        {"kind", "Lease"},
        {"metadata", json::Object{{"name", options_.lease_name}, {"namespace", options_.namespace_name}}}};
    return write_lease(std::move(lease), true, true);
  }
  note("");
  observe(*found);
  const json::Value& spec = (*found)["spec"];
  const std::string holder = spec.string_or("holderIdentity");
  const auto lasts = std::chrono::seconds(spec.int_or("leaseDurationSeconds", 15));
  const bool held = !holder.empty() && holder != options_.identity && Steady::now() < observed_at_ + lasts;
  if (held) return false;
  return write_lease(*std::move(found), false, true);
}

bool Election::try_renew() {
  auto found = client_.get(kLeases, options_.namespace_name, options_.lease_name);
  if (!found) {
    if (found.error().code == "NotFound") return try_acquire();
    note(found.error().text());
    return false;
  }
  observe(*found);
  // Taken by another one while this process was held.
  if ((*found)["spec"].string_or("holderIdentity") != options_.identity) {
    renewed_ns_ = 0;
    return false;
  }
  return write_lease(*std::move(found), false, true);
}

void Election::release() {
  renewed_ns_ = 0;
  auto found = client_.get(kLeases, options_.namespace_name, options_.lease_name);
  if (!found || (*found)["spec"].string_or("holderIdentity") != options_.identity) return;
  write_lease(*std::move(found), false, false);
}

void Election::run(const std::function<void(std::stop_token)>& lead, std::stop_token stop) {
  while (!stop.stop_requested()) {
    if (!try_acquire()) {
      wait(jittered(options_.retry_period), stop);
      continue;
    }
    base::log_info("leading", {{"identity", options_.identity}, {"lease", options_.lease_name}});
    std::atomic<bool> ended = false;
    std::stop_source ending;
    std::jthread work([&] {
      lead(ending.get_token());
      ended = true;
    });
    const auto renewing = [&] {
      if (!try_renew() && !leads()) {
        if (!ending.stop_requested()) {
          base::log_error("this process leads no longer", {{"leader", leader()}, {"why", trouble()}});
        }
        renewed_ns_ = 0;
        ending.request_stop();
      }
    };
    while (!stop.stop_requested() && !ended && !ending.stop_requested()) {
      wait(jittered(options_.retry_period), stop);
      if (!stop.stop_requested()) renewing();
    }
    // What is in work comes to its end under the Lease.
    ending.request_stop();
    for (auto next = Steady::now() + options_.retry_period; !ended;) {
      wait(20ms, {});
      if (Steady::now() < next || !leads()) continue;
      renewing();
      next = Steady::now() + options_.retry_period;
    }
    work.join();
    if (leads()) release();
    if (!stop.stop_requested()) wait(jittered(options_.retry_period), stop);
  }
}

}  // namespace offtake::kubernetes
