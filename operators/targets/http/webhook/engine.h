// The engine of receivers at a URL. Secrets are files below Receiver::secrets_directory: `token`, or `user`
// and `password`; `signing-key`; `ca.crt`. Each may be missing.
#pragma once
#include "operators/targets/target.h"

namespace offtake::targets::http::webhook {

const TargetEngine& engine();

}  // namespace offtake::targets::http::webhook
