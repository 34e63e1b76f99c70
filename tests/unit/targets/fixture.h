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

// What readers of a public name see: all its columns, in order, and the rows in no order. NULL is kNull.
struct Shown {
  std::vector<std::string> columns;
  std::vector<TextRow> rows;
};

class Fixture {
 public:
  virtual ~Fixture() = default;
  virtual const TargetEngine& engine() const = 0;
  virtual std::unique_ptr<provision::Provisioner> make_provisioner(const std::string& class_name) = 0;
  virtual Shown read(const TargetConnection& writer, const std::string& public_name) = 0;
  // The value as this engine shows it to readers.
  virtual std::string shown(const types::Column& column, std::size_t row) = 0;
  // Whoever takes over from a frozen writer ends that process: there is no server that could end its session.
  virtual bool ends_frozen_writers() const { return false; }

  // Writers of other processes can reach it; else what kill -9 leaves is tested end to end.
  virtual bool has_other_processes() const { return true; }
  // Its engine is another one's code, and only worth a run over a server of its own.
  virtual bool is_left_to_full() const { return false; }
  // Types that its engine says it cannot hold.
  virtual bool refuses(const types::Type&) const { return false; }

  // Whether its engine may refuse rows that the product's types let through, by what somebody else adds.
  virtual bool takes_constraints() const { return false; }
  // Somebody makes the revision's table, which is at `place`, take no `amount` over 2^31 - 1; or any again.
  virtual void refuse_large_amounts(const TargetConnection&, const TableSpec&, const std::string& place,
                                    bool refuses);

  std::string name() const { return std::string(engine().name); }
  const TargetTraits& traits() const { return engine().traits; }
};

// Of every engine. Started on first use, stopped with the program.
std::vector<Fixture*> all_fixtures();
// Those that are run here: without those whose code another one has and whose server is not there.
std::vector<Fixture*> fixtures();
// Those whose traits offer what a test is about.
std::vector<Fixture*> fixtures(bool (*offer)(const TargetTraits&));
// Without those whose engine says that it cannot hold such a table.
std::vector<Fixture*> that_hold(const TableSpec& table, std::vector<Fixture*> all);

// One product's place in an engine, provisioned as the control plane does; removed at the end.
class Product {
 public:
  explicit Product(Fixture& fixture, const std::string& target_name = "orders",
                   provision::RowsForm rows = provision::RowsForm::kKeyed);
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
  // What readers see of these columns (none named: all there are), in the order of `order_by`: numbers as
  // numbers, NULL last.
  std::vector<TextRow> read(const std::vector<std::string>& columns, const std::string& order_by = "");

 private:
  Fixture& fixture_;
  provision::ProductTarget target_;
  std::unique_ptr<provision::Provisioner> provisioner_;
  TargetConnection connection_;
};

}  // namespace offtake::targets_test
