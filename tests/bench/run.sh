#!/usr/bin/env bash
# Builds a benchmark and runs it. Called by ./dev bench, which has installed what they need; each says what it
# measured and ends with 1 when a bar is missed.
#
#   run.sh engine|load|events|serve|targets [ARGS…]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/support/deps.sh

preset="${OFFTAKE_PRESET:-release}"
what="${1:-}"
shift || true

build() {
  cmake --preset "$preset" -DOFFTAKE_BENCH=ON >/dev/null
  ./dev build "$@"
}

python() { PYTHONPATH=tests exec "$(offtake_python)" "$@"; }

engine() {
  build avro_bench engine_bench
  local status=0
  "build/$preset/bench/avro_bench" || status=1
  "build/$preset/bench/engine_bench" "$@" || status=1
  return "$status"
}

# targets [calls|search [ARGS…]]
targets() {
  local status=0
  if [ "${1:-calls}" = calls ]; then
    build targets_bench bench_function
    "build/$preset/bench/targets_bench" || status=1
  fi
  if [ "${1:-search}" = search ]; then
    build offtake load_bench
    PYTHONPATH=tests "$(offtake_python)" tests/bench/targets/search.py "${@:2}" || status=1
  fi
  return "$status"
}

case "$what" in
  engine) engine "$@" ;;
  load)
    build offtake load_bench
    python tests/bench/load/load.py "$@"
    ;;
  events)
    build events_bench
    exec "build/$preset/bench/events_bench" "$@"
    ;;
  serve)
    build offtake
    python tests/bench/serve/serve.py "$@"
    ;;
  targets) targets "$@" ;;
  *)
    printf 'usage: ./dev bench engine|load|events|serve|targets [ARGS…]\n' >&2
    exit 2
    ;;
esac
