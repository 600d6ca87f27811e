#!/bin/bash
# What the tests need on a fresh Debian machine, besides npm: installs what is missing after saying so. All output goes to
# standard error.
set -euo pipefail
cd "$(dirname "$0")/.."
exec >&2

# What pier itself needs, then what tests drive and look at it with.
declare -A package_of=(
  [crun]=crun [runc]=runc [conmon]=conmon [tini-static]=tini [busybox]=busybox-static [ps]=procps
  [ip]=iproute2 [nft]=nftables [nsenter]=util-linux [mkfs.ext4]=e2fsprogs [script]=bsdutils [ping]=iputils-ping [flock]=util-linux
  [curl]=curl [git]=git [zstd]=zstd [setcap]=libcap2-bin [xz]=xz-utils [bzip2]=bzip2 [bsdtar]=libarchive-tools
  [bash]=bash [zsh]=zsh [fish]=fish [openssl]=openssl
)
missing=()
for program in "${!package_of[@]}"; do
  command -v "$program" >/dev/null || missing+=("${package_of[$program]}")
done
ls /usr/lib/*/libnftables.so.1 >/dev/null 2>&1 || missing+=(libnftables1)
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || { echo "tests need these of Debian's packages: ${missing[*]}"; exit 1; }
  echo "installing with apt-get: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  install() { apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; }
  install || { apt-get update -qq && install; }
fi

if [ ! -x node_modules/.bin/node ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo 'installing npm packages into node_modules'
  npm ci --no-audit --no-fund --no-update-notifier --loglevel=error
fi

# The current Docker CLI, from Debian's testing suite; a test that needs it and has it not fails in CI.
cache=${PIER_TEST_CACHE:-/var/cache/pier-tests}
if [ -e ../shared/peers/clients.sh ]; then
  mkdir -p "$cache/clients"
  flock "$cache/clients.lock" bash ../shared/peers/clients.sh "$cache/clients" >/dev/null || echo "the Docker CLI cannot be had: tests that need it skip (and fail with CI=true)"
fi
