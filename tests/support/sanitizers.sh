# For the presets asan and tsan; sourced by tests/run.sh, which calls sanitizers_start before the tests. What a
# sanitizer finds in any process that they start becomes a file in a folder of this run, however that process
# ends and whoever reads its output: a test that passes does not hide a finding.
#
#   sanitizers_start PRESET   sets the options that all programs of the run inherit; nothing for other presets
#   sanitizers_found          prints the findings so far, forgets them, and fails if there were any

offtake_suppressions="$(dirname "${BASH_SOURCE[0]}")/sanitizers.supp"
sanitizers_folder=

# sanitizers_suppress KIND|KIND…: writes those lines of the one file for a runtime that would refuse the others.
sanitizers_suppress() {
  local file="$sanitizers_folder/suppressed.${1%%|*}"
  grep -E "^($1):" "$offtake_suppressions" >"$file"
  printf 'suppressions=%s' "$file"
}

sanitizers_start() {
  case "$1" in asan | tsan) ;; *) return 0 ;; esac
  sanitizers_folder="$(mktemp -d)"
  # Programs that run as another user, as PostgreSQL does, report too.
  chmod 1777 "$sanitizers_folder"
  # For pytest-timeout; the tests' own limits are patient by sanitizers.py.
  export PYTEST_TIMEOUT=3000
  local report="log_path=$sanitizers_folder/report"
  # The runtime for undefined behaviour writes to stderr when the one for addresses is there, too; so it says what
  # it found there and aborts, which the other reports.
  export ASAN_OPTIONS="$report:handle_abort=1:detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1:strict_init_order=1"
  export UBSAN_OPTIONS="$report:abort_on_error=1:print_stacktrace=1"
  export LSAN_OPTIONS="$(sanitizers_suppress leak):print_suppressions=0"
  export TSAN_OPTIONS="$report:$(sanitizers_suppress 'race|mutex|thread|signal|deadlock|called_from_lib'):print_suppressions=0:second_deadlock_stack=1:history_size=4"
}

sanitizers_found() {
  [ -n "$sanitizers_folder" ] || return 0
  local report
  local -a reports=()
  for report in "$sanitizers_folder"/report.*; do
    [ -s "$report" ] && reports+=("$report")
  done
  [ "${#reports[@]}" = 0 ] && return 0
  printf '%s finding(s) of the sanitizer:\n' "${#reports[@]}"
  tail -n 100 "${reports[@]}"
  rm -f "${reports[@]}"
  return 1
}
