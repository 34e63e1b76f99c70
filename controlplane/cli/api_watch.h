// A watch over HTTP: a thread reads the stream, next() takes from its queue.
#pragma once
#include "base/http/client.h"
#include "controlplane/store/resource_client.h"

namespace offtake::cli {

std::unique_ptr<store::Watch> open_watch(std::shared_ptr<http::Client> http, http::ClientRequest request,
                                         std::string resource_version);

}  // namespace offtake::cli
