// The Secret of a server that this installation runs itself. Internal to this folder.
#pragma once
#include <string>

#include "controlplane/resources/target_class.h"

namespace offtake::platform {

// Whether the class is a server that this installation runs itself.
bool runs_server(const resources::TargetClass& object);
std::string server_secret_name(const resources::TargetClass& object);

}  // namespace offtake::platform
