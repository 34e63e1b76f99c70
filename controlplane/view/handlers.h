// The view API: /apis/view.offtake.dev/v1alpha1/namespaces/NS/dataproducts/NAME/
// {plan,preview,progress,logs,errors}.
//
//   GET  …/plan                        what an edit-free look at the stored product gives
//   POST …/plan                        {"object": …, "objects": […]}: the product as it would be sent, and
//                                      what goes with it
//   GET  …/preview?limit=20&from=1h    rows that the stored product would give, of the newest records
//   POST …/preview                     {"object": …, "objects": […], "limit": 20, "from": "1h"}
//   GET  …/progress                    moving numbers, one entry a revision
//   GET  …/parked?revision=N           the ledger of the revision that readers see, else of the newest
//   GET  …/parked/ID                   one entry, with its record as its source has it
//   POST …/parked/replay               {"ids": […], "key": …, "dataset": …, "all": true}: answered when the
//   POST …/parked/discard              epoch is committed
//   GET  …/logs?follow=true&revision=N the newest worker's log, as text
#pragma once
#include "base/http/router.h"
#include "controlplane/view/plan.h"
#include "controlplane/view/progress.h"

namespace offtake::view {

struct ViewContext {
  store::ResourceClient* resources = nullptr;
  platform::Platform* platform = nullptr;
  RunnerList runners;
  const base::Clock* clock = nullptr;
};

// REQUIRES: what `context` points to outlives the router.
void add_routes(http::Router& router, ViewContext context);

}  // namespace offtake::view
