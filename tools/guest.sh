#!/bin/bash
# npm run test:guest [-- FILE...]: runs tests in a guest of its own: Debian 12 with systemd, Debian's cloud kernel and cgroup
# version 2 alone, on an emulated machine (qemu, no KVM wanted). For what the machine at hand is not: most have either
# version 1 or 2. Without FILEs: what looks at the kernel through cgroups, and test/guest/.
#
# The guest's root is made once (about a minute, 0.6 GB, in PIER_TEST_CACHE) and copied into a disk for each run.
set -euo pipefail
cd "$(dirname "$0")/.."
project=$PWD
cache=${PIER_TEST_CACHE:-/var/cache/pier-tests}/guest
work=$(mktemp -d "${TMPDIR:-/var/tmp}/pier-guest-XXXXXX")
qemu_pid=
clean_up() {
  [ -z "$qemu_pid" ] || kill "$qemu_pid" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

suite=bookworm
packages=systemd-sysv,dbus,linux-image-cloud-amd64,kmod,crun,runc,conmon,libnftables1,busybox-static,tini,procps,iproute2,nftables
packages+=,util-linux,e2fsprogs,bsdutils,iputils-ping,curl,git,zstd,libcap2-bin,ca-certificates
files=("$@")
if [ ${#files[@]} -eq 0 ]; then
  files=(test/guest/*.guest.ts src/linux/cgroup.test.ts src/engine/life-cycle.test.ts test/e2e/{limits,isolation,namespaces,security-options,update,stats}.test.ts)
fi

for program in qemu-system-x86_64:qemu-system-x86 debootstrap:debootstrap mke2fs:e2fsprogs; do
  command -v "${program%%:*}" >/dev/null || apt-get install -y -qq --no-install-recommends "${program##*:}" >/dev/null
done
bash tools/setup.sh
bash tools/build.sh

if [ ! -e "$cache/done" ]; then
  echo 'making the root of the guest'
  rm -rf "$cache"
  mkdir -p "$cache"
  mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -oE 'https?://[^ ]+' | grep -v security | head -n 1)
  debootstrap --variant=minbase --include="$packages" "$suite" "$cache/root" "$mirror" >"$cache/log" 2>&1 || { tail -5 "$cache/log"; exit 1; }
  touch "$cache/done"
fi

cp -a "$cache/root" "$work/root"
root=$work/root
mkdir -p "$root/project" "$root/shared" "$root/var/cache/pier-tests"
tar -C "$project" --exclude=./.git -cf - . | tar -C "$root/project" -xf -
[ ! -d ../shared ] || cp -a ../shared/. "$root/shared/"
clients=${PIER_TEST_CACHE:-/var/cache/pier-tests}/clients
[ ! -d "$clients" ] || cp -a "$clients" "$root/var/cache/pier-tests/"
echo guest >"$root/etc/hostname"
cat >"$root/etc/systemd/system/guest-tests.service" <<'UNIT'
[Unit]
Description=The tests of this run
After=multi-user.target
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/bin/bash -c 'exec >/dev/ttyS1 2>&1; bash /guest-tests.sh; echo "guest: exit code $?"; sync; poweroff -f'
UNIT
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s ../guest-tests.service "$root/etc/systemd/system/multi-user.target.wants/"
{
  echo 'cd /project; export PATH=/project/node_modules/.bin:$PATH HOME=/root PIER_TEST_PACKAGE=/project PIER_TEST_GUEST=1'
  [ -z "${PIER_TEST_CLIENT:-}" ] || echo "export PIER_TEST_CLIENT=$PIER_TEST_CLIENT"
  echo 'export CI=true PIER_TEST_PATIENCE=10; ip link set lo up; uname -r; stat -fc %T /sys/fs/cgroup'
  echo 'exec node --disable-warning=ExperimentalWarning --test --test-concurrency=2 --test-timeout=1800000 --test-reporter=spec \'
  printf ' %q' "${files[@]}"
  echo
} >"$root/guest-tests.sh"
mke2fs -q -t ext4 -d "$root" "$work/disk" 8G
kernel=$(ls "$root"/boot/vmlinuz-*)
initrd=$(ls "$root"/boot/initrd.img-*)

echo 'booting the guest'
: >"$work/out"
qemu-system-x86_64 -accel tcg,thread=multi -cpu max,pku=off,la57=off -smp 2 -m 4G -display none -no-reboot -net none \
  -kernel "$kernel" -initrd "$initrd" -append 'root=/dev/vda rw console=ttyS0 edd=off panic=-1 systemd.unified_cgroup_hierarchy=1' \
  -drive "file=$work/disk,format=raw,if=virtio,cache=unsafe" -serial "file:$work/console" -serial "file:$work/out" &
qemu_pid=$!
tail --pid="$qemu_pid" -n +1 -f "$work/out" &
wait "$qemu_pid" || true
qemu_pid=
wait
code=$(sed -n 's/^guest: exit code \([0-9]*\).*/\1/p' "$work/out")
[ -n "$code" ] || { echo 'the guest ended without a verdict; the end of its console:'; tail -20 "$work/console"; }
exit "${code:-1}"
