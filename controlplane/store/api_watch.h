// A watch over HTTP: a thread reads the stream, next() takes from its queue.
#pragma once
#include "controlplane/store/resource_client.h"
#include "operators/kubernetes/client.h"

namespace offtake::store {

std::unique_ptr<Watch> open_watch(std::shared_ptr<kubernetes::Client> api, kubernetes::ResourceType type,
                                  kubernetes::WatchOptions options);

}  // namespace offtake::store
