// What a container uses, compared with the kernel's own files.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeWithClients } from '../harness/fixture.ts';
import { api, jsonOf } from '../harness/http.ts';
import { until } from '../harness/until.ts';
import { limitOf } from './limits.ts';
import type { ContainerStatsResponse } from '../../src/wire/index.ts';

describeWithClients('stats', (pier) => {
  async function statsOf(name: string, query = 'stream=false'): Promise<ContainerStatsResponse> {
    const answer = await api(pier.daemon.socket, 'GET', `/containers/${name}/stats?${query}`);
    assert.equal(answer.status, 200);
    return jsonOf<ContainerStatsResponse>(answer);
  }

  it('tells what the cgroup counts', async () => {
    const id = await pier.ok(
      'run',
      '-d',
      '--name',
      'busy',
      '-m',
      '64m',
      '--pids-limit',
      '20',
      'alpine',
      'sh',
      '-c',
      'sleep 1000 & while :; do :; done',
    );
    const before = await statsOf('busy', 'stream=false&one-shot=true');
    const stats = await statsOf('busy');
    assert.deepEqual([stats.id, stats.name], [id, '/busy']);
    assert.equal(stats.memory_stats.limit, 64 * 1024 * 1024);
    assert.deepEqual(stats.pids_stats, { current: 2, limit: 20 });
    assert.equal(String(stats.pids_stats.current), await limitOf(pier, 'busy', 'pids', 'pids.current', 'pids.current'));
    // One sample alone has none before it; two are a second apart.
    assert.equal(before.preread, '0001-01-01T00:00:00Z');
    assert.ok(Date.parse(stats.read) > Date.parse(stats.preread) && Date.parse(stats.preread) > Date.parse(before.read));
    assert.ok(stats.cpu_stats.cpu_usage.total_usage > stats.precpu_stats.cpu_usage.total_usage);
    assert.ok((stats.cpu_stats.system_cpu_usage ?? 0) > (stats.precpu_stats.system_cpu_usage ?? 0));
    assert.ok((stats.memory_stats.usage ?? 0) > 0 && (stats.memory_stats.usage ?? 0) <= 64 * 1024 * 1024);
    assert.ok(Object.keys(stats.memory_stats.stats ?? {}).includes('pgfault'));
  });

  it('counts the network from the container’s side', async () => {
    await pier.ok('run', '-d', '--name', 'net', 'alpine', 'sleep', '1000');
    const gateway = await pier.ok('inspect', '-f', '{{.NetworkSettings.Networks.bridge.Gateway}}', 'net');
    await pier.ok('exec', 'net', 'ping', '-c', '3', '-i', '0.2', '-s', '1000', gateway);
    const { networks } = await statsOf('net', 'stream=false&one-shot=true');
    const inside = await pier.ok('exec', 'net', 'cat', '/sys/class/net/eth0/statistics/tx_bytes');
    assert.deepEqual(Object.keys(networks ?? {}), ['eth0']);
    assert.ok((networks?.['eth0']?.tx_bytes ?? 0) >= 3000, JSON.stringify(networks));
    assert.ok(Number(inside) >= (networks?.['eth0']?.tx_bytes ?? 0));
    await pier.ok('run', '-d', '--name', 'alone', '--network', 'none', 'alpine', 'sleep', '1000');
    assert.equal((await statsOf('alone', 'stream=false&one-shot=true')).networks, undefined);
  });

  it('--no-stream prints one table; --format what it says', async () => {
    await pier.ok('run', '-d', '--name', 'one', '-m', '64m', 'alpine', 'sleep', '1000');
    const table = await pier.ok('stats', '--no-stream', 'one');
    assert.match(
      table,
      /^CONTAINER ID {3}NAME {6}CPU % {5}MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS\n[0-9a-f]{12} {3}one {7}\d+\.\d\d% {5}[\d.]+[KM]iB \/ 64MiB +\d+\.\d\d% +[\d.]+k?B \/ [\d.]+k?B +\S+ \/ \S+ +1$/,
    );
    assert.equal(await pier.ok('stats', '--no-stream', '--format', '{{.Container}} {{.Name}} {{.PIDs}}', 'one'), 'one one 1');
    assert.deepEqual(Object.keys(JSON.parse(await pier.ok('stats', '--no-stream', '--format', 'json', 'one')) as object), [
      'BlockIO',
      'CPUPerc',
      'Container',
      'ID',
      'MemPerc',
      'MemUsage',
      'Name',
      'NetIO',
      'PIDs',
    ]);
  });

  it('a container that does not run has no figures, one that is not there is an error', async () => {
    await pier.ok('create', '--name', 'still', 'alpine', 'true');
    assert.equal(
      await pier.ok('stats', '--no-stream', '--format', '{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.PIDs}}', 'still'),
      'still 0.00% 0B / 0B 0',
    );
    assert.equal(await pier.ok('stats', '--no-stream', '-a', '--format', '{{.Name}}'), 'still');
    assert.equal(await pier.ok('stats', '--no-stream', '--format', '{{.Name}}'), '');
    const missing = await pier.cli('stats', '--no-stream', 'nobody');
    assert.deepEqual([missing.exitCode, missing.stderr], [1, 'Error response from daemon: No such container: nobody\n']);
  });

  it('the stream follows containers that come and go', async () => {
    await pier.ok('run', '-d', '--name', 'early', 'alpine', 'sleep', '1000');
    const session = pier.background('stats', '--format', '{{.Name}};');
    let output = '';
    session.stdout?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-200)));
    const shown = (): string => output.slice(output.lastIndexOf('\u001B[H'));
    await until(
      () => output.includes('early;'),
      () => output,
    );
    await pier.ok('run', '-d', '--name', 'late', 'alpine', 'sleep', '1000');
    await until(
      () => /early;[^]*late;/.test(output),
      () => output,
    );
    await pier.ok('rm', '-f', 'early');
    await until(() => shown().includes('late;') && !shown().includes('early;'), shown);
  });
});
