#!/usr/bin/env bash
# Run every check, go on after a failure, and end with a summary. Exit 1 if anything failed.
set -uo pipefail
cd "$(dirname "$0")/.."

passed=0 failed=0 summary=''

# step NAME COMMAND...: run one check and note how it went.
step() {
    local name=$1 started=$SECONDS result
    shift
    printf '\n=== %s\n' "$name"
    if "$@"; then
        passed=$((passed + 1)) result=passed
    else
        failed=$((failed + 1)) result=FAILED
    fi
    summary+=$(printf '%-34s %s  %4d s' "$name" "$result" $((SECONDS - started)))$'\n'
}

started=$SECONDS
make --no-print-directory setup || exit
step 'ruff and format' make --no-print-directory lint
step 'mypy' make --no-print-directory type
step 'plugin zip' make --no-print-directory check-package
step 'engine and repository tests' make --no-print-directory test-engine
step 'plugin and contract tests in QGIS' make --no-print-directory test-qgis
step 'graphical model in qgis_process' make --no-print-directory test-model
step 'demo' make --no-print-directory demo

printf '\n=== summary, %d s\n%s' $((SECONDS - started)) "$summary"
printf 'steps: %d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
