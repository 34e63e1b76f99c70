// Whether an object is there as it was asked for, by what it says of itself. Pure.
//
// After the rules of kstatus (sigs.k8s.io/cli-utils): what its controller has not looked at is not ready;
// `Stalled` and `Reconciling` speak where they are; kinds of Kubernetes' own are judged by their numbers, all
// others by their condition Ready. What says nothing of itself is ready.
#pragma once
#include <string>

#include "base/json/value.h"

namespace offtake::provision::kubernetes {

enum class Progress { kReady, kPending, kFailed };

struct Readiness {
  Progress progress = Progress::kReady;
  std::string says;  // "0 of 1 replicas are ready"; empty when it is ready
};

Readiness readiness_of(const json::Value& object);

// "StatefulSet orders-1a2b3c4d".
std::string title_of(const json::Value& object);

}  // namespace offtake::provision::kubernetes
