#include "tests/unit/engine/restarting.h"

#include <doctest/doctest.h>

#include <set>

#include "tests/unit/engine/oracle.h"

namespace offtake::engine::testing {
namespace {

// Everything of an epoch, whatever the order of its rows.
std::multiset<std::string> lines_of(const Changes& changes) {
  std::multiset<std::string> out;
  types::Batch identity;
  identity.columns = changes.upsert_identity;
  for (std::size_t row = 0; row < changes.upserts.rows; ++row) {
    out.insert((row < changes.new_rows ? "new " : "changed ") + text_of(changes.upserts, row) + " as " +
               text_of(identity, row));
  }
  for (std::size_t row = 0; row < changes.deletes.rows; ++row)
    out.insert("gone " + text_of(changes.deletes, row));
  out.insert(fmt::format("checksum {} {:x}", changes.checksum.rows, changes.checksum.sum));
  return out;
}

std::multiset<std::string> lines_of(const std::vector<ErrorRow>& errors) {
  std::multiset<std::string> out;
  for (const ErrorRow& error : errors) {
    out.insert(fmt::format("{} {} {} {} {} {} {}", error.message, error.operation, error.row, error.source,
                           error.partition, error.offset, error.weight));
  }
  return out;
}

std::multiset<std::string> lines_of(const std::vector<KeyViolation>& violations) {
  std::multiset<std::string> out;
  for (const KeyViolation& violation : violations) {
    // Which of the rows that claim a key in the result are named, and with them its spelling, is left open.
    out.insert(violation.dataset + (violation.dataset.empty() ? "" : " " + violation.key));
  }
  return out;
}

}  // namespace

std::vector<std::string> saved(const Dataflow& dataflow) {
  std::vector<std::string> blocks;
  StateWriter out([&](std::string_view block) -> base::Status {
    blocks.emplace_back(block);
    return {};
  });
  REQUIRE(dataflow.save(out).ok());
  return blocks;
}

base::Result<std::unique_ptr<Dataflow>> restored(const plan::Plan& plan,
                                                 const std::vector<std::string>& blocks,
                                                 DataflowOptions options) {
  const std::size_t limit = options.memory_limit_bytes;
  auto made = Dataflow::build(plan, std::move(options));
  REQUIRE(made.ok());
  std::size_t next = 0;
  StateReader in(
      [&]() -> base::Result<std::string_view> {
        return next < blocks.size() ? std::string_view(blocks[next++]) : std::string_view();
      },
      limit);
  if (auto done = (*made)->restore(in); !done) return done.error();
  return std::move(made).value();
}

namespace {
DataflowOptions with_old_rows() {
  DataflowOptions options;
  options.old_rows = true;
  return options;
}
}  // namespace

Restarting::Restarting(const plan::Plan& plan) : plan_(plan) {
  for (auto* one : {&unbroken_, &restored_}) {
    auto made = Dataflow::build(plan, with_old_rows());
    REQUIRE(made.ok());
    *one = std::move(made).value();
  }
}

void Restarting::restart() {
  auto made = restored(plan_, saved(*restored_), with_old_rows());
  REQUIRE(made.ok());
  restored_ = std::move(made).value();
  ++restarts_;
}

base::Status Restarting::push(int source, const SourceBatch& batch) {
  REQUIRE(restored_->push(source, batch).ok());
  return unbroken_->push(source, batch);
}

base::Result<Changes> Restarting::take_stateless() {
  REQUIRE(restored_->take_stateless().ok());
  return unbroken_->take_stateless();
}

base::Status Restarting::finish_bulk(const std::function<base::Status(Changes&&)>& sink) {
  REQUIRE(restored_->finish_bulk([](Changes&&) -> base::Status { return {}; }).ok());
  return unbroken_->finish_bulk(sink);
}

base::Result<Changes> Restarting::step() {
  auto changes = unbroken_->step();
  auto other = restored_->step();
  REQUIRE(changes.ok());
  REQUIRE(other.ok());
  CHECK(lines_of(*other) == lines_of(*changes));
  // What is counted is what there is: not the least of it got lost, or is taken off twice.
  const std::size_t counted = restored_->state_bytes();
  CHECK(counted < unbroken_->state_bytes() * 5 / 4 + 1024);
  CHECK(counted + 1024 > unbroken_->state_bytes() * 3 / 4);
  return changes;
}

std::vector<ErrorRow> Restarting::error_rows(std::size_t limit) const {
  auto errors = unbroken_->error_rows(limit);
  CHECK(lines_of(restored_->error_rows(limit)) == lines_of(errors));
  return errors;
}

std::vector<KeyViolation> Restarting::key_violations(std::size_t limit) const {
  auto violations = unbroken_->key_violations(limit);
  CHECK(lines_of(restored_->key_violations(limit)) == lines_of(violations));
  return violations;
}

bool Restarting::key_spans_partitions(int source) const {
  CHECK(restored_->key_spans_partitions(source) == unbroken_->key_spans_partitions(source));
  return unbroken_->key_spans_partitions(source);
}

}  // namespace offtake::engine::testing
