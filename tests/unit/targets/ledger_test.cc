// The ledger changes with the epoch or piece of a fill it belongs to, or not at all.
#include "operators/targets/ledger_json.h"
#include "session.h"

namespace offtake::targets_test {
namespace {

TableSpec orders(int revision = 1) {
  TableSpec table;
  table.name = "orders";
  table.revision = revision;
  table.columns = {{"id", types::TypeId::kInt8, false}, {"name", types::TypeId::kText, true}};
  table.identity = {plan::Identity::Kind::kProvedKey, {0}};
  return table;
}

LedgerEntry parked(sources::Offset offset, LedgerEntry::Status status = LedgerEntry::Status::kParked) {
  LedgerEntry entry;
  entry.id = id_of_input("shop/orders", 0, offset);
  entry.status = status;
  entry.dataset = "shop/orders";
  entry.partition = 0;
  entry.offset = offset;
  entry.key_digest = "d1";
  entry.key = "'Ångström \"7\"'";
  entry.code = "RecordNotDecoded";
  entry.error = "it ends in the middle of field 'name'";
  entry.epoch = 3;
  entry.at = 1'800'000'000'000'000;
  return entry;
}

std::map<std::string, LedgerEntry> by_id(const std::vector<LedgerEntry>& entries) {
  std::map<std::string, LedgerEntry> out;
  for (const auto& entry : entries) out[entry.id] = entry;
  return out;
}

std::map<std::string, LedgerEntry> ledger_of(Target& target, int revision) {
  auto entries = target.ledger(revision);
  REQUIRE_OK(entries);
  return by_id(*entries);
}

EpochCommit next_epoch(Session& session, LedgerChanges ledger) {
  EpochCommit commit;
  commit.last_epoch = session.control.epoch;
  commit.offsets = session.control.offsets;
  commit.last_records = session.control.last_records;
  commit.logical_time = session.control.logical_time;
  commit.content = session.control.content;
  commit.ledger = std::move(ledger);
  return commit;
}

std::vector<Fixture*> with_a_ledger() {
  return fixtures([](const TargetTraits& traits) { return traits.ledger_entries > 0; });
}

}  // namespace

TEST_CASE("the ledger comes with the fill and changes with epochs") {
  for (Fixture* fixture : with_a_ledger()) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    Session session(product, orders());
    CHECK(session.target().ledger(1)->empty());
    session.begin();
    {
      auto loader = session.target().open_loader("0");
      REQUIRE_OK(loader);
      const auto rows = changes_of(session.table(), {.upserts = {{"1", "one"}, {"2", "two"}}, .new_rows = 2});
      REQUIRE_OK((*loader)->append(rows));
      session.control.content = rows.checksum;
      REQUIRE_OK((*loader)->commit({}, {}, {.put = {parked(3), parked(4)}, .remove = {}}));
    }
    CHECK(ledger_of(session.target(), 1) == by_id({parked(3), parked(4)}));
    REQUIRE_OK(session.target().finish_load());
    REQUIRE_OK(session.target().finish_fill(session.control.content, session.control.logical_time,
                                            session.control.last_records,
                                            {.put = {parked(9)}, .remove = {}}));
    session.control.offsets = session.control.cut;
    session.control.phase = Phase::kCatchingUp;
    CHECK(ledger_of(session.target(), 1) == by_id({parked(3), parked(4), parked(9)}));
    session.publish();

    const LedgerEntry gone = parked(9, LedgerEntry::Status::kDiscarded);
    REQUIRE_OK(session.target().commit(
        next_epoch(session, {.put = {gone, parked(120)}, .remove = {parked(3).id, parked(4).id}})));
    ++session.control.epoch;
    CHECK(ledger_of(session.target(), 1) == by_id({gone, parked(120)}));

    // With rows in the same epoch, and again when its answer was lost.
    EpochCommit commit = next_epoch(session, {.put = {}, .remove = {parked(120).id}});
    commit.changes = changes_of(session.table(), {.upserts = {{"3", "three"}}, .new_rows = 1});
    commit.content.rows += commit.changes.checksum.rows;
    commit.content.sum += commit.changes.checksum.sum;
    REQUIRE_OK(session.target().commit(commit));
    REQUIRE_OK(session.target().commit(commit));
    session.control.content = commit.content;
    ++session.control.epoch;
    CHECK(ledger_of(session.target(), 1) == by_id({gone}));
    session.check_proof();

    // A worker that starts finds it, a successor reads it and has its own.
    auto other = product.open(orders(2));
    CHECK(ledger_of(*other, 1) == by_id({gone}));
    CHECK(ledger_of(*other, 2).empty());
    REQUIRE_OK(session.target().take_ownership({1, 2, "the next one"}));
    CHECK(ledger_of(session.target(), 1) == by_id({gone}));
  }
}

