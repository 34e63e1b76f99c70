// Short cuts through a Target for tests: each step is checked.
#pragma once
#include <doctest/doctest.h>

#include "fixture.h"
#include "rows.h"

namespace offtake::targets_test {

#define REQUIRE_OK(expression)                                                                       \
  do {                                                                                               \
    const auto& checked_ = (expression);                                                             \
    REQUIRE_MESSAGE(checked_.ok(),                                                                   \
                    (checked_.ok() ? "" : checked_.error().text() + " " + checked_.error().detail)); \
  } while (false)

// A writer session that keeps the control row's numbers as delivery does.
class Session {
 public:
  Session(Product& product, TableSpec table, std::int64_t incarnation = 1);

  void begin(std::int64_t cut = 100);
  base::Status begin_status(std::int64_t cut = 100);
  void load(const engine::Changes& changes, const std::string& stream = "0");
  base::Status finish();  // keys, indexes, end of the fill
  // Both, ended by the first error.
  base::Status load_and_finish(const engine::Changes& changes);
  void publish();
  base::Status commit(const engine::Changes& changes);
  // Loads, finishes and publishes in one go.
  void fill(const engine::Changes& changes);
  // Proves, and checks that the table is what was delivered.
  void check_proof();

  Target& target() { return *target_; }
  const TableSpec& table() const { return table_; }
  ControlRow control;

 private:
  TableSpec table_;
  std::unique_ptr<Target> target_;
};

// Upserts of `rows` (visible columns as text), `identity` their hidden columns, replacing `old_rows`, and
// deletes. The first `new_rows` of them are new.
struct Edit {
  std::vector<TextRow> upserts = {}, identity = {}, old_rows = {}, deletes = {};
  std::size_t new_rows = 0;
};
engine::Changes changes_of(const TableSpec& table, const Edit& edit);

}  // namespace offtake::targets_test
