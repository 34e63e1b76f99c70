#include "controlplane/reconcile/queue.h"

#include <doctest/doctest.h>

#include <thread>

namespace offtake::reconcile {

using namespace std::chrono_literals;

TEST_CASE("a key is in work once at a time and done again when it was added meanwhile") {
  WorkQueue queue;
  std::stop_source stop;
  queue.add("a");
  queue.add("a");
  CHECK(queue.take(stop.get_token()) == "a");
  queue.add("a");
  queue.add("b");
  CHECK(queue.take(stop.get_token()) == "b");
  queue.done("a");
  CHECK(queue.take(stop.get_token()) == "a");
  CHECK(queue.depth() == 0);
}

TEST_CASE("the earlier of two delays wins, and a waiting thread notices") {
  WorkQueue queue;
  std::stop_source stop;
  queue.add_after("a", 1h);
  std::string taken;
  std::jthread waiting([&] { taken = queue.take(stop.get_token()).value_or(""); });
  queue.add_after("a", 1ms);
  waiting.join();
  CHECK(taken == "a");
}

TEST_CASE("stopping ends the wait") {
  WorkQueue queue;
  std::stop_source stop;
  std::jthread waiting([&] { CHECK_FALSE(queue.take(stop.get_token())); });
  stop.request_stop();
  waiting.join();
}

}  // namespace offtake::reconcile
