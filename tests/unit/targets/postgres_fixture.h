#pragma once
#include "fixture.h"
#include "postgres_server.h"

namespace offtake::targets_test {

class PostgresFixture : public Fixture {
 public:
  std::string engine() const override { return "postgres"; }
  provision::ProvisionerSettings provisioner_settings() override;
  // As the reader role, whose password the fixture cannot know: as the admin in that role's place.
  std::vector<TextRow> read(const TargetConnection& writer, const std::string& select) override;
  std::string shown(const types::Column& column, std::size_t row) override;
  PostgresServer& server();

 private:
  std::optional<PostgresServer> server_;
};

}  // namespace offtake::targets_test
