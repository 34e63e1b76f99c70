// What a new installation starts with: the embedded event store and SQLite as the default class. Made once;
// who deletes them does not get them back.
#pragma once
#include "controlplane/store/resource_client.h"

namespace offtake::server {

base::Status make_first_objects(store::ResourceClient& client, bool fresh);

}  // namespace offtake::server
