// Errors as Kubernetes' Status objects word them. Pure.
#pragma once
#include "base/json/value.h"
#include "base/result.h"

namespace offtake::kubernetes {

// The HTTP code of a reason ("NotFound": 404); 0 for what is none.
int code_of_reason(std::string_view reason);

// What an API server answered: the code is its reason, each cause an Error with its field in location.field.
// Without a Status in the answer its own `code`, `message` and `hint` say what it is, else the HTTP code.
base::Error from_status(int http, const json::Value& body);

}  // namespace offtake::kubernetes
