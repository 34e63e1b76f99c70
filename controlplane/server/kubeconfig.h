// The kubeconfig by which CLI and kubectl find this server: a context per data directory, the last one
// started is current. Other contexts in the file stay.
#pragma once
#include <string>

#include "base/files/files.h"

namespace offtake::server {

base::Status write_kubeconfig(const files::Path& file, const files::Path& data_directory,
                              const std::string& url, const std::string& token);

}  // namespace offtake::server
