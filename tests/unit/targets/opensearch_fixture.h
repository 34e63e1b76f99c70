#pragma once
#include "fixture.h"
#include "opensearch_server.h"

namespace offtake::targets_test {

// Both engines, which are one code. OpenSearch is the distribution that ./dev deps test brings, or the
// unpacked one that OFFTAKE_TEST_OPENSEARCH names; Elasticsearch is run where OFFTAKE_TEST_ELASTICSEARCH
// names one
// (./dev test full).
class OpenSearchFixture : public Fixture {
 public:
  explicit OpenSearchFixture(std::string engine) : engine_(std::move(engine)) {}
  const TargetEngine& engine() const override;
  std::unique_ptr<provision::Provisioner> make_provisioner(const std::string& class_name) override;
  // Searches the public alias; columns by the mapping's _meta.
  Shown read(const TargetConnection& writer, const std::string& public_name) override;
  std::string shown(const types::Column& column, std::size_t row) override;
  bool takes_constraints() const override { return true; }
  void refuse_large_amounts(const TargetConnection& writer, const TableSpec& table, const std::string& place,
                            bool refuses) override;
  bool is_left_to_full() const override;
  OpenSearchServer& server();

 protected:
  std::unique_ptr<provision::Provisioner> provisioner_with(const std::string& class_name,
                                                           std::map<std::string, std::string> parameters);

 private:
  const std::string engine_;
};

}  // namespace offtake::targets_test
