// Sends messages to a function: starts it where it does not run, and again where it answers nobody.
// Threads: as MessageSender.
#pragma once
#include "operators/targets/function/function_process.h"
#include "operators/targets/http/message_sender.h"

namespace offtake::targets::function {

// `options.url` does not count: messages go to http://127.0.0.1:$PORT/. send()'s error: as
// FunctionProcess::use(). It answers nobody where no sender with the same `options.notes` had an answer while
// a call of send() lasted. REQUIRES: `function` outlives it.
std::unique_ptr<http::MessageSender> make_function_sender(FunctionProcess& function,
                                                          http::SenderOptions options,
                                                          const base::Clock& clock = base::system_clock());

}  // namespace offtake::targets::function
