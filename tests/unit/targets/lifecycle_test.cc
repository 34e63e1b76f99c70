// From nothing to a published, fed table, to its successor, and away again.
#include "needs.h"
#include "session.h"
#include "workload.h"

namespace offtake::targets_test {
namespace {

const std::vector<std::string> kColumns = {"id", "name"};

TableSpec orders(int revision = 1) {
  TableSpec table;
  table.name = "orders";
  table.revision = revision;
  table.columns = {{"id", types::TypeId::kInt8, false}, {"name", types::TypeId::kText, true}};
  table.identity = {plan::Identity::Kind::kProvedKey, {0}};
  table.indexes = {{"by-name", {"name"}}};
  return table;
}

}  // namespace

CONFORMANCE("a fill, its swap and live epochs", needs::kNothing) {
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    const TableSpec table = orders();
    Session session(product, table);
    auto none = session.target().controls();
    REQUIRE_OK(none);
    CHECK(none->empty());

    session.begin();
    auto rows = session.target().controls();
    REQUIRE_OK(rows);
    REQUIRE(rows->size() == 1);
    CHECK(rows->front().phase == Phase::kFilling);
    CHECK(rows->front().owner == session.control.owner);
    CHECK(rows->front().cut == session.control.cut);
    if (fixture->traits().commit == CommitKind::kTransaction) CHECK(rows->front().backend_pid > 0);

    session.load(changes_of(table, {.upserts = {{"1", "one"}, {"2", kNull}, {"3", "three"}}, .new_rows = 3}));
    auto progress = session.target().fill_progress();
    REQUIRE_OK(progress);
    REQUIRE(progress->size() == 1);
    CHECK(progress->front().content == session.control.content);
    REQUIRE_OK(session.finish());
    session.check_proof();
    session.publish();
    CHECK(product.read(kColumns, "id") == std::vector<TextRow>{{"1", "one"}, {"2", kNull}, {"3", "three"}});

    REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"2", "two"}, {"4", "four"}},
                                                 .old_rows = {{"2", kNull}, {"3", "three"}},
                                                 .deletes = {{"3"}}})));
    CHECK(product.read(kColumns, "id") == std::vector<TextRow>{{"1", "one"}, {"2", "two"}, {"4", "four"}});
    session.check_proof();
    REQUIRE_OK(session.commit({}));
    REQUIRE_OK(session.commit(changes_of(table, {.upserts = {{"5", "five"}}, .new_rows = 1})));
    session.check_proof();
    rows = session.target().controls();
    REQUIRE_OK(rows);
    CHECK(rows->front().phase == Phase::kCurrent);
    CHECK(rows->front().committed_at > 0);
    CHECK(rows->front().offsets == session.control.offsets);
  }
}

CONFORMANCE("a second revision fills beside the first and replaces it", needs::kNothing) {
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    Session first(product, orders());
    first.fill(changes_of(first.table(), {.upserts = {{"1", "one"}}}));

    TableSpec wider = orders(2);
    wider.columns.insert(wider.columns.begin() + 1, {"extra", types::TypeId::kInt4, true});
    Session second(product, wider);
    second.begin(50);
    second.load(changes_of(wider, {.upserts = {{"1", "10", "one"}, {"2", "20", "two"}}}));
    REQUIRE_OK(second.finish());

    // The first is live all the while, and ahead.
    REQUIRE_OK(first.commit(changes_of(first.table(), {.upserts = {{"2", "two"}}})));
    auto behind = second.target().swap();
    REQUIRE_OK(behind);
    CHECK_FALSE(behind->swapped);
    CHECK(product.read(kColumns, "id") == std::vector<TextRow>{{"1", "one"}, {"2", "two"}});
    if (fixture->traits().commit == CommitKind::kTransaction) {
      CHECK(behind->behind);
      while (second.control.offsets[kDataset][0] < first.control.offsets[kDataset][0])
        REQUIRE_OK(second.commit({}));
    } else {
      // It stands still from here on, and the second is told where.
      CHECK(behind->reach == first.control.offsets);
      CHECK(behind->reach_time == first.control.logical_time);
      CHECK(first.commit({}).error().retry == base::Retry::kFenced);
      auto again = second.target().swap();
      REQUIRE_OK(again);
      CHECK(again->reach == first.control.offsets);
      second.control.offsets = behind->reach;
      --second.control.offsets[kDataset][0];
      second.control.logical_time = behind->reach_time - 1;
      REQUIRE_OK(second.commit({}));
    }
    const auto epoch_before = std::max(first.control.epoch, second.control.epoch);
    second.publish();
    CHECK(second.control.epoch == epoch_before + 1);
    CHECK(product.read({}, "id") == std::vector<TextRow>{{"1", "10", "one"}, {"2", "20", "two"}});
    second.check_proof();

    const auto late = first.commit(changes_of(first.table(), {.upserts = {{"3", "late"}}}));
    REQUIRE_FALSE(late.ok());
    CHECK(late.error().retry == base::Retry::kFenced);

    auto again = second.target().swap();
    REQUIRE_OK(again);
    CHECK(again->swapped);
    REQUIRE_OK(product.provisioner().drop_revision(product.target(), 1));
    REQUIRE_OK(product.provisioner().drop_revision(product.target(), 1));
    const auto refused = product.provisioner().drop_revision(product.target(), 2);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == "RevisionNotFenced");
    auto rows = product.provisioner().controls(product.target());
    REQUIRE_OK(rows);
    REQUIRE(rows->size() == 1);
    CHECK(rows->front().revision == 2);
    REQUIRE_OK(second.commit({}));
  }
}

