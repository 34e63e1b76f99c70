#include "controlplane/cli/demo/trickle.h"

namespace offtake::cli::demo {

using namespace std::chrono_literals;

Trickle::Trickle(const ServerAddress& address, std::string company, std::uint64_t seed, RetailSizes sizes)
    : client_(address), company_(std::move(company)), retail_(seed, sizes, base::system_clock().now()) {}

Trickle::~Trickle() {
  thread_.request_stop();
}

base::Status Trickle::start() {
  auto writer = RecordWriter::open(client_, company_, Retail::dataset_names(), 100);
  if (!writer) return std::move(writer).error();
  writer_ = *std::move(writer);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  return {};
}

base::Status Trickle::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock(mutex_);
  if (error_) return *error_;
  return {};
}

std::optional<base::Error> Trickle::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

void Trickle::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    base::Status done;
    for (const Event& event : retail_.moment(base::system_clock().now())) {
      if (done) done = writer_->write(event);
    }
    if (done) done = writer_->flush();
    std::unique_lock lock(mutex_);
    if (!done) {
      error_ = done.error();
      return;
    }
    wake_.wait_for(lock, stop, 200ms, [] { return false; });
  }
}

}  // namespace offtake::cli::demo
