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
# The command line starts for every command: a few files are read sooner than a few dozen. What a command alone needs stays in
# a file of its own, read when it runs. The library and the daemon stay as they are.
node_modules/.bin/esbuild "$new/cli/bin.js" --bundle --splitting --format=esm --platform=node --target=node24 --packages=external \
  --external:../daemon.js --outdir="$new/bundle" --log-level=warning
rm -r "$new/cli"
mv "$new/bundle" "$new/cli"
chmod 755 "$new"
if [ -e dist ]; then mv dist "$new.old"; fi
mv "$new" dist
rm -rf "$new.old"
trap - EXIT
