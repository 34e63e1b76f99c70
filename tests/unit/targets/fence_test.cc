// Owners: who may take over, what a late or frozen writer can still do (nothing), and what kill -9 leaves.
#include <csignal>

#include "base/crash_point.h"
#include "children.h"
#include "needs.h"
#include "session.h"

namespace offtake::targets_test {
namespace {

constexpr int kKilled = 128 + SIGKILL;
constexpr int kFencedExit = 10;

WriterSettings writer_of(const Product& product, std::int64_t incarnation) {
  WriterSettings settings;
  settings.connection = product.connection();
  settings.product_uid = product.uid();
  settings.incarnation = incarnation;
  return settings;
}

// Readers and proof see exactly what `epochs` epochs should have left.
void check_content(Fixture& fixture, Product& product, int epochs, int revision = 1) {
  const TableSpec table = workload_table(revision);
  const Model model = model_after(table, epochs);
  const types::Batch wanted = batch_of(table.columns, rows_of(model));
  auto target = product.open(table);
  auto proof = target->prove();
  REQUIRE_OK(proof);
  CHECK(proof->table == proof->control.content);
  CHECK(proof->table == checksum_of(wanted));
  CHECK(proof->control.offsets[kDataset][0] == kFillRows + epochs);
  std::vector<TextRow> shown(wanted.rows);
  for (std::size_t row = 0; row < wanted.rows; ++row) {
    for (const auto& column : wanted.columns) shown[row].push_back(fixture.shown(*column, row));
  }
  CHECK(product.read({}, "id") == shown);
}

}  // namespace

CONFORMANCE("a writer killed at any crash point is followed by one that ends the work", needs::kProcesses) {
  struct Place {
    const char* name;
    int nth;
  };
  const Place places[] = {{"mid-load", 1},
                          {"mid-load", 4},
                          {"before-indexes", 1},
                          {"after-indexes", 1},
                          {"before-swap-commit", 1},
                          {"after-swap-commit", 1},
                          {"mid-epoch", 1},
                          {"mid-epoch", 5},
                          {"before-epoch-commit", 3},
                          {"after-epoch-commit", 3},
                          {"after-epoch-commit", kEpochs}};
  const Place without_transactions[] = {{"intent-stored", 1}, {"intent-stored", 4}, {"public-name-moved", 1}};
  for (Fixture* fixture : promised) {
    std::vector<Place> all(std::begin(places), std::end(places));
    if (fixture->traits().commit == CommitKind::kIntent) {
      all.insert(all.end(), std::begin(without_transactions), std::end(without_transactions));
    }
    for (const auto& place : all) {
      CAPTURE(fixture->name());
      CAPTURE(place.name);
      CAPTURE(place.nth);
      Product product(*fixture);
      Writer first(writer_of(product, 1), fmt::format("{}:{}", place.name, place.nth));
      REQUIRE_MESSAGE(first.wait() == kKilled, first.log());
      CHECK(first.log().find("crash point") != std::string::npos);
      CHECK(first.log().find(place.name) != std::string::npos);
      Writer second(writer_of(product, 2));
      REQUIRE_MESSAGE(second.wait() == 0, second.log());
      check_content(*fixture, product, kEpochs);
    }
  }
}

CONFORMANCE("a successor killed while the current revision hands over is followed by another",
            needs::kIntent) {
  for (Fixture* fixture : promised) {
    for (const bool given_up : {false, true}) {
      CAPTURE(fixture->name());
      CAPTURE(given_up);
      Product product(*fixture);
      WriterSettings first = writer_of(product, 1);
      first.epochs = 0;
      Writer published(first);
      REQUIRE_MESSAGE(published.wait() == 0, published.log());
      WriterSettings second = writer_of(product, 1);
      second.revision = 2;
      Writer killed(second, "handing-over");
      REQUIRE_MESSAGE(killed.wait() == kKilled, killed.log());
      auto rows = product.provisioner().controls(product.target());
      REQUIRE_OK(rows);
      REQUIRE(rows->size() == 2);
      CHECK(rows->front().phase == Phase::kHandingOver);
      CHECK(rows->back().phase == Phase::kCatchingUp);
      check_content(*fixture, product, 0);
      // Nobody writes the first one again.
      first.incarnation = 7;
      Writer back(first);
      CHECK_MESSAGE(back.wait() == kFencedExit, back.log());
      if (given_up) {
        REQUIRE_OK(product.provisioner().fence(product.target(), 2));
        REQUIRE_OK(product.provisioner().drop_revision(product.target(), 2));
        check_content(*fixture, product, 0);
      }
      second.revision = given_up ? 3 : 2;
      second.incarnation = 2;
      Writer next(second);
      REQUIRE_MESSAGE(next.wait() == 0, next.log());
      check_content(*fixture, product, kEpochs, second.revision);
      rows = product.provisioner().controls(product.target());
      REQUIRE_OK(rows);
      CHECK(rows->front().phase == Phase::kFenced);
      CHECK(rows->back().phase == Phase::kCurrent);
    }
  }
}

CONFORMANCE("a writer frozen inside its transaction is taken over", needs::kProcesses) {
  for (Fixture* fixture : promised) {
    for (const char* place : {"mid-load:3", "before-indexes:1", "before-swap-commit:1", "mid-epoch:4"}) {
      CAPTURE(fixture->name());
      CAPTURE(place);
      Product product(*fixture);
      Writer frozen(writer_of(product, 1), std::string(place) + ":stop");
      frozen.wait_until_stopped();
      Writer next(writer_of(product, 2));
      REQUIRE_MESSAGE(next.wait() == 0, next.log());
      frozen.resume();
      const int ended = frozen.wait();
      CHECK_MESSAGE((ended == kFencedExit || (fixture->ends_frozen_writers() && ended == kKilled)),
                    ended << " " << frozen.log());
      check_content(*fixture, product, kEpochs);
    }
  }
}

CONFORMANCE("a writer frozen between transactions finds itself fenced", needs::kProcesses) {
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    Writer frozen(writer_of(product, 1), "after-epoch-commit:2:stop");
    frozen.wait_until_stopped();
    Writer next(writer_of(product, 2));
    REQUIRE_MESSAGE(next.wait() == 0, next.log());
    frozen.resume();
    CHECK_MESSAGE(frozen.wait() == kFencedExit, frozen.log());
    check_content(*fixture, product, kEpochs);
  }
}

