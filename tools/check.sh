#!/bin/bash
# npm run check: every rule of the house that a program can check. Each prints what it is; the first failure ends it.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=node_modules/.bin
step() { printf '== %s\n' "$1"; }

step 'format (oxfmt)'
"$bin/oxfmt" --check src test bench tools bin
step 'types (tsc)'
node_modules/@typescript/native/bin/tsc -p tsconfig.json
step 'lint (oxlint, type-aware)'
"$bin/oxlint" --type-aware src test bench tools
step 'import directions (dependency-cruiser)'
"$bin/depcruise" --config .dependency-cruiser.mjs src
step 'import directions: the check still bites'
bash tools/check-boundaries-bite.sh
step 'unused code (knip)'
"$bin/knip"
step 'doc comments on exports'
"$bin/node" tools/check-docs.ts
step 'words that have no place here'
bash tools/check-words.sh
echo 'all checks passed'
