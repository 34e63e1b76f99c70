// The smallest target without transactions, for tests: documents in a file, each changed by itself and with a
// version. Real in what counts: what was written is there after kill -9, and several processes may write. The
// protocol above it is the product's (operators/targets/intent).
#pragma once
#include <functional>
#include <memory>

#include "operators/provision/provisioner.h"
#include "operators/targets/target.h"

namespace offtake::targets_test {

inline constexpr std::string_view kDocuments = "documents";

const targets::TargetEngine& documents_engine();
// The product's engines, and this one.
const targets::TargetEngine* engine_named(std::string_view name);
// A file a product below `directory`.
std::unique_ptr<provision::Provisioner> documents_provisioner(const std::string& directory);

// What a reader of the public name sees: the columns' names, and rows as text.
struct Documents {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};
Documents read_documents(const std::string& path, const std::string& public_name);

// Asked before each write ("row", "control" with the row to be written, "publish"), in the whole process: an
// error is that write's. Null: nothing is wrong.
using Fault = std::function<base::Status(std::string_view what, const targets::ControlRow* row)>;
void set_fault(Fault fault);

}  // namespace offtake::targets_test
