#include "session.h"

#include "base/id.h"
#include "operators/targets/protocol/table_layout.h"
#include "workload.h"

namespace offtake::targets_test {

Session::Session(Product& product, TableSpec table, std::int64_t incarnation)
    : table_(std::move(table)), target_(product.open(table_)) {
  control.product_uid = product.uid();
  control.revision = table_.revision;
  control.installation = "test-installation";
  control.fingerprint = "f";
  control.incarnation = incarnation;
  control.owner = base::random_id();
}

base::Status Session::begin_status(std::int64_t cut) {
  control.start_offsets = {{kDataset, {{0, 0}}}};
  control.offsets = control.start_offsets;
  control.cut = {{kDataset, {{0, cut}}}};
  return target_->begin_fill(control);
}

void Session::begin(std::int64_t cut) {
  REQUIRE_OK(begin_status(cut));
}

void Session::load(const engine::Changes& changes, const std::string& stream) {
  auto loader = target_->open_loader(stream);
  REQUIRE_OK(loader);
  REQUIRE_OK((*loader)->append(changes));
  REQUIRE_OK((*loader)->commit({}, {}));
  add(control.content, changes.checksum);
}

base::Status Session::load_and_finish(const engine::Changes& changes) {
  auto loader = target_->open_loader("0");
  REQUIRE_OK(loader);
  if (auto done = (*loader)->append(changes); !done) return done;
  if (auto done = (*loader)->commit({}, {}); !done) return done;
  add(control.content, changes.checksum);
  return finish();
}

base::Status Session::finish() {
  if (auto done = target_->finish_load(); !done) return done;
  control.offsets = control.cut;
  control.logical_time = 1'000'000;
  return target_->finish_fill(control.content, control.logical_time, {});
}

void Session::publish() {
  auto swapped = target_->swap();
  REQUIRE_OK(swapped);
  REQUIRE_MESSAGE(swapped->swapped, swapped->blocked_by);
  control.epoch = swapped->epoch;
}

base::Status Session::commit(const engine::Changes& changes) {
  EpochCommit epoch;
  epoch.last_epoch = control.epoch;
  epoch.changes = changes;
  epoch.content = control.content;
  add(epoch.content, changes.checksum);
  epoch.offsets = control.offsets;
  ++epoch.offsets[kDataset][0];
  epoch.logical_time = control.logical_time + 1;
  auto done = target_->commit(epoch);
  if (!done) return done;
  control.content = epoch.content;
  control.offsets = epoch.offsets;
  control.logical_time = epoch.logical_time;
  ++control.epoch;
  return {};
}

void Session::fill(const engine::Changes& changes) {
  begin();
  load(changes);
  REQUIRE_OK(finish());
  publish();
}

void Session::check_proof() {
  auto proof = target_->prove();
  REQUIRE_OK(proof);
  CHECK(proof->table == proof->control.content);
  CHECK(proof->control.content == control.content);
  CHECK(proof->control.offsets == control.offsets);
  CHECK(proof->control.epoch == control.epoch);
  CHECK(proof->control.owner == control.owner);
}

engine::Changes changes_of(const TableSpec& table, const Edit& edit) {
  engine::Changes out;
  out.upserts = batch_of(table.columns, edit.upserts);
  out.upsert_identity = batch_of(targets::protocol::hidden_columns(table.identity), edit.identity).columns;
  out.deletes = batch_of(targets::protocol::identity_columns(table), edit.deletes);
  out.new_rows = edit.new_rows;
  out.checksum = checksum_of(out.upserts);
  add(out.checksum, negative(checksum_of(batch_of(table.columns, edit.old_rows))));
  return out;
}

}  // namespace offtake::targets_test
