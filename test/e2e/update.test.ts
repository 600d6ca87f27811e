// Limits changed while a container runs, read back in the kernel's own files.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { it } from 'node:test';
import { describeWithClients } from '../harness/fixture.ts';
import { api } from '../harness/http.ts';
import { until } from '../harness/until.ts';
import { limitOf } from './limits.ts';

const MIB = 1024 * 1024;

describeWithClients('update', (pier) => {
  it('changes the limits of a running container at once, and keeps the others', async () => {
    await pier.ok('run', '-d', '--name', 'up', '-m', '64m', '--pids-limit', '9', 'alpine', 'sleep', '1000');
    const flags = ['-m', '96m', '--memory-swap', '200m', '--cpus', '0.5', '--cpuset-cpus', '0', '-c', '300'];
    assert.equal(await pier.ok('update', ...flags, 'up'), 'up');
    assert.equal(await limitOf(pier, 'up', 'memory', 'memory.limit_in_bytes', 'memory.max'), String(96 * MIB));
    const quota = await limitOf(pier, 'up', 'cpu', 'cpu.cfs_quota_us', 'cpu.max');
    assert.ok(quota === '50000' || quota === '50000 100000', quota);
    assert.equal(await limitOf(pier, 'up', 'cpuset', 'cpuset.cpus', 'cpuset.cpus'), '0');
    assert.equal(await limitOf(pier, 'up', 'pids', 'pids.max', 'pids.max'), '9');
    await pier.ok('update', '--pids-limit', '-1', 'up');
    assert.equal(await limitOf(pier, 'up', 'pids', 'pids.max', 'pids.max'), 'max');
    const format =
      '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.NanoCpus}} {{.HostConfig.CpuShares}} {{json .HostConfig.PidsLimit}}';
    assert.equal(await pier.ok('inspect', '-f', format, 'up'), `${96 * MIB} ${200 * MIB} 500000000 300 null`);
    await pier.ok('restart', '-t', '0', 'up');
    assert.equal(await limitOf(pier, 'up', 'memory', 'memory.limit_in_bytes', 'memory.max'), String(96 * MIB));
  });

  it('changes a container that does not run for its next start, and what restarts it', async () => {
    await pier.ok('create', '--name', 'later', 'alpine', 'sleep', '1000');
    await pier.ok('update', '-m', '32m', '--restart', 'on-failure:3', 'later');
    assert.equal(
      await pier.ok('inspect', '-f', '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}', 'later'),
      'on-failure 3',
    );
    await pier.ok('start', 'later');
    assert.equal(await limitOf(pier, 'later', 'memory', 'memory.limit_in_bytes', 'memory.max'), String(32 * MIB));
  });

  it('what does not go together is refused and changes nothing', async () => {
    const id = await pier.ok('run', '-d', '--name', 'same', '-m', '64m', '--cpus', '1', 'alpine', 'sleep', '1000');
    const cases: readonly (readonly [readonly string[], string])[] = [
      [['-m', '1m'], 'Error response from daemon: Minimum memory limit allowed is 6MB'],
      [
        ['-m', '512m'],
        `Error response from daemon: Cannot update container ${id}: Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time`,
      ],
      [
        ['--cpu-quota', '50000'],
        `Error response from daemon: Cannot update container ${id}: Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set`,
      ],
    ];
    for (const [flags, message] of cases) {
      const { exitCode, stderr } = await pier.cli('update', ...flags, 'same');
      assert.deepEqual({ exitCode, stderr }, { exitCode: 1, stderr: `${message}\n` });
    }
    assert.equal(await limitOf(pier, 'same', 'memory', 'memory.limit_in_bytes', 'memory.max'), String(64 * MIB));
    assert.equal(await pier.ok('inspect', '-f', '{{.HostConfig.Memory}} {{.HostConfig.CpuQuota}}', 'same'), `${64 * MIB} 0`);
    const none = await pier.cli('update', 'same');
    assert.deepEqual([none.exitCode, none.stderr], [1, 'you must provide one or more flags when using this command\n']);
    const both = await pier.cli('update', '--pids-limit', '7', 'nobody', 'same');
    assert.deepEqual([both.exitCode, both.stdout], [1, 'same\n']);
    assert.match(both.stderr, /^Error response from daemon: No such container: nobody\n$/);
  });

  it('a quota of CPU time is lifted, and none can be asked for', async () => {
    const quota = (name: string): Promise<string> => limitOf(pier, name, 'cpu', 'cpu.cfs_quota_us', 'cpu.max');
    await pier.ok('run', '-d', '--name', 'quota', '--cpu-quota', '-1', 'alpine', 'sleep', '1000');
    assert.match(await quota('quota'), /^(?:-1|max 100000)$/);
    await pier.ok('update', '--cpu-quota', '50000', 'quota');
    assert.match(await quota('quota'), /^50000/);
    await pier.ok('update', '--cpu-quota', '-1', 'quota');
    assert.match(await quota('quota'), /^(?:-1|max 100000)$/);
    assert.equal(await pier.ok('inspect', '-f', '{{.HostConfig.CpuQuota}}', 'quota'), '-1');
  });

  it('a container that is removed at its end takes no restart policy', async () => {
    await pier.ok('run', '-d', '--rm', '--name', 'gone', 'alpine', 'sleep', '1000');
    const { exitCode, stderr } = await pier.cli('update', '--restart', 'always', 'gone');
    assert.equal(exitCode, 1);
    assert.match(stderr, /Restart policy cannot be updated because AutoRemove is enabled for the container/);
  });

  it(
    'what the kernel refuses is told, and the record stays',
    { skip: !existsSync('/sys/fs/cgroup/memory') && 'it frees memory by killing with cgroup v2' },
    async () => {
      const fill = 'head -c 30000000 /dev/zero > /t/x; echo full; sleep 1000';
      await pier.ok('run', '-d', '--name', 'full', '-m', '64m', '--memory-swap', '64m', '--tmpfs', '/t', 'alpine', 'sh', '-c', fill);
      await until(async () => (await pier.ok('logs', 'full')) === 'full');
      const { exitCode, stderr } = await pier.cli('update', '-m', '8m', '--memory-swap', '8m', 'full');
      assert.equal(exitCode, 1);
      assert.match(stderr, /^Error response from daemon: Cannot update container [0-9a-f]{64}: .*busy/);
      assert.equal(await limitOf(pier, 'full', 'memory', 'memory.limit_in_bytes', 'memory.max'), String(64 * MIB));
      assert.equal(await pier.ok('inspect', '-f', '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}', 'full'), `${64 * MIB} ${64 * MIB}`);
    },
  );

  it('a value of another kind is refused and changes nothing', async () => {
    await pier.ok('create', '--name', 'kind', '-m', '64m', 'alpine');
    for (const json of [{ Memory: 'much' }, { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 'x' } }]) {
      assert.equal((await api(pier.daemon.socket, 'POST', '/containers/kind/update', { json })).status, 400);
    }
    assert.equal(await pier.ok('inspect', '-f', '{{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}}', 'kind'), `${64 * MIB} no`);
  });
});
