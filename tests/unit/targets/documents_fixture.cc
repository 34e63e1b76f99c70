#include "documents_fixture.h"

#include <doctest/doctest.h>

#include "documents.h"

namespace offtake::targets_test {

const TargetEngine& DocumentsFixture::engine() const {
  return documents_engine();
}

std::unique_ptr<provision::Provisioner> DocumentsFixture::make_provisioner(const std::string&) {
  if (!directory_) {
    auto made = files::TempDir::make("offtake-documents");
    REQUIRE(made.ok());
    directory_.emplace(*std::move(made));
  }
  return documents_provisioner(directory_->path().string());
}

Shown DocumentsFixture::read(const TargetConnection& writer, const std::string& public_name) {
  auto found = read_documents(writer.path, public_name);
  return {std::move(found.columns), std::move(found.rows)};
}

std::string DocumentsFixture::shown(const types::Column& column, std::size_t row) {
  if (column.is_null(row)) return kNull;
  return types::is_nested(column.type().id) ? std::string(column.text(row)) : types::value_text(column, row);
}

}  // namespace offtake::targets_test
