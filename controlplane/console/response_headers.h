// What every response of the server carries, so that a page of somebody else can neither frame nor read it
// and a browser takes nothing for a page that is none. Pure.
#pragma once
#include "base/http/message.h"

namespace offtake::console {

// For http::Router::set_finish. What a handler has set stays.
void add_protection(http::Response& response);

}  // namespace offtake::console
