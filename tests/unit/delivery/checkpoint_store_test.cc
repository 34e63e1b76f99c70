// Checkpoints on disk: whole or not there, and of damaged ones nothing is used.
#include "operators/delivery/checkpoint_store.h"

#include <doctest/doctest.h>

#include <fstream>

namespace offtake::delivery {
namespace {

template <class T>
T must(base::Result<T> result) {
  if (!result) FAIL("unexpected error " << result.error().code << ": " << result.error().text());
  return std::move(result).value();
}
void must(const base::Status& status) {
  if (!status) FAIL("unexpected error " << status.error().code << ": " << status.error().text());
}

CheckpointManifest manifest(std::int64_t epoch) {
  CheckpointManifest out;
  out.state_format = 1;
  out.product_uid = "uid";
  out.revision = 2;
  out.fingerprint = "print";
  out.incarnation = 9;
  out.owner = "0123456789abcdef";
  out.epoch = epoch;
  out.offsets = {{"shop/orders", {{0, epoch * 10}, {1, 7}}}, {"shop/customers", {{0, 3}}}};
  out.logical_time = 1'700'000'000'000'000;
  out.content = {12, 0xFEDCBA9876543210};
  out.written_at = 1'700'000'000'000'001;
  return out;
}

CheckpointManifest write(const CheckpointStore& store, std::int64_t epoch,
                         const std::vector<std::string>& blocks = {"one", std::string(1 << 20, 'x'),
                                                                   "three"}) {
  auto draft = must(store.begin(manifest(epoch)));
  for (const std::string& block : blocks) must(draft.state.append(block));
  return must(store.finish(std::move(draft)));
}

// Every block, or the error.
base::Result<std::string> read(const CheckpointStore& store, const CheckpointManifest& of) {
  auto file = store.open_state(of);
  if (!file) return std::move(file).error();
  std::string out;
  for (;;) {
    auto block = file->next();
    if (!block) return std::move(block).error();
    if (block->empty()) return out;
    out += *block;
  }
}

void flip(const files::Path& path, std::size_t at) {
  std::string content = must(files::read_file(path));
  REQUIRE(at < content.size());
  content[at] = static_cast<char>(content[at] ^ 0x20);
  must(files::write_file_atomic(path, content));
}

struct Scratch {
  files::TempDir folder = must(files::TempDir::make());
  files::Path directory = folder.path() / "state" / "checkpoints";
  CheckpointStore store{directory};
};

}  // namespace

TEST_CASE("what was written is read back, manifest and state") {
  Scratch scratch;
  CHECK(must(scratch.store.list()).empty());
  const auto written = write(scratch.store, 5);
  const auto all = must(scratch.store.list());
  REQUIRE(all.size() == 1);
  CheckpointManifest expected = manifest(5);
  expected.name = all[0].name;
  expected.state_bytes = written.state_bytes;
  expected.state_crc = written.state_crc;
  CHECK(manifest_text(all[0]) == manifest_text(expected));
  CHECK(all[0].damage.empty());
  CHECK(must(read(scratch.store, all[0])) == "one" + std::string(1 << 20, 'x') + "three");
}

TEST_CASE("the last two are kept, the newest first") {
  Scratch scratch;
  for (const std::int64_t epoch : {1, 2, 30, 4}) write(scratch.store, epoch);
  const auto all = must(scratch.store.list());
  REQUIRE(all.size() == 2);
  CHECK(all[0].epoch == 30);
  CHECK(all[1].epoch == 4);
  must(scratch.store.remove(all[0].name));
  must(scratch.store.remove(all[0].name));
  CHECK(must(scratch.store.list()).size() == 1);
  // The same epoch again, after the control row went back.
  write(scratch.store, 4, {"other"});
  REQUIRE(must(scratch.store.list()).size() == 1);
  CHECK(must(read(scratch.store, must(scratch.store.list())[0])) == "other");
}

TEST_CASE("what was cut short is no checkpoint, and is removed by the next one") {
  Scratch scratch;
  write(scratch.store, 1);
  {
    auto draft = must(scratch.store.begin(manifest(2)));
    must(draft.state.append("half"));
  }
  CHECK(must(scratch.store.list()).size() == 1);
  CHECK(must(files::list_names(scratch.directory)).size() == 2);
  write(scratch.store, 3);
  CHECK(must(files::list_names(scratch.directory)).size() == 2);
  auto draft = must(scratch.store.begin(manifest(4)));
  scratch.store.abandon(draft);
  CHECK(must(files::list_names(scratch.directory)).size() == 2);
}

TEST_CASE("a manifest that is gone or damaged is said so, and comes last") {
  Scratch scratch;
  const auto first = write(scratch.store, 1);
  const auto second = write(scratch.store, 2);
  const files::Path path = scratch.directory / second.name / "MANIFEST";
  const std::string whole = must(files::read_file(path));
  // Each byte counts.
  for (std::size_t at = 0; at < whole.size(); at += 7) {
    flip(path, at);
    const auto all = must(scratch.store.list());
    REQUIRE(all.size() == 2);
    CHECK(all[0].epoch == 1);
    CHECK_MESSAGE(!all[1].damage.empty(), "byte " << at);
    must(files::write_file_atomic(path, whole));
  }
  for (const std::string& content : {std::string(), whole.substr(0, whole.size() / 2), whole + "x"}) {
    must(files::write_file_atomic(path, content));
    CHECK(!must(scratch.store.list())[1].damage.empty());
  }
  must(files::remove_file(path));
  CHECK(must(scratch.store.list())[1].damage == "it has no manifest");
}

TEST_CASE("of a damaged state nothing is used") {
  Scratch scratch;
  const auto one = write(scratch.store, 1);
  const files::Path path = scratch.directory / one.name / "state";
  const std::string whole = must(files::read_file(path));
  CHECK(whole.size() == one.state_bytes);
  for (std::size_t at = 0; at < whole.size(); at += 1 + whole.size() / 60) {
    flip(path, at);
    const auto found = read(scratch.store, one);
    REQUIRE_MESSAGE(!found.ok(), "byte " << at);
    CHECK(found.error().code == "CheckpointDamaged");
    must(files::write_file_atomic(path, whole));
  }
  for (const std::size_t length : {whole.size() - 1, whole.size() - 8, whole.size() / 2, std::size_t{0}}) {
    must(files::write_file_atomic(path, whole.substr(0, length)));
    CHECK(read(scratch.store, one).error().code == "CheckpointDamaged");
  }
  must(files::write_file_atomic(path, whole));
  CHECK(read(scratch.store, one).ok());
  // Whole, but another's.
  const auto other = write(scratch.store, 2, {"other"});
  std::filesystem::copy_file(scratch.directory / other.name / "state", path,
                             std::filesystem::copy_options::overwrite_existing);
  CHECK(read(scratch.store, one).error().code == "CheckpointDamaged");
  must(files::remove_file(path));
  CHECK(read(scratch.store, one).error().code == "NotFound");
}

TEST_CASE("the history of owners") {
  Scratch scratch;
  CHECK(must(scratch.store.owners()).empty());
  must(scratch.store.store_owners({{"b", "a", 7}, {"c", "b", 9}}));
  const auto history = must(scratch.store.owners());
  REQUIRE(history.size() == 2);
  CHECK(history[1].owner == "c");
  CHECK(history[1].previous == "b");
  CHECK(history[1].epoch == 9);
  CHECK(must(scratch.store.list()).empty());
  // A history that cannot be read is none.
  flip(scratch.directory / "OWNERS", 3);
  CHECK(must(scratch.store.owners()).empty());
  must(scratch.store.store_owners(std::vector<OwnerChange>(1'500, {"x", "y", 1})));
  CHECK(must(scratch.store.owners()).size() == 1'000);
}

}  // namespace offtake::delivery
