#!/bin/bash
# npm test: set-up, checks, build, all tests. Ends with "N passed, N failed", which counts what really ran.
# npm test -- FILE...: these test files alone, without the checks.
set -uo pipefail
cd "$(dirname "$0")/.."
bash tools/setup.sh || exit 1
node=node_modules/.bin/node
failed_before=0

if [ $# -gt 0 ]; then
  files=("$@")
else
  bash tools/check.sh || { echo 'npm run check failed'; failed_before=1; }
  mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.test.ts')
fi
bash tools/build.sh || exit 1
# Daemons and clients of the tests run what would be published, which also loads faster than the sources.
export PIER_TEST_PACKAGE=$PWD

counts=$(mktemp)
trap 'rm -f "$counts"' EXIT
"$node" --disable-warning=ExperimentalWarning --test --test-concurrency=2 --test-timeout=600000 \
  --test-reporter=spec --test-reporter-destination=stdout \
  --test-reporter=./tools/count-tests.ts --test-reporter-destination="$counts" "${files[@]}"
status=$?
exec "$node" --disable-warning=ExperimentalWarning tools/judge-tests.ts "$counts" "$status" "$failed_before" "$#"
