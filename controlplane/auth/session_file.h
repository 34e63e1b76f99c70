// The file that sessions outlive a restart in: {"sessions": [{"digest", "created", "used"}]}. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/auth/sessions.h"

namespace offtake::auth {

std::string session_file_text(const std::vector<SessionRecord>& records);
base::Result<std::vector<SessionRecord>> read_session_file(std::string_view text);  // code BadJson

}  // namespace offtake::auth