TEST_CASE("a fill that begins anew has no ledger, and an epoch of another owner changes none") {
  for (Fixture* fixture : with_a_ledger()) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    Session session(product, orders());
    session.begin();
    {
      auto loader = session.target().open_loader("0");
      REQUIRE_OK(loader);
      REQUIRE_OK((*loader)->commit({}, {}, {.put = {parked(3)}, .remove = {}}));
    }
    session.begin();
    CHECK(ledger_of(session.target(), 1).empty());
    session.load(changes_of(session.table(), {.upserts = {{"1", "one"}}, .new_rows = 1}));
    REQUIRE_OK(session.finish());
    session.publish();
    auto next = product.open(orders());
    REQUIRE_OK(next->take_ownership({1, 9, "another"}));
    const auto late = session.target().commit(next_epoch(session, {.put = {parked(5)}, .remove = {}}));
    REQUIRE_FALSE(late.ok());
    CHECK(late.error().retry == base::Retry::kFenced);
    CHECK(ledger_of(*next, 1).empty());
  }
}

TEST_CASE("entries are the same after a way through JSON") {
  LedgerEntry output;
  output.kind = LedgerEntry::Kind::kOutput;
  output.id = id_of_text(output.kind, "key");
  output.status = LedgerEntry::Status::kRetrying;
  output.delivered = {1, 0xfedcba9876543210U};
  output.wanted = {1, 0x8000000000000001U};
  output.wanted_row = R"({"id":7,"name":"x"})";
  for (const LedgerEntry& entry : {parked(1), parked(2, LedgerEntry::Status::kWaiting), output}) {
    auto read = parse_entry(entry_text(entry));
    REQUIRE_OK(read);
    CHECK(*read == entry);
  }
  CHECK_FALSE(parse_entry(R"({"id":"x","kind":"Riddle","status":"Parked"})").ok());
}

TEST_CASE("a command selects what fits everything it gives") {
  struct Case {
    const char* what;
    LedgerCommand command;
    bool selects;
  };
  using enum LedgerCommand::Verb;
  const LedgerEntry entry = parked(7);
  for (const Case& one :
       std::vector<Case>{{"nothing given", {kReplay, {}, "", "", false}, false},
                         {"all", {kReplay, {}, "", "", true}, true},
                         {"its id", {kDiscard, {"in-0", entry.id}, "", "", false}, true},
                         {"another id", {kDiscard, {"in-0"}, "", "", false}, false},
                         {"its key", {kReplay, {}, entry.key, "", false}, true},
                         {"its key elsewhere", {kReplay, {}, entry.key, "shop/customers", false}, false},
                         {"all of a dataset", {kReplay, {}, "", "shop/orders", true}, true},
                         {"all of another", {kReplay, {}, "", "shop/customers", true}, false}}) {
    CAPTURE(one.what);
    CHECK(selects(one.command, entry) == one.selects);
    auto again = ledger_command_from_json(to_json(one.command));
    CHECK(selects(again, entry) == one.selects);
    CHECK(again.verb == one.command.verb);
  }
}

}  // namespace offtake::targets_test
