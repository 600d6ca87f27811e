// Limits, read in the kernel's own files; cgroup v1 and v2.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { describeWithClients, type Fixture } from '../harness/fixture.ts';

describeWithClients('limits', (pier) => {
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
  });
});

/** A value of a running container's cgroup, by the controller's v1 or v2 file. */
async function limitOf(pier: Fixture, name: string, controller: string, v1File: string, v2File: string): Promise<string> {
  const pid = await pier.ok('inspect', '--format', '{{.State.Pid}}', name);
  const lines = (await readFile(`/proc/${pid}/cgroup`, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.split(':'));
  const v1 = lines.find(([, controllers]) => controllers?.split(',').includes(controller));
  if (v1 !== undefined) {
    const path = `/sys/fs/cgroup/${controller}${v1[2]}/${v1File}`;
    assert.ok(existsSync(path), path);
    return (await readFile(path, 'utf8')).trim();
  }
  const unified = lines.find(([id]) => id === '0')?.[2] ?? '';
  return (await readFile(`/sys/fs/cgroup${unified}/${v2File}`, 'utf8')).trim();
}
