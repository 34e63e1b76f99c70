#!/usr/bin/env bash
# Runs the tests and ends with their count: "N passed, N failed" (", N skipped" where some were). Called by
# ./dev test, which has installed what they need.
#
#   run.sh              lint, unit, e2e, cluster
#   run.sh quick        lint and unit: nothing but this machine
#   run.sh lint|unit|e2e|full
#   run.sh cluster      those of e2e that need Kubernetes
#   run.sh embedded     those of e2e that need the product alone: no broker, no PostgreSQL
#   run.sh NAME         the unit program NAME_test, or the files and tests of e2e that match
#
# With OFFTAKE_PRESET=asan|tsan whatever a sanitizer finds is a failure of the test that ran.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tests/support/deps.sh
source tests/support/sanitizers.sh

preset="${OFFTAKE_PRESET:-release}"
passed=0 failed=0 skipped=0
log="$(mktemp)"
unit_jobs="$(($(nproc) + 1))" # programs at a time
beside=""                    # the process group of what runs beside
cluster_deps="" cluster_deps_log=""
ended() {
  rm -rf "$log" "$sanitizers_folder" "$cluster_deps_log"
  local group
  for group in $beside $cluster_deps; do kill -- "-$group" 2>/dev/null; done
}
trap ended EXIT

count() { passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3)); }

section() { printf '\n== %s\n' "$*"; }

run_lint() {
  section lint
  python3 tests/lint/lint.py --untimed | tee "$log"
  count "$(grep -c '^ok ' "$log")" "$(grep -c '^FAILED ' "$log")" 0
}

# Of a program's cases, numbered from 1: those of the shard.
first_of_shard() { printf '%s' "$(((shard - 1) * cases / shards + 1))"; }
last_of_shard() { printf '%s' "$((shard * cases / shards))"; }

# run_programs NAME[/SHARDS]…: doctest programs, some at a time, for most of their time is waiting; those whose cases
# wait one after the other in several shards. What one prints is shown only when something failed in it.
run_programs() {
  local outputs entry name shards shard cases
  local -a runs=()
  outputs="$(mktemp -d)"
  for entry in "$@"; do
    name="${entry%/*}" shards=1 cases=0
    if [ "$entry" != "$name" ]; then
      shards="${entry#*/}"
      cases="$("build/$preset/tests/$name" --no-colors --count | sed -nE 's/.*filters: ([0-9]+)$/\1/p')"
    fi
    for ((shard = 1; shard <= shards; ++shard)); do runs+=("$name $shard $shards ${cases:-0}"); done
  done
  local run code seconds line ok bad shown range
  for run in "${runs[@]}"; do
    read -r name shard shards cases <<<"$run"
    while [ "$(jobs -rp | wc -l)" -ge "$unit_jobs" ]; do wait -n; done
    {
      range=()
      if [ "$shards" -gt 1 ]; then
        range=("--first=$(first_of_shard)" "--last=$(last_of_shard)")
      fi
      started=$SECONDS code=0
      "build/$preset/tests/$name" --no-colors "${range[@]}" >"$outputs/$name.$shard" 2>&1 || code=$?
      printf '%s %s\n' "$code" "$((SECONDS - started))" >"$outputs/$name.$shard.end"
    } &
  done
  wait
  for run in "${runs[@]}"; do
    read -r name shard shards cases <<<"$run"
    read -r code seconds <"$outputs/$name.$shard.end"
    line="$(grep -aE '^\[doctest\] test cases:' "$outputs/$name.$shard" | tail -n 1)"
    ok="$(sed -nE 's/.*\| *([0-9]+) passed.*/\1/p' <<<"$line")"
    bad="$(sed -nE 's/.*\| *([0-9]+) failed.*/\1/p' <<<"$line")"
    # What passes the filters counts as passed with doctest, also outside of the range.
    if [ "$shards" -gt 1 ] && [ -n "$ok" ]; then
      ok="$(($(last_of_shard) - $(first_of_shard) + 1 - bad))"
    fi
    # Nothing ran, or it ended in another way than by a case that failed.
    if [ "${ok:-0}" = 0 ] && [ "${bad:-0}" = 0 ] || { [ "$code" -ne 0 ] && [ "${bad:-0}" = 0 ]; }; then bad=1; fi
    count "${ok:-0}" "${bad:-0}" 0
    shown="$name"
    [ "$shards" = 1 ] || shown="$name $shard/$shards"
    printf '%-28s %4s passed, %s failed (%s s)\n' "$shown" "${ok:-0}" "${bad:-0}" "$seconds"
    [ "${bad:-0}" = 0 ] || tail -n 200 "$outputs/$name.$shard"
  done
  rm -rf "$outputs"
  sanitizers_found || count 0 1 0
}

