#include "operators/worker/kept_schemas.h"

#include "base/crypto/crypto.h"
#include "base/files/files.h"
#include "base/log.h"

namespace offtake::worker {

base::Result<std::string> kept_schema(const std::string& state_directory, const StoreSpec& store, int id,
                                      const std::function<base::Result<std::string>()>& fetch) {
  const std::string registry = fmt::format("{}\n{}", store.name, fmt::join(store.registry_urls, "\n"));
  const files::Path folder =
      files::Path(state_directory) / "schemas" / crypto::sha256_hex(registry).substr(0, 16);
  const files::Path file = folder / fmt::format("{}.avsc", id);
  if (files::exists(file)) {
    if (auto kept = files::read_file(file)) return kept;
  }
  auto fetched = fetch();
  if (!fetched) return fetched;
  base::Status kept = files::make_dirs(folder, 0700);
  if (kept) kept = files::write_file_atomic(file, *fetched, 0600);
  // It goes on with what it has; the next start asks again.
  if (!kept) base::log_warn("cannot keep a schema", {{"error", kept.error().text()}});
  return fetched;
}

}  // namespace offtake::worker
