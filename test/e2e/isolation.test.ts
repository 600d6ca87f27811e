// What a container's process may and may not do, read where the kernel says it: /proc of the process itself.
import assert from 'node:assert/strict';
import { readFile, readlink, writeFile } from 'node:fs/promises';
import { it } from 'node:test';
import { IS_PEER } from '../harness/daemon.ts';
import { describeWithClients, type Fixture } from '../harness/fixture.ts';

/** Docker's fourteen default capabilities as the kernel's bit mask. */
const DEFAULT_CAPABILITIES = 0xa80425fbn;

describeWithClients('isolation', (pier) => {
  it('a process has the default capabilities and no more', async () => {
    const status = await statusOf(pier);
    const expected = (DEFAULT_CAPABILITIES & (await ownBoundingSet())).toString(16).padStart(16, '0');
    assert.equal(status['CapEff'], expected);
    assert.equal(status['CapPrm'], expected);
    assert.equal(status['CapBnd'], expected);
    assert.equal(status['CapInh'], '0000000000000000');
    assert.equal(status['CapAmb'], '0000000000000000');
  });

  it('a process of another user has none', async () => {
    const status = await statusOf(pier, '--user', 'nobody');
    assert.equal(status['CapEff'], '0000000000000000');
    assert.equal(status['CapPrm'], '0000000000000000');
    assert.equal(status['Uid'], '65534\t65534\t65534\t65534');
  });

  it('--cap-drop and --cap-add change the set', async () => {
    assert.equal((await statusOf(pier, '--cap-drop', 'ALL'))['CapEff'], '0000000000000000');
    assert.equal((await statusOf(pier, '--cap-drop', 'ALL', '--cap-add', 'net_raw'))['CapEff'], '0000000000002000');
    assert.equal((await statusOf(pier, '--cap-drop', 'all', '--cap-add', 'CAP_CHOWN'))['CapEff'], '0000000000000001');
    const bad = await pier.cli('run', '--rm', '--cap-add', 'NO_SUCH', 'alpine', 'true');
    assert.equal(bad.exitCode, 125);
    assert.match(bad.stderr, /invalid capability: "CAP_NO_SUCH"|unknown capability/);
  });

  it('a seccomp filter is on', async () => {
    const status = await statusOf(pier);
    assert.equal(status['Seccomp'], '2');
    assert.equal(status['Seccomp_filters'], '1');
    // Namespaces of its own, kernel keys and clock are what the filter keeps from a process.
    const denied = await pier.cli('run', '--rm', 'alpine', 'unshare', '-U', 'true');
    assert.notEqual(denied.exitCode, 0);
    assert.match(denied.stderr, /Operation not permitted/);
    assert.equal((await statusOf(pier, '--security-opt', 'seccomp=unconfined'))['Seccomp'], '0');
  });

  it('no-new-privileges on request', async () => {
    assert.equal((await statusOf(pier))['NoNewPrivs'], '0');
    assert.equal((await statusOf(pier, '--security-opt', 'no-new-privileges'))['NoNewPrivs'], '1');
    assert.equal((await statusOf(pier, '--security-opt', 'no-new-privileges=true'))['NoNewPrivs'], '1');
  });

  it('namespaces are its own', async () => {
    const names = ['pid', 'net', 'mnt', 'uts', 'ipc', 'cgroup'];
    const output = await pier.ok('run', '--rm', 'alpine', 'sh', '-c', `for n in ${names.join(' ')}; do readlink /proc/self/ns/$n; done`);
    const inside = output.split('\n');
    const own = await Promise.all(names.map((name) => readlink(`/proc/self/ns/${name}`)));
    for (const [i, name] of names.entries()) {
      // On cgroup v1 Docker leaves the host's cgroup namespace.
      if (name === 'cgroup') continue;
      assert.match(inside[i] ?? '', new RegExp(String.raw`^${name}:\[\d+\]$`));
      assert.notEqual(inside[i], own[i], name);
    }
    assert.equal(await pier.ok('run', '--rm', 'alpine', 'sh', '-c', 'echo $$ /proc/[0-9]*'), '1 /proc/1');
  });

  it('masked paths are empty and read-only ones are', async () => {
    const script = `
      for f in /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug /proc/latency_stats; do
        [ -e $f ] && [ -n "$(head -c 1 $f 2>/dev/null | tr '\\0' x)" ] && echo readable $f
      done
      for d in /proc/acpi /proc/scsi /sys/firmware /sys/devices/virtual/powercap; do [ -d $d ] && [ -n "$(ls $d)" ] && echo not empty $d; done
      for p in /proc/sys /proc/sysrq-trigger /proc/irq /proc/bus /proc/fs /sys; do
        [ -e $p ] && grep -q " $p ro[, ]" /proc/mounts || grep -q "^[^ ]* $p [^ ]* ro[, ]" /proc/mounts || { [ -e $p ] && echo writable $p; }
      done
      for d in /sys/fs/cgroup/*/; do mkdir $d/x 2>/dev/null && echo writable $d; done
      echo 1 > /proc/sys/kernel/panic && echo wrote
      echo h > /proc/sysrq-trigger && echo triggered
      true`;
    assert.equal(await pier.ok('run', '--rm', 'alpine', 'sh', '-c', script), '');
  });

  it('devices are the default ones, and others are refused', async () => {
    // Where there is a /proc/kcore, some runtimes make /dev/core.
    const names = (await pier.ok('run', '--rm', 'alpine', 'ls', '/dev')).replace(/^core\n/, '');
    assert.equal(
      names,
      ['fd', 'full', 'mqueue', 'null', 'ptmx', 'pts', 'random', 'shm', 'stderr', 'stdin', 'stdout', 'tty', 'urandom', 'zero'].join('\n'),
    );
    assert.equal(
      await pier.ok(
        'run',
        '--rm',
        'alpine',
        'sh',
        '-c',
        'head -c 4 /dev/zero | od -An -tx1; echo x > /dev/null; head -c 5 /dev/urandom | wc -c',
      ),
      ' 00 00 00 00\n5',
    );
    const result = await pier.cli('run', '--rm', 'alpine', 'sh', '-c', 'mknod /tmp/mem c 1 1 && head -c 1 /tmp/mem');
    assert.notEqual(result.exitCode, 0);
    assert.match(result.stderr, /Operation not permitted/);
  });

  it('mounts are like Docker’s', async () => {
    const lines = (await pier.ok('run', '--rm', 'alpine', 'cat', '/proc/mounts')).split('\n').map((line) => line.split(' '));
    const optionsOf = (target: string): string => lines.find((line) => line[1] === target)?.[3] ?? `no mount at ${target}`;
    assert.match(optionsOf('/'), /^rw,/);
    assert.match(optionsOf('/dev/shm'), /^rw,nosuid,nodev,noexec,.*size=65536k/);
    assert.match(optionsOf('/dev'), /^rw,nosuid,/);
    for (const target of ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf']) assert.match(optionsOf(target), /^rw,/);
    assert.match(optionsOf('/proc'), /^rw,nosuid,nodev,noexec/);
    assert.match(optionsOf('/sys'), /^ro,/);
  });

  it('--privileged gives everything the daemon has', async () => {
    const status = await statusOf(pier, '--privileged');
    assert.equal(BigInt(`0x${status['CapEff']}`), await ownBoundingSet());
    assert.equal(status['Seccomp'], '0');
    assert.equal(
      await pier.ok(
        'run',
        '--rm',
        '--privileged',
        'alpine',
        'sh',
        '-c',
        'mount -t tmpfs t /mnt && grep -c " /mnt tmpfs" /proc/mounts; ls /dev | grep -c loop-control',
      ),
      '1\n1',
    );
  });

  it('--user takes names, numbers and groups', async () => {
    assert.equal(
      await pier.ok('run', '--rm', '--user', 'nobody', 'alpine', 'id'),
      'uid=65534(nobody) gid=65534(nobody) groups=65534(nobody)',
    );
    assert.equal(await pier.ok('run', '--rm', '-u', '1234:5678', 'alpine', 'sh', '-c', 'id -u; id -g; echo $HOME'), '1234\n5678\n/');
    assert.equal(await pier.ok('run', '--rm', '-u', 'daemon:mail', 'alpine', 'sh', '-c', 'id -un; id -gn'), 'daemon\nmail');
    assert.match(
      await pier.ok('run', '--rm', 'alpine', 'id'),
      /^uid=0\(root\) gid=0\(root\) groups=0\(root\),(0\(root\),)?1\(bin\),2\(daemon\)/,
    );
    const unknown = await pier.cli('run', '--rm', '--user', 'nosuchuser', 'alpine', 'true');
    assert.notEqual(unknown.exitCode, 0);
    assert.match(unknown.stderr, /unable to find user nosuchuser: no matching entries in passwd file/);
  });

  it('--read-only keeps the root from being written, --tmpfs opens a place', async () => {
    const result = await pier.cli(
      'run',
      '--rm',
      '--read-only',
      '--tmpfs',
      '/scratch:size=1m,mode=1777',
      'alpine',
      'sh',
      '-c',
      'touch /x; touch /scratch/y && df -k /scratch | tail -n 1; stat -c %a /scratch',
    );
    assert.match(result.stderr, /touch: \/x: Read-only file system/);
    assert.match(result.stdout, /^tmpfs +1024 .*\/scratch\n1777\n$/);
  });

  it('-v shows a host directory, ro keeps it from being written', async () => {
    const { here, there } = await pier.daemon.bindDirectory();
    await writeFile(`${here}/from-host`, 'hello\n');
    assert.equal(
      await pier.ok('run', '--rm', '-v', `${there}:/data`, 'alpine', 'sh', '-c', 'cat /data/from-host; echo back > /data/from-container'),
      'hello',
    );
    assert.equal(await readFile(`${here}/from-container`, 'utf8'), 'back\n');
    const refused = await pier.cli('run', '--rm', '-v', `${there}:/data:ro`, 'alpine', 'touch', '/data/x');
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /Read-only file system/);
    assert.equal(await pier.ok('run', '--rm', '-v', `${there}/from-host:/one/file`, 'alpine', 'cat', '/one/file'), 'hello');
    // Docker makes a missing source of -v a directory.
    await pier.ok('run', '--rm', '-v', `${there}/made:/data`, 'alpine', 'touch', '/data/x');
    assert.equal(await readFile(`${here}/made/x`, 'utf8'), '');
  });

  it('-v follows no link of the image out of the container', async () => {
    const { here, there } = await pier.daemon.bindDirectory();
    await pier.ok('run', '--name', 'linker', 'alpine', 'ln', '-s', here, '/escape');
    await pier.ok('export', '-o', `${here}/image.tar`, 'linker');
    await pier.ok('import', `${here}/image.tar`, 'escaping');
    await writeFile(`${here}/victim`, 'untouched');
    await pier.ok('run', '--rm', '-v', `${there}:/escape/victim`, 'escaping', 'true');
    assert.equal(await readFile(`${here}/victim`, 'utf8'), 'untouched');
    await pier.ok('rm', 'linker');
    await pier.ok('rmi', 'escaping');
  });

  it('--init runs an init as process 1 that collects orphans', async () => {
    const output = await pier.ok(
      'run',
      '--rm',
      '--init',
      'alpine',
      'sh',
      '-c',
      'cat /proc/1/comm; (sleep 0.1 &) ; sleep 0.5; ps -o stat,args | grep -c "^Z" || true',
    );
    assert.match(output, /^(docker-init|tini|init|catatonit)\n0$/);
  });

  it('--network host shares the host’s network and name', { skip: IS_PEER && 'a peer has a host of its own' }, async () => {
    const output = await pier.ok('run', '--rm', '--network', 'host', 'alpine', 'sh', '-c', 'readlink /proc/self/ns/net; hostname');
    assert.equal(output, `${await readlink('/proc/self/ns/net')}\n${(await readFile('/proc/sys/kernel/hostname', 'utf8')).trim()}`);
  });

  it('file permission bits, owners and links of the image are as they were', async () => {
    const output = await pier.ok('run', '--rm', 'alpine', 'stat', '-c', '%n %a %u:%g %F', '/tmp', '/bin/busybox', '/etc/shadow', '/bin/sh');
    assert.equal(
      output,
      '/tmp 1777 0:0 directory\n/bin/busybox 755 0:0 regular file\n/etc/shadow 640 0:42 regular file\n/bin/sh 777 0:0 symbolic link',
    );
  });

  it('the daemon’s environment and open files do not reach the process', async () => {
    const output = await pier.ok('run', '--rm', 'alpine', 'sh', '-c', 'env | cut -d= -f1 | sort; ls /proc/self/fd');
    assert.equal(output, 'HOME\nHOSTNAME\nPATH\nPWD\nSHLVL\n0\n1\n2\n3');
  });
});

/** Fields of /proc/self/status of a process in a container. */
async function statusOf(pier: Fixture, ...flags: string[]): Promise<Record<string, string>> {
  const text = await pier.ok('run', '--rm', ...flags, 'alpine', 'cat', '/proc/self/status');
  return Object.fromEntries(text.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
}

/** What this machine may give at all. */
async function ownBoundingSet(): Promise<bigint> {
  return BigInt(`0x${/^CapBnd:\s+(\w+)$/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1]}`);
}