CONFORMANCE("a fill that begins again starts from nothing", needs::kNothing) {
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    const TableSpec table = orders();
    {
      Session first(product, table, 1);
      first.begin();
      first.load(changes_of(table, {.upserts = {{"1", "old"}}}));
    }
    Session second(product, table, 2);
    second.begin();
    auto progress = second.target().fill_progress();
    REQUIRE_OK(progress);
    CHECK(progress->empty());
    second.load(changes_of(table, {.upserts = {{"1", "new"}}}));
    REQUIRE_OK(second.finish());
    second.publish();
    CHECK(product.read(kColumns, "id") == std::vector<TextRow>{{"1", "new"}});
    const auto refused = second.begin_status();
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == "RevisionPublished");
  }
}

CONFORMANCE("a stateless fill goes on from its progress rows", needs::kKeptFill) {
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    const TableSpec table = orders();
    types::Checksum content;
    {
      Session first(product, table, 1);
      first.begin();
      auto loader = first.target().open_loader("1");
      REQUIRE_OK(loader);
      const auto committed = changes_of(table, {.upserts = {{"1", "a"}, {"2", "b"}}});
      REQUIRE_OK((*loader)->append(committed));
      REQUIRE_OK((*loader)->commit({{kDataset, {{0, 20}, {3, 5}}}},
                                   {{kDataset, {{0, {19, 7, 8}}, {3, {4, 1, 2}}}}}));
      content = committed.checksum;
      // Appended and never committed: gone with the loader, or the same row once more when it comes again.
      REQUIRE_OK((*loader)->append(changes_of(table, {.upserts = {{"3", "c"}}})));
    }
    Session second(product, table, 2);
    auto owned = second.target().take_ownership({1, 2, second.control.owner});
    REQUIRE_OK(owned);
    CHECK(owned->phase == Phase::kFilling);
    CHECK(owned->incarnation == 2);
    second.control = *owned;
    auto progress = second.target().fill_progress();
    REQUIRE_OK(progress);
    REQUIRE(progress->size() == 1);
    CHECK(progress->front().stream == "1");
    CHECK(progress->front().reached == SourceOffsets{{kDataset, {{0, 20}, {3, 5}}}});
    CHECK(progress->front().last_records == RecordStamps{{kDataset, {{0, {19, 7, 8}}, {3, {4, 1, 2}}}}});
    CHECK(progress->front().content == content);
    auto loader = second.target().open_loader("1");
    REQUIRE_OK(loader);
    const auto more = changes_of(table, {.upserts = {{"3", "c"}}});
    REQUIRE_OK((*loader)->append(more));
    REQUIRE_OK(
        (*loader)->commit({{kDataset, {{0, 100}, {3, 5}}}}, {{kDataset, {{0, {99, 9, 9}}, {3, {4, 1, 2}}}}}));
    add(content, more.checksum);
    progress = second.target().fill_progress();
    REQUIRE_OK(progress);
    CHECK(progress->front().content == content);
    CHECK(progress->front().last_records[kDataset][0] == RecordStamp{99, 9, 9});
    // A piece that tells nothing of them leaves them.
    REQUIRE_OK((*loader)->commit({}, {}));
    progress = second.target().fill_progress();
    REQUIRE_OK(progress);
    CHECK(progress->front().last_records[kDataset][0] == RecordStamp{99, 9, 9});
    second.control.content = content;
    REQUIRE_OK(second.target().store_cut({{kDataset, {{0, 120}}}}));
    second.control.cut = {{kDataset, {{0, 120}}}};
    REQUIRE_OK(second.finish());
    second.check_proof();
  }
}

CONFORMANCE("streams load side by side", needs::kNothing) {
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    Product product(*fixture);
    const TableSpec table = orders();
    Session session(product, table);
    session.begin();
    constexpr int kStreams = 3, kPieces = 20, kRows = 50;
    std::vector<std::unique_ptr<Loader>> loaders;
    for (int stream = 0; stream < kStreams; ++stream) {
      auto loader = session.target().open_loader(std::to_string(stream));
      REQUIRE_OK(loader);
      loaders.push_back(*std::move(loader));
    }
    std::vector<base::Status> results(kStreams);
    {
      std::vector<std::jthread> threads;
      for (int stream = 0; stream < kStreams; ++stream) {
        threads.emplace_back([&, stream] {
          base::Status& result = results[static_cast<std::size_t>(stream)];
          for (int piece = 0; piece < kPieces && result.ok(); ++piece) {
            Edit edit;
            for (int row = 0; row < kRows; ++row) {
              edit.upserts.push_back({std::to_string((stream * kPieces + piece) * kRows + row), "x"});
            }
            auto& loader = *loaders[static_cast<std::size_t>(stream)];
            result = loader.append(changes_of(table, edit));
            if (result.ok()) result = loader.commit({{kDataset, {{stream, piece}}}}, {});
          }
        });
      }
    }
    for (const auto& result : results) REQUIRE_OK(result);
    auto progress = session.target().fill_progress();
    REQUIRE_OK(progress);
    REQUIRE(progress->size() == kStreams);
    for (const auto& stream : *progress) add(session.control.content, stream.content);
    CHECK(session.control.content.rows == kStreams * kPieces * kRows);
    REQUIRE_OK(session.finish());
    session.check_proof();
  }
}

}  // namespace offtake::targets_test