run_unit() {
  section unit
  local program programs=()
  # The long ones first.
  programs=(worker_test/3 targets_test provision_servers_test/2 reconcile_test)
  for program in "build/$preset"/tests/*_test; do
    program="$(basename "$program")"
    case "$program" in
      # Needs a broker: the e2e tests start one and run it.
      sources_kafka_test | worker_test | targets_test | reconcile_test | provision_servers_test) ;;
      *) programs+=("$program") ;;
    esac
  done
  run_programs "${programs[@]}"
}

# The targets' conformance once more, over a newer OpenSearch and over Elasticsearch.
run_newer_search() {
  section "OpenSearch $offtake_newer_opensearch_version and Elasticsearch $offtake_elasticsearch_version"
  local java
  if ! java="$(offtake_java_21)"; then
    printf 'skipped: they need a Java 21; OFFTAKE_TEST_JAVA_21 names one\n'
    count 0 0 1
    return
  fi
  OFFTAKE_TEST_JAVA_21="$java" OFFTAKE_TEST_OPENSEARCH="$offtake_cache/opensearch-$offtake_newer_opensearch_version" \
    OFFTAKE_TEST_ELASTICSEARCH="$offtake_cache/elasticsearch-$offtake_elasticsearch_version" \
    run_programs targets_test provision_servers_test
}

# The files of tests/e2e, several at a time and the long ones first (tests/e2e/conftest.py): each process has
# servers of its own, and waits about as much as it works.
run_e2e() {
  section "real servers"
  local jobs
  jobs="${OFFTAKE_TEST_JOBS:-$(($(nproc) * 2))}"
  "$(offtake_python)" -m pytest -c tests/pytest.ini tests/e2e -n "$((jobs > 4 ? 4 : jobs))" --dist loadfile \
    --no-loadscope-reorder "$@" 2>&1 | tee "$log"
  local line
  line="$(grep -E '(passed|failed|error|skipped).* in [0-9.]+s' "$log" | tail -n 1)"
  number() { sed -nE "s/.*[^0-9]([0-9]+) $1.*/\1/p" <<<" $line"; }
  local ok bad errors skips
  ok="$(number passed)" bad="$(number failed)" errors="$(number 'errors?')" skips="$(number skipped)"
  if [ -z "$line" ]; then errors=1; fi
  count "${ok:-0}" "$((${bad:-0} + ${errors:-0}))" "${skips:-0}"
  sanitizers_found || count 0 1 0
}

# Unit programs wait more than they work, so they run beside the real servers, and are told of afterwards.
run_unit_and_e2e() {
  local outcome ok bad skips
  outcome="$(mktemp -d)"
  set -m
  (
    passed=0 failed=0 skipped=0 unit_jobs=$(nproc)
    run_unit >"$outcome/output" 2>&1
    printf '%s %s %s\n' "$passed" "$failed" "$skipped" >"$outcome/counts"
  ) &
  beside=$!
  set +m
  run_e2e "$@"
  wait "$beside"
  beside=""
  cat "$outcome/output"
  if read -r ok bad skips <"$outcome/counts"; then count "$ok" "$bad" "$skips"; else count 0 1 0; fi
  rm -rf "$outcome"
}

# What a cluster needs is made while the compiler works, the first time; a run that needs it waits for it before it
# begins with real servers.
begin_cluster_deps() {
  cluster_deps_log="$(mktemp)"
  set -m
  (deps_cluster) >"$cluster_deps_log" 2>&1 &
  cluster_deps=$!
  set +m
}

await_cluster_deps() {
  local code=0
  wait "$cluster_deps" || code=$?
  cluster_deps=""
  if [ "$code" != 0 ]; then
    section "what a cluster needs"
    cat "$cluster_deps_log"
    printf './dev deps cluster ended with %s\n' "$code"
    count 0 1 0
  fi
  rm -f "$cluster_deps_log"
}

build() {
  section build
  local started=$SECONDS
  if ! OFFTAKE_PRESET="$preset" ./dev build; then
    printf 'the build failed\n\n0 passed, 1 failed\n'
    exit 1
  fi
  printf 'built in %s s\n' "$((SECONDS - started))"
}

case "${1:-all}" in
  all | cluster | full) begin_cluster_deps ;;
esac
build
sanitizers_start "$preset"
case "${1:-all}" in
  all)
    run_lint
    await_cluster_deps
    run_unit_and_e2e -m 'not full'
    ;;
  quick)
    run_lint
    run_unit
    ;;
  lint) run_lint ;;
  unit) run_unit ;;
  e2e) run_e2e -m 'not full and not cluster' "${@:2}" ;;
  embedded) run_e2e -m embedded ;;
  cluster)
    await_cluster_deps
    run_e2e -m cluster
    ;;
  full)
    run_lint
    run_unit
    run_newer_search
    await_cluster_deps
    run_e2e
    ;;
  *)
    if [ -x "build/$preset/tests/$1_test" ]; then
      run_programs "$1_test"
    else
      run_e2e -k "$1"
    fi
    ;;
esac

printf '\n'
if [ "$skipped" -gt 0 ] && [ "${OFFTAKE_TEST_REQUIRE:-}" = all ]; then
  failed=$((failed + skipped)) skipped=0
fi
if [ "$skipped" -gt 0 ]; then
  printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
else
  printf '%s passed, %s failed\n' "$passed" "$failed"
fi
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
