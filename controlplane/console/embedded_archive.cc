#include "controlplane/console/archive.h"

#if OFFTAKE_WEB
extern "C" {
extern const char offtake_console_archive[];
extern const char offtake_console_archive_end[];
}
#endif

namespace offtake::console {

std::string_view embedded_archive() {
#if OFFTAKE_WEB
  return {offtake_console_archive,
          static_cast<std::size_t>(offtake_console_archive_end - offtake_console_archive)};
#else
  return {};
#endif
}

}  // namespace offtake::console
