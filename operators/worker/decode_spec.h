// How the records of a job's source become columns. Pure.
#pragma once
#include "operators/sources/decode.h"
#include "operators/worker/job.h"

namespace offtake::worker {

// All but how a schema that is not in the job is fetched.
sources::DecodeSpec decode_spec(const Job& job, std::size_t source);

}  // namespace offtake::worker
