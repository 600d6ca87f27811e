// Limits, read in the kernel's own files; cgroup v1 and v2.
import assert from 'node:assert/strict';
import { existsSync, rmdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { readCgroupMounts } from '../../src/linux/cgroup-mounts.ts';
import { describeWithClients } from '../harness/fixture.ts';
import { limitOf } from './limits.ts';
import { api } from '../harness/http.ts';

const MIB = 1024 * 1024;

describeWithClients('limits', (pier) => {
  const pidOf = (name: string): Promise<string> => pier.ok('inspect', '-f', '{{.State.Pid}}', name);

  it('--memory is set in the container’s cgroup', async () => {
    await pier.ok('run', '-d', '--name', 'm-1', '--memory', '64m', 'alpine', 'sleep', '1000');
    assert.equal(await limitOf(pier, 'm-1', 'memory', 'memory.limit_in_bytes', 'memory.max'), String(64 * 1024 * 1024));
    assert.equal(
      await pier.ok('inspect', '--format', '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}', 'm-1'),
      `${64 * 1024 * 1024} ${128 * 1024 * 1024}`,
    );
  });

  it('a process over its memory limit is killed, and inspect says why', async () => {
    const result = await pier.cli(
      'run',
      '--name',
      'oom',
      '--memory',
      '16m',
      '--memory-swap',
      '16m',
      'alpine',
      'sh',
      '-c',
      'head -c 200000000 /dev/zero | tail',
    );
    assert.notEqual(result.exitCode, 0);
    assert.equal(await pier.ok('inspect', '--format', '{{.State.OOMKilled}}', 'oom'), 'true');
    // conmon leaves a mark where it runs, and used to run where the daemon was started.
    assert.equal(existsSync('oom'), false);
  });

  it('--cpus is set as a quota', async () => {
    await pier.ok('run', '-d', '--name', 'q-1', '--cpus', '0.5', 'alpine', 'sleep', '1000');
    const found = await limitOf(pier, 'q-1', 'cpu', 'cpu.cfs_quota_us', 'cpu.max');
    assert.ok(found === '50000' || found === '50000 100000', found);
    assert.equal(await pier.ok('inspect', '--format', '{{.HostConfig.NanoCpus}}', 'q-1'), '500000000');
  });

  it('--pids-limit stops a fork bomb', async () => {
    await pier.ok('run', '-d', '--name', 'p-1', '--pids-limit', '10', 'alpine', 'sleep', '1000');
    assert.equal(await limitOf(pier, 'p-1', 'pids', 'pids.max', 'pids.max'), '10');
    const result = await pier.cli('exec', 'p-1', 'sh', '-c', 'for i in $(seq 20); do sleep 5 & done');
    assert.match(result.stderr, /can't fork/);
  });

  it('an exec is inside its container’s cgroups', async () => {
    await pier.ok('run', '-d', '--name', 'e-1', '--memory', '64m', 'alpine', 'sleep', '1000');
    const { stdout } = await pier.cli('exec', 'e-1', 'sh', '-c', 'diff /proc/1/cgroup /proc/self/cgroup && echo same');
    assert.equal(stdout, 'same\n');
  });

  it('further limits of memory and CPUs are in the files of its cgroup, and in inspect', async () => {
    const flags = [
      '-m',
      '64m',
      '--memory-swap',
      '80m',
      '--memory-reservation',
      '32m',
      '-c',
      '512',
      '--cpu-period',
      '50000',
      '--cpu-quota',
      '25000',
    ];
    await pier.ok('run', '-d', '--name', 'f-1', ...flags, '--cpuset-cpus', '0', '--cpuset-mems', '0', 'alpine', 'sleep', '1000');
    assert.equal(await limitOf(pier, 'f-1', 'memory', 'memory.soft_limit_in_bytes', 'memory.low'), String(32 * MIB));
    const swap = await limitOf(pier, 'f-1', 'memory', 'memory.memsw.limit_in_bytes', 'memory.swap.max');
    assert.ok(swap === String(80 * MIB) || swap === String(16 * MIB), swap);
    const shares = await limitOf(pier, 'f-1', 'cpu', 'cpu.shares', 'cpu.weight');
    assert.ok(shares === '512' || shares === '20', shares);
    const quota = await limitOf(pier, 'f-1', 'cpu', 'cpu.cfs_quota_us', 'cpu.max');
    assert.ok(quota === '25000' || quota === '25000 50000', quota);
    assert.equal(await limitOf(pier, 'f-1', 'cpuset', 'cpuset.cpus', 'cpuset.cpus'), '0');
    assert.equal(await limitOf(pier, 'f-1', 'cpuset', 'cpuset.mems', 'cpuset.mems'), '0');
    const fields = 'MemorySwap MemoryReservation CpuShares CpuPeriod CpuQuota CpusetCpus CpusetMems'.split(' ');
    const format = fields.map((field) => `{{.HostConfig.${field}}}`).join(' ');
    assert.equal(await pier.ok('inspect', '-f', format, 'f-1'), `${80 * MIB} ${32 * MIB} 512 50000 25000 0 0`);
  });

  it('--ulimit counts for the container and for what is run in it', async () => {
    const flags = ['--ulimit', 'nofile=100:200', '--ulimit', 'core=-1'];
    await pier.ok('run', '-d', '--name', 'u-1', ...flags, 'alpine', 'sleep', '1000');
    const pid = await pier.ok('inspect', '-f', '{{.State.Pid}}', 'u-1');
    const limits = await readFile(`/proc/${pid}/limits`, 'utf8');
    assert.match(limits, /^Max open files +100 +200 /m);
    assert.match(limits, /^Max core file size +unlimited +unlimited /m);
    assert.equal(await pier.ok('exec', 'u-1', 'sh', '-c', 'ulimit -n; ulimit -Hn'), '100\n200');
    assert.equal(
      await pier.ok('inspect', '-f', '{{json .HostConfig.Ulimits}}', 'u-1'),
      '[{"Name":"core","Hard":-1,"Soft":-1},{"Name":"nofile","Hard":200,"Soft":100}]',
    );
  });

  it('--oom-score-adj, --group-add, --sysctl and --domainname reach the process', async () => {
    const flags = ['--oom-score-adj', '100', '--group-add', '1234', '--group-add', 'audio', '--sysctl', 'net.core.somaxconn=77'];
    const script =
      'cat /proc/1/oom_score_adj; id -G | grep -o 1234; id -Gn | grep -o audio; cat /proc/sys/net/core/somaxconn /proc/sys/kernel/domainname';
    const found = await pier.ok('run', '--rm', ...flags, '--domainname', 'example.test', 'alpine', 'sh', '-c', script);
    assert.equal(found, '100\n1234\naudio\n77\nexample.test');
    const missing = await pier.cli('run', '--rm', '--group-add', 'nosuch', 'alpine', 'true');
    assert.equal(missing.exitCode, 125);
    assert.match(missing.stderr, /[Uu]nable to find group nosuch/);
  });

  it('--sysctl changes nothing that is the machine’s', async () => {
    const before = await readFile('/proc/sys/net/core/somaxconn', 'utf8');
    const host = await pier.cli('run', '--rm', '--network', 'host', '--sysctl', 'net.core.somaxconn=3', 'alpine', 'true');
    assert.equal(host.exitCode, 125);
    assert.match(host.stderr, /sysctl "net\.core\.somaxconn" not allowed in host network namespace/);
    assert.equal(await readFile('/proc/sys/net/core/somaxconn', 'utf8'), before);
    const other = await pier.cli('run', '--rm', '--sysctl', 'kernel.panic=3', 'alpine', 'true');
    assert.equal(other.exitCode, 125);
    assert.match(other.stderr, /invalid argument "kernel\.panic=3" for "--sysctl" flag: sysctl 'kernel\.panic=3' is not allowed/);
    // The API has no client in front that looks first.
    const hostile = { Image: 'alpine', HostConfig: { Sysctls: { 'net.core/../../kernel/panic': '3' } } };
    const { status } = await api(pier.daemon.socket, 'POST', '/containers/create?name=sly', { json: hostile });
    assert.equal(status, 201);
    const started = await api(pier.daemon.socket, 'POST', '/containers/sly/start');
    assert.equal(started.status, 500, started.body.toString());
  });

  it('--device gives a node and the right to use it, as far as it was asked for', async () => {
    const script = 'stat -c %t:%T /dev/zz; head -c 3 /dev/zz | wc -c; (echo x > /dev/zz) 2>&1';
    const found = await pier.cli('run', '--rm', '--device', '/dev/zero:/dev/zz:r', 'alpine', 'sh', '-c', script);
    assert.match(found.stdout, /^1:5\n3\n/);
    const folder = await pier.ok('run', '--rm', '--device', '/dev/net', 'alpine', 'sh', '-c', 'stat -c %t:%T /dev/net/tun; ls /dev/net');
    assert.equal(folder, 'a:c8\ntun');
    const missing = await pier.cli('run', '--rm', '--device', '/dev/nosuch', 'alpine', 'true');
    assert.equal(missing.exitCode, 127);
    assert.match(
      missing.stderr,
      /error gathering device information while adding custom device "\/dev\/nosuch": no such file or directory/,
    );
    // A rule without a node: with mknod the container can make one, and then open it.
    const open = 'mknod /tmp/tun c 10 200; (: < /tmp/tun) 2>&1 && echo opened';
    assert.match((await pier.cli('run', '--rm', 'alpine', 'sh', '-c', open)).stdout, /not permitted/);
    assert.equal(await pier.ok('run', '--rm', '--device-cgroup-rule', 'c 10:200 rw', 'alpine', 'sh', '-c', open), 'opened');
  });

  it('--cgroup-parent chooses where its cgroup is, below the root whatever is asked', async () => {
    const parent = `pier-test-${process.pid}-${Math.random().toString(36).slice(2)}`;
    const roots = readCgroupMounts().directories;
    try {
      const id = await pier.ok('run', '-d', '--name', 'g-1', '--cgroup-parent', `../../${parent}`, 'alpine', 'sleep', '1000');
      const pid = await pier.ok('inspect', '-f', '{{.State.Pid}}', 'g-1');
      assert.ok((await readFile(`/proc/${pid}/cgroup`, 'utf8')).includes(`:/${parent}/${id}\n`));
      assert.match(await pier.ok('top', 'g-1'), /sleep 1000/);
      await pier.ok('rm', '-f', 'g-1');
      for (const root of roots) assert.equal(existsSync(join(root, parent, id)), false);
    } finally {
      for (const root of roots) if (existsSync(join(root, parent))) rmdirSync(join(root, parent));
    }
  });

  it('a --cgroup-parent among the engine’s own cgroups outlives the engine with what is in it', async () => {
    await pier.ok('run', '-d', '--name', 'g-2', 'alpine', 'sleep', '1000');
    const path = /:(\/pier\/[0-9a-f]+)\//.exec(await readFile(`/proc/${await pidOf('g-2')}/cgroup`, 'utf8'))?.[1] ?? '';
    const parent = `${path}/of-somebody`;
    try {
      await pier.ok('run', '-d', '--name', 'g-3', '--cgroup-parent', parent, 'alpine', 'sleep', '1000');
      const pid = await pidOf('g-3');
      await pier.daemon.killAndRestart();
      assert.equal(await pier.ok('inspect', '-f', '{{.State.Status}} {{.State.Pid}}', 'g-3'), `running ${pid}`);
      await pier.ok('rm', '-f', 'g-3');
    } finally {
      for (const root of readCgroupMounts().directories) if (existsSync(join(root, parent))) rmdirSync(join(root, parent));
    }
  });

  it(
    'what this kernel cannot limit is dropped with a warning, as Docker does',
    { skip: readCgroupMounts().version === 2 && 'of version 1' },
    async () => {
      const killer = await pier.cli('create', '--name', 'w-1', '--oom-kill-disable', 'alpine', 'true');
      assert.match(
        killer.stderr,
        /^WARNING: OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources\.$/m,
      );
      const swappiness = await pier.ok(
        'run',
        '--rm',
        '--memory-swappiness',
        '10',
        'alpine',
        'cat',
        '/sys/fs/cgroup/memory/memory.swappiness',
      );
      assert.equal(swappiness, '10');
    },
  );

  it('limits that make no sense are refused', async () => {
    const small = await pier.cli('run', '--rm', '--memory', '1m', 'alpine', 'true');
    assert.equal(small.exitCode, 125);
    assert.match(small.stderr, /Minimum memory limit allowed is 6MB/);
    const cpus = await pier.cli('run', '--rm', '--cpus', '1000', 'alpine', 'true');
    assert.equal(cpus.exitCode, 125);
    assert.match(cpus.stderr, /range of CPUs is from 0\.01 to/);
    const swap = await pier.cli('run', '--rm', '--memory', '64m', '--memory-swap', '32m', 'alpine', 'true');
    assert.equal(swap.exitCode, 125);
    assert.match(swap.stderr, /Minimum memoryswap limit should be larger than memory limit/);
    for (const [flags, message] of REFUSED) {
      const { exitCode, stderr } = await pier.cli('run', '--rm', ...flags, 'alpine', 'true');
      assert.equal(exitCode, message.includes('no such file') ? 127 : 125, flags.join(' '));
      assert.ok(stderr.includes(message), `${flags.join(' ')}: ${stderr}`);
    }
  });
});

const REFUSED: readonly (readonly [readonly string[], string])[] = [
  [['--memory-swap', '64m'], 'You should always set the Memory limit when using Memoryswap limit, see usage'],
  [['--memory-swappiness', '101'], 'alid memory swappiness range is 0-100'],
  [['--memory-reservation', '1m'], 'Minimum memory reservation allowed is 6MB'],
  [['-m', '64m', '--memory-reservation', '128m'], 'Minimum memory limit can not be less than memory reservation limit, see usage'],
  [['--cpu-period', '10'], 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'],
  [['--cpu-quota', '10'], 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
  [['--cpus', '1', '--cpu-quota', '50000'], 'Conflicting options: Nano CPUs and CPU Quota cannot both be set'],
  [['--cpuset-cpus', '0,4000'], 'Requested CPUs are not available - requested 0,4000, available: '],
  [['--cpuset-cpus', 'x'], 'Invalid value x for cpuset cpus: invalid format: x'],
  [['--oom-score-adj', '2000'], 'Invalid value 2000, range for oom score adj is [-1000, 1000]'],
  [['--ulimit', 'bad=3'], 'invalid argument "bad=3" for "--ulimit" flag: invalid ulimit type: bad'],
  [['--ulimit', 'nofile=20:10'], 'ulimit soft limit must be less than or equal to hard limit: 20 > 10'],
  [['--device-read-bps', 'vda'], 'invalid argument "vda" for "--device-read-bps" flag: bad format: vda'],
  [['--device-read-bps', '/dev/nosuch:1mb'], 'stat /dev/nosuch: no such file or directory'],
  [['--device-cgroup-rule', 'x'], "invalid device cgroup format 'x'"],
];
