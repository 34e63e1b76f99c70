#include "fixture.h"

#include <doctest/doctest.h>

#include <thread>

namespace offtake::provision_test {
namespace {

using namespace std::chrono_literals;

files::TempDir scratch() {
  auto made = files::TempDir::make("offtake-servers");
  REQUIRE(made.ok());
  return *std::move(made);
}

servers::ServerView wait_for(const servers::Servers& servers, const servers::ServerOrder& order,
                             const std::function<bool(const servers::ServerView&)>& wanted) {
  // A JVM that starts beside other tests, on two cores, has taken more than two minutes.
  const auto deadline = std::chrono::steady_clock::now() + 300s;
  for (;;) {
    const auto view = servers.look(order.name, order.uid);
    if (wanted(view)) return view;
    const std::string seen =
        view.usable.ok() ? "usable" : view.usable.error().code + ": " + view.usable.error().text();
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, seen);
    std::this_thread::sleep_for(20ms);
  }
}

}  // namespace

Place::Place() : directory_(scratch()) {
  // As a data directory: its maker's alone, below one that all may pass.
  std::filesystem::permissions(path(), std::filesystem::perms(0755));
  REQUIRE(files::make_dirs(path() / "data", 0700).ok());
}

servers::ServerOrder postgres_order(const std::string& name, const std::string& uid) {
  servers::ServerOrder order;
  order.name = name;
  order.uid = uid;
  order.engine = "postgres";
  order.username = std::string(provision::find_server_engine("postgres")->username);
  order.password = "secret-of-" + uid;
  return order;
}

servers::ServerView wait_usable(const servers::Servers& servers, const servers::ServerOrder& order) {
  return wait_for(servers, order, [](const auto& view) { return view.usable.ok(); });
}

servers::ServerView wait_code(const servers::Servers& servers, const servers::ServerOrder& order,
                              const std::string& code) {
  return wait_for(servers, order,
                  [&](const auto& view) { return !view.usable.ok() && view.usable.error().code == code; });
}

void eventually(const std::function<bool()>& condition, const std::string& what) {
  // A JVM that starts beside other tests, on two cores, has taken more than two minutes.
  const auto deadline = std::chrono::steady_clock::now() + 300s;
  while (!condition()) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, what);
    std::this_thread::sleep_for(20ms);
  }
}

Running::Running(const Place& place, servers::MakeKind make_kind)
    : directory_(place.servers()), make_kind_(std::move(make_kind)) {
  servers_ = std::make_shared<servers::Servers>(directory_, make_kind_);
}

Running::~Running() {
  servers_->stop_all();
}

void Running::forget_and_begin_anew() {
  servers_.reset();
  servers_ = std::make_shared<servers::Servers>(directory_, make_kind_);
}

}  // namespace offtake::provision_test
