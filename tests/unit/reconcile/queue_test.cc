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

TEST_CASE("those that are new do not hold up those that were there before") {
  WorkQueue queue;
  std::stop_source stop;
  for (const char* key : {"n1", "n2", "n3", "n4"}) queue.add(key);
  queue.is_known("old");
  queue.add("old");
  std::vector<std::string> taken;
  for (int i = 0; i < 5; ++i) taken.push_back(queue.take(stop.get_token()).value_or(""));
  CHECK(std::find(taken.begin(), taken.begin() + 2, "old") != taken.begin() + 2);
  CHECK(std::set<std::string>(taken.begin(), taken.end()).size() == 5);
  for (const auto& key : taken) queue.done(key);
  // One that waits changes lines and keeps its place.
  queue.add("n1");
  queue.is_known("n1");
  CHECK(queue.take(stop.get_token()) == "n1");
  queue.done("n1");
  queue.forget("n1");
  queue.add("n1");
  CHECK(queue.depth() == 1);
  CHECK(queue.take(stop.get_token()) == "n1");
}

TEST_CASE("of one line, what is due first is served first, whatever its name is") {
  WorkQueue queue;
  std::stop_source stop;
  for (const char* key : {"z", "m", "a"}) queue.add(key);
  for (const char* key : {"z", "m", "a"}) CHECK(queue.take(stop.get_token()) == key);
}

}  // namespace offtake::reconcile
