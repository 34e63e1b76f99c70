// Cases as data: tests/data/resource_client/*.yaml, a document each.
//
//   case: what it shows
//   only: kube-apiserver | embedded        (else on all), with `because:` a word of the store's README
//   steps:
//   - create: {kind: DataProduct, name: a, spec: {sql: SELECT 1}}
//     is: {metadata: {generation: 1}}       of what comes back (expectation.h)
//
// A step is a verb with an object (apiVersion, and the case's namespace $ns, are filled in; `name` goes into
// metadata), what else the verb takes, and what is expected.
//
//   create, update, update_status           manager, dry_run
//   apply, apply_status                     manager, dry_run, force
//   merge, json: {kind, name}               with: the patch; manager, dry_run, status
//   get: {kind, name}
//   delete: {kind, name}                    uid, version, orphan, dry_run
//   list: Kind                              labels, fields, limit, continue, everywhere
//   watch: Kind                             from, labels, fields, everywhere; events: [{ADDED: {...}}, ...]
//
// Expected are `error: Code` with `causes:` (their fields, whatever their order and number) and `says:` (a
// part of the message); else success with `is:`, `created:`, `changed:`, `gone:`, `warns:` (a part of a
// warning), and of lists `names:`, `items:`, `version:`, `next:`, `remaining:`. Where the API server of
// Kubernetes and ours cannot be the same, `differs:` names the row of the table in the store's README, and
// `kubernetes:` and `embedded:` hold what each is expected to do.
#pragma once
#include "cases.h"
#include "expectation.h"

namespace offtake::resource_client_test {

// REQUIRES a step as above; what is not as expected fails the case.
void run_step(World& world, const json::Value& step, Variables& variables);

}  // namespace offtake::resource_client_test
