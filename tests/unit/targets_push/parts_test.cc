// The parts of a push target that need no receiver: sets of keys, their entries, queues.
#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

#include "operators/targets/protocol/ownership.h"
#include "operators/targets/push/hand_over.h"
#include "operators/targets/push/queue_ledger.h"
#include "operators/targets/push/retry_queues.h"
#include "operators/targets/push/settled_keys.h"

namespace offtake::targets::push {
namespace {

KeyDigest key(std::uint64_t number) {
  // The low bits collide on purpose.
  return {number * 0x9e3779b97f4a7c15ULL + 1, number % 61};
}

using Entries = std::map<std::string, std::string>;

void write_into(Entries& entries, const std::vector<journal::Change>& changes) {
  for (const auto& change : changes) {
    if (change.value) {
      entries[change.key] = *change.value;
    } else {
      entries.erase(change.key);
    }
  }
}

std::vector<journal::Change> listed(const Entries& entries) {
  std::vector<journal::Change> out;
  for (const auto& [key, value] : entries) out.push_back({key, value});
  return out;
}

ControlRow at(sources::Offset offset, base::Micros time = 0) {
  ControlRow row;
  row.revision = 1;
  row.offsets = {{"a/b", {{0, offset}}}};
  row.logical_time = time;
  return row;
}

}  // namespace

TEST_CASE("a set of keys is the set it should be, whatever comes and goes") {
  KeySet set;
  std::set<std::uint64_t> model;
  std::mt19937_64 random(7);
  for (int step = 0; step < 60'000; ++step) {
    const std::uint64_t number = random() % 3'000;
    if (random() % 3 != 0) {
      CHECK(set.insert(key(number)) == model.insert(number).second);
    } else {
      CHECK(set.erase(key(number)) == (model.erase(number) > 0));
    }
  }
  REQUIRE(set.size() == model.size());
  for (std::uint64_t number = 0; number < 3'000; ++number)
    CHECK(set.contains(key(number)) == model.contains(number));
  std::size_t seen = 0;
  set.for_each([&](const KeyDigest&) { ++seen; });
  CHECK(seen == model.size());
}

TEST_CASE("settled keys are what their entries say, packed or not") {
  for (const bool removing : {false, true}) {
    CAPTURE(removing);
    SettledKeys settled("own/1/settled/");
    Entries entries;
    std::set<std::uint64_t> model;
    std::mt19937_64 random(11);
    for (int epoch = 0; epoch < 700; ++epoch) {
      std::vector<KeyDigest> come, gone;
      for (int i = 0; i < 40; ++i) {
        const std::uint64_t number = random() % 50'000;
        if (removing && i % 4 == 0) {
          gone.push_back(key(number));
          model.erase(number);
        }
      }
      for (int i = 0; i < 40; ++i) {
        const std::uint64_t number = random() % 50'000;
        come.push_back(key(number));
        model.insert(number);
      }
      write_into(entries, settled.change(come, gone));
      CHECK(entries.size() < 80);
    }
    SettledKeys again("own/1/settled/");
    REQUIRE(again.load(listed(entries)).ok());
    CHECK(again.size() == model.size());
    CHECK(settled.size() == model.size());
    for (std::uint64_t number = 0; number < 50'000; ++number)
      REQUIRE(again.contains(key(number)) == model.contains(number));

    // A successor takes them in.
    SettledKeys next("own/2/settled/");
    Entries of_next;
    write_into(of_next, next.change(std::vector<KeyDigest>{key(60'000), key(1)}, {}));
    REQUIRE(next.include(listed(entries)).ok());
    write_into(of_next, next.rewrite());
    SettledKeys read("own/2/settled/");
    REQUIRE(read.load(listed(of_next)).ok());
    model.insert(60'000);
    model.insert(1);
    CHECK(read.size() == model.size());
    CHECK(read.contains(key(60'000)));
    // What a set packs of itself is what it is.
    write_into(of_next, read.change(std::vector<KeyDigest>{key(70'000)}, {}));
    SettledKeys last("own/2/settled/");
    REQUIRE(last.load(listed(of_next)).ok());
    CHECK(last.size() == model.size() + 1);
  }
}

TEST_CASE("large sets of settled keys stand in few entries") {
  SettledKeys settled("s/");
  std::vector<KeyDigest> keys;
  for (std::uint64_t number = 0; number < 100'000; ++number) keys.push_back({number + 1, number});
  Entries entries;
  write_into(entries, settled.change(keys, {}));
  CHECK(entries.size() == 7);
  for (const auto& [name, value] : entries) CHECK(value.size() <= 1 + 16'384 * 16);
  SettledKeys again("s/");
  REQUIRE(again.load(listed(entries)).ok());
  CHECK(again.size() == keys.size());
}

TEST_CASE("damaged entries are no keys") {
  for (const std::string& value :
       {std::string(), std::string("+short"), std::string("x") + std::string(16, 'a')}) {
    SettledKeys settled("s/");
    const std::vector<journal::Change> entries = {{"s/1", value}};
    const auto loaded = settled.load(entries);
    REQUIRE_FALSE(loaded.ok());
    CHECK(loaded.error().code == "BadSettledKeys");
  }
}

TEST_CASE("queues keep their order and come back from their entries") {
  RetryQueues queues;
  Entries entries;
  const auto message = [](const std::string& of, std::int64_t epoch) {
    Unsent out;
    out.key = of;
    out.epoch = epoch;
    out.event.id = fmt::format("u:{}:{}", of, epoch);
    out.event.data = R"({"row":{"n":"ü\n"}})";
    out.next = epoch;
    return out;
  };
  for (const std::int64_t epoch : {3, 5, 12}) {
    write_into(entries, {queues.push(message("aa", epoch))});
    write_into(entries, {queues.push(message("bb", epoch + 1))});
  }
  REQUIRE(queues.due(3, 10).size() == 1);
  CHECK(queues.due(3, 10)[0]->key == "aa");
  CHECK(queues.due(100, 10).size() == 2);
  CHECK(queues.due(100, 1).size() == 1);
  write_into(entries, {queues.drop_head("aa")});
  Unsent head = *queues.due(100, 10)[1];
  CHECK(head.key == "aa");
  CHECK(head.epoch == 5);
  head.attempts = 7;
  head.parked = true;
  head.error = "a sentence";
  write_into(entries, {queues.replace_head(head)});

  RetryQueues again;
  REQUIRE(again.load(listed(entries)).ok());
  CHECK(again.keys() == 2);
  CHECK(again.messages() == 5);
  CHECK(again.bytes() == queues.bytes());
  CHECK(again.parked_keys() == 1);
  REQUIRE(again.due(100, 10).size() == 1);
  CHECK(again.due(100, 10)[0]->epoch == 4);
  const Unsent& read = again.queues().at("aa").front();
  CHECK(read.attempts == 7);
  CHECK(read.error == "a sentence");
  CHECK(read.event.data == R"({"row":{"n":"ü\n"}})");
  CHECK(again.queues().at("aa").back().epoch == 12);
  CHECK_FALSE(again.load(std::vector<journal::Change>{{"retry/aa/1", "{}"}}).ok());
}

TEST_CASE("a successor's wish counts for a while, and for those before it") {
  const base::Micros now = 1'800'000'000'000'000;
  const std::vector<journal::Change> wishes = {wish_of(3, now)};
  CHECK(who_waits(wishes, 2, now) == 3);
  CHECK(who_waits(wishes, 2, now + 9'000'000) == 3);
  CHECK_FALSE(who_waits(wishes, 2, now + 11'000'000).has_value());
  CHECK_FALSE(who_waits(wishes, 3, now).has_value());
  CHECK_FALSE(who_waits({}, 1, now).has_value());
}

TEST_CASE("a successor never gets past whom it takes over from") {
  SwapResult result;
  CHECK(is_near_enough(at(100), at(100), result));
  CHECK(is_near_enough(at(90), at(100), result));
  CHECK_FALSE(is_near_enough(at(101), at(100), result));
  CHECK(result.hold);
  CHECK_FALSE(result.blocked_by.empty());
  result = {};
  CHECK_FALSE(is_near_enough(at(0), at(1'000'000), result));
  CHECK(result.behind);
  CHECK_FALSE(result.hold);
  // A partition that the other one has not found.
  ControlRow wider = at(90);
  wider.offsets["a/b"][1] = 1;
  CHECK(targets::protocol::is_past(wider, at(100)));
  // A dataset that only one of them reads.
  ControlRow other = at(90);
  other.offsets["a/c"][0] = 5;
  CHECK_FALSE(targets::protocol::is_past(other, at(100)));
}

TEST_CASE("queues as entries of the ledger: heads first, and what commands do to them") {
  using Verb = LedgerCommand::Verb;
  const auto message = [](std::string key, std::int64_t epoch, bool parked) {
    Unsent out;
    out.key = key;
    out.epoch = epoch;
    out.event.id = fmt::format("u:{}:{}", key, epoch);
    out.event.subject = "of " + key;
    out.attempts = parked ? 12 : epoch == 1 ? 2 : 0;
    out.parked = parked;
    out.error = "it answers 500";
    out.next = 900;
    return out;
  };
  RetryQueues queues;
  Entries journal;
  for (const auto& each : {message("a", 1, true), message("a", 2, false), message("a", 3, false),
                           message("b", 1, false), message("b", 4, false), message("c", 1, true)})
    write_into(journal, {queues.push(each)});
  const auto shown = [&](bool classified, std::size_t limit) {
    std::multiset<std::string> out;
    for (const auto& [id, entry] : entries_of(queues, classified, limit))
      out.insert(fmt::format("{} {} {}", entry.key, to_string(entry.status), entry.error));
    return out;
  };
  CHECK(shown(false, 100) ==
        std::multiset<std::string>{"of a Parked it answers 500 (12 tries)", "of a Waiting ", "of a Waiting ",
                                   "of b Retrying it answers 500 (2 tries)", "of b Waiting ",
                                   "of c Parked it answers 500 (12 tries)"});
  CHECK(shown(true, 3) == std::multiset<std::string>{"••• Parked it answers 500 (12 tries)",
                                                     "••• Parked it answers 500 (12 tries)",
                                                     "••• Retrying it answers 500 (2 tries)"});

  // A waiting one that is named goes alone; what is not parked stays unless it is named.
  const std::string third = id_of_text(LedgerEntry::Kind::kOutput, "a/3");
  auto named = apply({Verb::kDiscard, {third}, "", "", false}, false, queues);
  write_into(journal, named.changes);
  CHECK(named.discarded == 1);
  CHECK(named.keys.empty());
  auto all = apply({Verb::kDiscard, {}, "", "", true}, false, queues);
  write_into(journal, all.changes);
  CHECK(all.discarded == 2);
  CHECK(all.keys == std::set<std::string>{"a"});
  CHECK(queues.is_due("a", 1));
  CHECK_FALSE(queues.is_due("b", 1));
  CHECK_FALSE(queues.contains("c"));
  auto replayed = apply({Verb::kReplay, {}, "of b", "", false}, false, queues);
  write_into(journal, replayed.changes);
  CHECK(replayed.keys == std::set<std::string>{"b"});
  CHECK(queues.queues().at("b").front().attempts == 0);
  CHECK(apply({Verb::kReplay, {}, "", "shop/orders", true}, false, queues).changes.empty());

  RetryQueues again;
  REQUIRE(again.load(listed(journal)).ok());
  CHECK(again.messages() == 3);
  CHECK(again.is_due("a", 1));
  CHECK(again.is_due("b", 1));
}

}  // namespace offtake::targets::push
