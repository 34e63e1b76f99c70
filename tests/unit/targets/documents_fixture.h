#pragma once
#include "base/files/files.h"
#include "fixture.h"

namespace offtake::targets_test {

class DocumentsFixture : public Fixture {
 public:
  const TargetEngine& engine() const override;
  std::unique_ptr<provision::Provisioner> make_provisioner(const std::string& class_name) override;
  Shown read(const TargetConnection& writer, const std::string& public_name) override;
  std::string shown(const types::Column& column, std::size_t row) override;

 private:
  std::optional<files::TempDir> directory_;
};

}  // namespace offtake::targets_test
