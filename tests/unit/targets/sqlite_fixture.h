#pragma once
#include "base/files/files.h"
#include "base/sqlite/database.h"
#include "fixture.h"

namespace offtake::targets_test {

class SqliteFixture : public Fixture {
 public:
  const TargetEngine& engine() const override;
  std::unique_ptr<provision::Provisioner> make_provisioner(const std::string& class_name) override;
  Shown read(const TargetConnection& writer, const std::string& public_name) override;
  std::string shown(const types::Column& column, std::size_t row) override;
  bool takes_constraints() const override { return true; }
  void refuse_large_amounts(const TargetConnection& writer, const TableSpec& table, const std::string& place,
                            bool refuses) override;
  bool ends_frozen_writers() const override { return true; }

 private:
  std::optional<files::TempDir> directory_;
  // Gives back what is bound: how SQLite shows a value.
  std::optional<offtake::sqlite::Database> memory_;
  std::optional<offtake::sqlite::Statement> echo_;
};

}  // namespace offtake::targets_test
