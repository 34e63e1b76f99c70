#pragma once
#include "base/files/files.h"
#include "fixture.h"

namespace offtake::targets_test {

// Topics of an embedded log, which this process alone may open.
class TopicFixture : public Fixture {
 public:
  const TargetEngine& engine() const override;
  std::unique_ptr<provision::Provisioner> make_provisioner(const std::string& class_name) override;
  Shown read(const TargetConnection& writer, const std::string& public_name) override;
  std::string shown(const types::Column& column, std::size_t row) override;
  bool has_other_processes() const override { return false; }
  bool refuses(const types::Type& type) const override;
};

}  // namespace offtake::targets_test
