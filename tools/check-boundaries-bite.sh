#!/bin/bash
# Plants an import that points up the map and expects dependency-cruiser to refuse it: with the wrong TypeScript beside
# it, the tool reads no .ts file at all and passes everything.
set -euo pipefail
cd "$(dirname "$0")/.."
planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
cp -r src tsconfig.json package.json .dependency-cruiser.mjs "$planted/"
ln -s "$PWD/node_modules" "$planted/node_modules"
printf "import { serveApi } from '../api/index.ts';\nexport const planted: unknown = serveApi;\n" >"$planted/src/store/planted.ts"
out=$(cd "$planted" && node_modules/.bin/depcruise --config .dependency-cruiser.mjs src 2>&1) && { echo 'a planted violation was not found'; exit 1; }
grep -q 'store-may-import' <<<"$out" || { echo 'dependency-cruiser failed for another reason:'; echo "$out"; exit 1; }
