// What a worker finds on disk follows the order, and says whether it has to be started again.
#include <sys/stat.h>

#include "operators/runners/files_of_worker.h"
#include "orders.h"

namespace offtake::runners {
namespace {

std::string content(const files::Path& path) {
  return files::exists(path) ? must(files::read_file(path)) : "(none)";
}

struct Change {
  const char* what;
  void (*change)(WorkerOrder& order);
  bool restart;
  const char* file;
  const char* holds;
};

constexpr Change kChanges[] = {
    {"nothing", [](WorkerOrder&) {}, false, "store-kafka/password", "first-secret"},
    {"a rotated password", [](WorkerOrder& o) { o.secrets["store-kafka/password"] = "new"; }, true,
     "store-kafka/password", "new"},
    {"another secret", [](WorkerOrder& o) { o.secrets["store-kafka/ca.crt"] = "pem"; }, true,
     "store-kafka/ca.crt", "pem"},
    {"one that is no longer named", [](WorkerOrder& o) { o.secrets.erase("store-kafka/username"); }, true,
     "store-kafka/username", "(none)"},
    {"one that is not to be had now",
     [](WorkerOrder& o) {
       o.secrets.erase("store-kafka/username");
       o.secrets.erase("store-kafka/password");
       o.kept_folders.insert("store-kafka");
     },
     false, "store-kafka/password", "first-secret"},
    {"a registry that moved", [](WorkerOrder& o) { o.secrets["registry-kafka/urls"] = "http://b\n"; }, false,
     "registry-kafka/urls", "http://b\n"},
    {"a registry that asks for a password",
     [](WorkerOrder& o) { o.secrets["registry-kafka/password"] = "p"; }, false, "registry-kafka/password",
     "p"},
};

}  // namespace

TEST_CASE("files follow the order; only what is held for long asks for a restart") {
  for (const Change& change : kChanges) {
    CAPTURE(change.what);
    auto folder = must(files::TempDir::make("offtake-runners"));
    WorkerOrder order = an_order(folder.path() / "t.db");
    const auto directory = must(write_worker_files(folder.path(), order));
    const std::string digest = digest_of_secrets(order);
    change.change(order);
    CHECK((digest_of_secrets(order) == digest) == (change.what == std::string("nothing")));
    CHECK(must(secrets_want_restart(folder.path(), order)) == change.restart);
    must(write_worker_files(folder.path(), order));
    CHECK(content(directory / "secrets" / change.file) == change.holds);
    CHECK_FALSE(must(secrets_want_restart(folder.path(), order)));
    for (const auto& [name, value] : order.secrets) {
      struct stat found {};
      REQUIRE(stat((directory / "secrets" / name).c_str(), &found) == 0);
      CHECK((found.st_mode & 0777) == 0600);
    }
  }
}

}  // namespace offtake::runners
