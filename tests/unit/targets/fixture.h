// An engine under test: a place for products, and a reader's eyes. The conformance suite runs over all of
// them.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "operators/provision/provisioner.h"
#include "operators/targets/target.h"
#include "rows.h"

namespace offtake::targets_test {

class Fixture {
 public:
  virtual ~Fixture() = default;
  virtual std::string engine() const = 0;
  virtual provision::ProvisionerSettings provisioner_settings() = 0;
  // What a reader sees: the rows of a query against the product's public view. NULL is kNull.
  virtual std::vector<TextRow> read(const TargetConnection& writer, const std::string& select) = 0;
  // The value as this engine shows it to readers.
  virtual std::string shown(const types::Column& column, std::size_t row) = 0;
};

// Started on first use, stopped with the program.
std::vector<Fixture*> fixtures();

// One product's place in an engine, provisioned as the control plane does; removed at the end.
class Product {
 public:
  explicit Product(Fixture& fixture, const std::string& target_name = "orders");
  ~Product();
  Product(const Product&) = delete;
  Product& operator=(const Product&) = delete;

  const std::string& uid() const { return target_.product_uid; }
  const TargetConnection& connection() const { return connection_; }
  // Sessions opened from now on go to that port: a proxy's.
  void through_port(int port) { connection_.port = port; }
  const provision::ProductTarget& target() const { return target_; }
  provision::Provisioner& provisioner() { return *provisioner_; }
  std::unique_ptr<Target> open(const TableSpec& table);
  std::vector<TextRow> read(const std::string& select) { return fixture_.read(connection_, select); }

 private:
  Fixture& fixture_;
  provision::ProductTarget target_;
  std::unique_ptr<provision::Provisioner> provisioner_;
  TargetConnection connection_;
};

}  // namespace offtake::targets_test
