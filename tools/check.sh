#!/usr/bin/env bash
# npm run check: every rule of the house that a program can check. Each says what it is; the first failure ends it,
# with --all each is tried and the number of failures is the exit code.
set -euo pipefail
cd "$(dirname "$0")/.."
# The tools need the Node of this project, which is newer than that of many machines.
export PATH="$PWD/node_modules/.bin:$PATH"
tsc=node_modules/@typescript/native/bin/tsc
failures=0

step() {
  local what=$1
  shift
  printf '== %s\n' "$what"
  if "$@"; then return; fi
  printf 'failed: %s\n' "$what" >&2
  failures=$((failures + 1))
  [ "$all" = yes ] || exit 1
}

all=no
[ "${1:-}" = --all ] && all=yes
step 'format (oxfmt)' oxfmt --check src test bench tools examples bin
step 'types of the product (tsc)' "$tsc" -p tsconfig.json
step 'types of tests, benchmarks and tools (tsc)' "$tsc" -p test/tsconfig.json
step 'types of examples (tsc)' "$tsc" -p examples/tsconfig.json
step 'lint, type-aware (oxlint)' oxlint --type-aware --deny-warnings src test bench tools examples
step 'import directions (dependency-cruiser)' depcruise --config .dependency-cruiser.mjs src
step 'import directions: the check still bites' bash tools/check-boundaries-bite.sh
step 'unused code (knip)' knip --no-config-hints
step 'doc comments on exports' node tools/check-docs.ts
step 'words that have no place here' bash tools/check-words.sh
if [ "$failures" -gt 0 ]; then
  printf '%d checks failed\n' "$failures" >&2
  exit "$failures"
fi
echo 'all checks passed'
