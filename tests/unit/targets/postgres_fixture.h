#pragma once
#include "fixture.h"
#include "postgres_server.h"

namespace offtake::targets_test {

class PostgresFixture : public Fixture {
 public:
  const TargetEngine& engine() const override;
  std::unique_ptr<provision::Provisioner> make_provisioner(const std::string& class_name) override;
  // As the reader role, whose password the fixture cannot know: as the admin in that role's place.
  Shown read(const TargetConnection& writer, const std::string& public_name) override;
  std::string shown(const types::Column& column, std::size_t row) override;
  bool takes_constraints() const override { return true; }
  void refuse_large_amounts(const TargetConnection& writer, const TableSpec& table, const std::string& place,
                            bool refuses) override;
  PostgresServer& server();

 private:
  std::optional<PostgresServer> server_;
};

}  // namespace offtake::targets_test
