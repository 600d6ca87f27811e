#!/usr/bin/env bash
# Plants imports that the map forbids and expects dependency-cruiser to refuse each: with the wrong TypeScript beside it,
# the tool reads no .ts file at all and passes everything.
set -euo pipefail
cd "$(dirname "$0")/.."
planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
cp -r src tsconfig.json package.json .dependency-cruiser.mjs "$planted/"
ln -s "$PWD/node_modules" "$planted/node_modules"

# plant FOLDER IMPORTED: a file in src/FOLDER that imports IMPORTED.
plant() { printf "import * as planted from '%s';\nexport const found: unknown = planted;\n" "$2" >"$planted/src/$1/planted.ts"; }
plant store '../api/index.ts'          # up the map
plant container '../oci/runtime.ts'    # past another folder's index.ts
plant image 'koffi'                    # a system call outside linux/
plant network 'node:child_process'     # a program started outside linux/ and oci/
plant cli '../daemon.ts'               # the engine on a client's path

found=$(cd "$planted" && depcruise --config .dependency-cruiser.mjs src 2>&1) && {
  echo 'the planted violations were not found'
  exit 1
}
for rule in store-may-import container-may-import ffi-in-linux-only spawn-in-oci-only daemon-is-loaded-lazily; do
  grep -q "error $rule: src/[a-z]*/planted.ts" <<<"$found" || {
    printf 'the planted violation of %s was not found:\n%s\n' "$rule" "$found"
    exit 1
  }
done
