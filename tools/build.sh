#!/usr/bin/env bash
# npm run build: src/*.ts -> dist/*.js, what the npm package and ./pier run. Replaces dist in one step, so that a daemon
# or another terminal that runs from it never sees half of it.
set -euo pipefail
cd "$(dirname "$0")/.."
new=$(mktemp -d .dist-XXXXXX)
trap 'rm -rf "$new"' EXIT
# As old as the beginning of the build: what is edited meanwhile is newer, so that ./pier builds again.
touch "$new/.built"
node_modules/@typescript/native/bin/tsc -p tsconfig.build.json --outDir "$new"
chmod 755 "$new"
if [ -e dist ]; then mv dist "$new.old"; fi
mv "$new" dist
rm -rf "$new.old"
trap - EXIT
