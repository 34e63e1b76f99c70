#pragma once
#include "base/files/files.h"
#include "base/sqlite/database.h"
#include "fixture.h"

namespace offtake::targets_test {

class SqliteFixture : public Fixture {
 public:
  std::string engine() const override { return "sqlite"; }
  provision::ProvisionerSettings provisioner_settings() override;
  std::vector<TextRow> read(const TargetConnection& writer, const std::string& select) override;
  std::string shown(const types::Column& column, std::size_t row) override;

 private:
  std::optional<files::TempDir> directory_;
  // Gives back what is bound: how SQLite shows a value.
  std::optional<offtake::sqlite::Database> memory_;
  std::optional<offtake::sqlite::Statement> echo_;
};

}  // namespace offtake::targets_test
