#!/usr/bin/env bash
# npm run differential: pier beside Docker; see test/differential/main.ts.
set -euo pipefail
cd "$(dirname "$0")/.."
bash tools/setup.sh
bash tools/build.sh
# What would be published; it also loads faster than the sources.
export PIER_TEST_PACKAGE=$PWD
exec node_modules/.bin/node --disable-warning=ExperimentalWarning test/differential/main.ts "$@"
