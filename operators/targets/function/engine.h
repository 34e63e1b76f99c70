// The engine of functions: commands that this machine runs, or (Receiver::url) what a cluster runs. Secrets
// are files below Receiver::secrets_directory, "env-<variable>".
#pragma once
#include "operators/targets/target.h"

namespace offtake::targets::function {

const TargetEngine& engine();

}  // namespace offtake::targets::function