CONFORMANCE("incarnations decide who may take over", needs::kNothing) {
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    const TableSpec table = workload_table(1);
    Session first(product, table, 5);
    first.fill(piece_of_fill(table, 0));

    auto other = product.open(table);
    const auto lower = other->take_ownership({1, 4, "lower"});
    REQUIRE_FALSE(lower.ok());
    CHECK(lower.error().retry == base::Retry::kFenced);
    REQUIRE_OK(first.commit({}));

    const auto equal = other->take_ownership({1, 5, "equal"});
    REQUIRE_OK(equal);
    CHECK(equal->owner == "equal");
    const auto late = first.commit({});
    REQUIRE_FALSE(late.ok());
    CHECK(late.error().retry == base::Retry::kFenced);

    REQUIRE_OK(product.provisioner().fence(product.target(), 1));
    REQUIRE_OK(product.provisioner().fence(product.target(), 1));
    for (const std::int64_t incarnation : {5, 6, 100, 2'000'000}) {
      const auto refused = product.open(table)->take_ownership({1, incarnation, "late"});
      REQUIRE_FALSE(refused.ok());
      CHECK(refused.error().retry == base::Retry::kFenced);
    }
    auto rows = product.provisioner().controls(product.target());
    REQUIRE_OK(rows);
    CHECK(rows->front().phase == Phase::kFenced);
    CHECK(rows->front().owner.empty());
  }
}

CONFORMANCE("a fill that was fenced half way is not published, whoever comes", needs::kNothing) {
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    const TableSpec table = workload_table(1);
    {
      Session half(product, table, 1);
      half.begin();
      half.load(piece_of_fill(table, 0));
    }
    REQUIRE_OK(product.provisioner().fence(product.target(), 1));
    auto row = product.provisioner().controls(product.target());
    REQUIRE_OK(row);
    auto late = product.open(table);
    const auto taken = late->take_ownership({1, row->front().incarnation + 1, "late"});
    REQUIRE_FALSE(taken.ok());
    CHECK(taken.error().retry == base::Retry::kFenced);
    CHECK_FALSE(late->swap().ok());
    Session again(product, table, row->front().incarnation + 1);
    CHECK(again.begin_status().error().retry == base::Retry::kFenced);
    row = product.provisioner().controls(product.target());
    REQUIRE_OK(row);
    CHECK(row->front().phase == Phase::kFenced);
  }
}

CONFORMANCE("a revision fenced before its worker came refuses it", needs::kNothing) {
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    REQUIRE_OK(product.provisioner().fence(product.target(), 3));
    Session late(product, workload_table(3), 1);
    const auto refused = late.begin_status();
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().retry == base::Retry::kFenced);
  }
}

CONFORMANCE("a loader whose fill was taken over loads nothing", needs::kNothing) {
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    const TableSpec table = workload_table(1);
    Session first(product, table, 1);
    first.begin();
    auto loader = first.target().open_loader("0");
    REQUIRE_OK(loader);
    Session second(product, table, 2);
    second.begin();
    auto appended = (*loader)->append(piece_of_fill(table, 0));
    if (appended.ok()) appended = (*loader)->commit({}, {});
    REQUIRE_FALSE(appended.ok());
    CHECK(appended.error().retry == base::Retry::kFenced);
    second.load(piece_of_fill(table, 1));
    REQUIRE_OK(second.finish());
    second.check_proof();
  }
}

CONFORMANCE("a control row that went back is not repaired", needs::kNothing) {
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    const TableSpec table = workload_table(1);
    Session session(product, table);
    session.fill(piece_of_fill(table, 0));
    session.control.epoch += 3;
    const auto refused = session.commit({});
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == "TargetRewound");
    CHECK(refused.error().retry == base::Retry::kTransient);
  }
}

}  // namespace offtake::targets_test
