// Health checks: what probes run, when, what becomes of their results, and that none is left behind.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { glob, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { IS_PEER } from '../harness/daemon.ts';
import { describeWithClients } from '../harness/fixture.ts';
import { SHARED } from '../harness/images.ts';
import { until } from '../harness/until.ts';

/** Not one that its parent, which may be the container's process 1, has not asked about yet. */
function lives(pid: string | undefined): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

interface Health {
  readonly Status: string;
  readonly FailingStreak: number;
  readonly Log: readonly { readonly Start: string; readonly End: string; readonly ExitCode: number; readonly Output: string }[];
}

describeWithClients('health checks', (pier) => {
  const health = async (name: string): Promise<Health> =>
    JSON.parse(await pier.ok('inspect', '--format', '{{json .State.Health}}', name)) as Health;
  const status = async (name: string): Promise<string> => (await health(name))?.Status;
  const becomes = async (name: string, wanted: string): Promise<void> =>
    await until(
      async () => (await status(name)) === wanted,
      () => name,
    );
  const shown = async (name: string): Promise<string> => await pier.ok('ps', '-a', '--filter', `name=${name}`, '--format', '{{.Status}}');
  const found = async (value: string): Promise<string> =>
    await pier.ok('ps', '-a', '--filter', `health=${value}`, '--format', '{{.Names}}');
  it('a container is unhealthy while its probe fails, healthy when it succeeds, and says so', async () => {
    const since = String(Date.now() / 1000);
    const check = 'echo out; echo err >&2; test -e /ok';
    await pier.ok(
      'run',
      '-d',
      '--name',
      'h-1',
      '--health-cmd',
      check,
      '--health-interval',
      '50ms',
      '--health-retries',
      '2',
      'alpine',
      'sleep',
      '1000',
    );
    await becomes('h-1', 'unhealthy');
    assert.match(await shown('h-1'), /^Up .* \(unhealthy\)$/);
    assert.equal(await found('unhealthy'), 'h-1');
    const { FailingStreak, Log } = await health('h-1');
    assert.ok(FailingStreak >= 2 && Log.length >= 2);
    assert.deepEqual([Log[0]?.ExitCode, Log[0]?.Output.split('\n').toSorted()], [1, ['', 'err', 'out']]);
    assert.ok(Date.parse(Log[0]?.Start ?? '') <= Date.parse(Log[0]?.End ?? ''));
    await pier.ok('exec', 'h-1', 'touch', '/ok');
    await becomes('h-1', 'healthy');
    assert.match(await shown('h-1'), /^Up .* \(healthy\)$/);
    await until(async () => (await health('h-1')).Log.every(({ ExitCode }) => ExitCode === 0));
    assert.deepEqual([(await health('h-1')).FailingStreak, (await health('h-1')).Log.length], [0, 5]);
    const events = (filter: string): Promise<string> =>
      pier.ok(
        'events',
        '--since',
        since,
        '--until',
        String(Date.now() / 1000),
        '--filter',
        'container=h-1',
        '--filter',
        filter,
        '--format',
        '{{.Action}}',
      );
    assert.equal(await events('event=health_status'), 'health_status: unhealthy\nhealth_status: healthy');
    assert.equal(await events('event=health_status: healthy'), 'health_status: healthy');
    const story = (await events('type=container')).split('\n').filter((action) => action !== 'exec_die');
    const probe = story.indexOf(`exec_create: /bin/sh -c ${check}`);
    assert.equal(story[probe + 1], `exec_start: /bin/sh -c ${check}`);
  });

  it('nobody probes one that is paused or has ended: it counts as unhealthy', async () => {
    await pier.ok('run', '-d', '--name', 'p-1', '--health-cmd', 'true', '--health-interval', '50ms', 'alpine', 'sleep', '1000');
    await becomes('p-1', 'healthy');
    await pier.ok('pause', 'p-1');
    assert.equal(await status('p-1'), 'unhealthy');
    assert.match(await shown('p-1'), /\(Paused\)$/);
    await pier.ok('unpause', 'p-1');
    await becomes('p-1', 'healthy');
    await pier.ok('stop', '-t', '0', 'p-1');
    assert.equal(await status('p-1'), 'unhealthy');
    assert.match(await shown('p-1'), /^Exited/);
    assert.equal(await found('unhealthy'), 'p-1');
    const before = (await health('p-1')).Log.length;
    await pier.ok('start', 'p-1');
    await becomes('p-1', 'healthy');
    assert.ok((await health('p-1')).Log.length >= before);
  });

  it('a probe that takes too long is killed with what it started, and what it said is kept', async () => {
    const check = 'echo begun; sleep 4321; true';
    const flags = ['--health-interval', '50ms', '--health-timeout', '300ms', '--health-retries', '1'];
    await pier.ok('run', '-d', '--name', 't-1', '--health-cmd', check, ...flags, 'alpine', 'sleep', '1000');
    await becomes('t-1', 'unhealthy');
    const [first] = (await health('t-1')).Log;
    assert.deepEqual([first?.ExitCode, first?.Output], [-1, 'Health check exceeded timeout (300ms): begun\n']);
    await until(async () => (await health('t-1')).Log.length >= 3);
    if (IS_PEER) return;
    // Those of the probes before would be there still.
    const { body } = await pier.daemon.api('GET', '/containers/t-1/top');
    assert.ok(body.toString().split('sleep 4321').length <= 3, body.toString());
  });

  it('a probe that cannot be run has failed, and a long output is cut', async () => {
    await pier.daemon.api('POST', '/containers/create?name=n-1', {
      json: { Image: 'alpine', Cmd: ['sleep', '1000'], Healthcheck: { Test: ['CMD', 'nosuch'], Interval: 50e6, Retries: 1 } },
    });
    await pier.ok('start', 'n-1');
    await becomes('n-1', 'unhealthy');
    const [missing] = (await health('n-1')).Log;
    const text =
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH';
    assert.deepEqual([missing?.ExitCode, missing?.Output], [-1, text]);
    await pier.ok(
      'run',
      '-d',
      '--name',
      'l-1',
      '--health-cmd',
      'yes | head -c 300000',
      '--health-interval',
      '50ms',
      'alpine',
      'sleep',
      '1000',
    );
    await becomes('l-1', 'healthy');
    assert.equal((await health('l-1')).Log[0]?.Output, `${'y\n'.repeat(2048)}...`);
  });

  it('failures within the start period do not count, and probes come at the start interval', async () => {
    const flags = ['--health-start-period', '1h', '--health-start-interval', '50ms', '--health-interval', '1h', '--health-retries', '1'];
    await pier.ok('run', '-d', '--name', 's-1', '--health-cmd', 'test -e /ok', ...flags, 'alpine', 'sleep', '1000');
    await until(async () => (await health('s-1')).Log.length >= 3);
    assert.deepEqual([await status('s-1'), (await health('s-1')).FailingStreak], ['starting', 0]);
    assert.match(await shown('s-1'), /^Up .* \(health: starting\)$/);
    assert.equal(
      await pier.ok('inspect', '--format', '{{.Config.Healthcheck}}', 's-1'),
      '{[CMD-SHELL test -e /ok] 1h0m0s 0s 1h0m0s 50ms 1}',
    );
    const times = await pier.ok('inspect', '--format', '{{range .State.Health.Log}}{{.Start}}\n{{end}}', 's-1');
    assert.match(times, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC\n/);
    await pier.ok('exec', 's-1', 'touch', '/ok');
    await becomes('s-1', 'healthy');
  });

  it("an image's check is used, changed in parts, and taken away", async () => {
    const body = readFileSync(SHARED.alpineTar);
    const changes = encodeURIComponent('HEALTHCHECK --interval=1h --retries=4 CMD test -e /etc/os-release');
    await pier.daemon.api('POST', `/images/create?fromSrc=-&repo=checked&changes=${changes}`, { body });
    const config = async (name: string): Promise<unknown> =>
      JSON.parse(await pier.ok('inspect', '--format', '{{json .Config.Healthcheck}}', name));
    const test = ['CMD-SHELL', 'test -e /etc/os-release'];
    await pier.ok('create', '--name', 'i-1', 'checked', 'sleep', '1000');
    assert.deepEqual(await config('i-1'), { Test: test, Interval: 3600e9, Retries: 4 });
    await pier.ok('run', '-d', '--name', 'i-2', '--health-interval', '50ms', '--health-timeout', '10s', 'checked', 'sleep', '1000');
    assert.deepEqual(await config('i-2'), { Test: test, Interval: 50e6, Timeout: 10e9, Retries: 4 });
    await becomes('i-2', 'healthy');
    await pier.ok('run', '-d', '--name', 'i-3', '--no-healthcheck', 'checked', 'sleep', '1000');
    assert.deepEqual(await config('i-3'), { Test: ['NONE'], Interval: 3600e9, Retries: 4 });
    assert.equal(await health('i-3'), null);
    assert.deepEqual((await found('none')).split('\n').toSorted(), ['i-1', 'i-3']);
    await pier.ok('rm', '-f', 'i-1', 'i-2', 'i-3');
    await pier.ok('rmi', 'checked');
  });

  it('what makes no sense is refused', async () => {
    const cases: readonly (readonly [flags: readonly string[], exitCode: number | undefined, message: string])[] = [
      [['--no-healthcheck', '--health-cmd', 'x'], 125, '--no-healthcheck conflicts with --health-* options'],
      [['--health-interval', '-1s'], 125, '--health-interval cannot be negative'],
      [['--health-retries', '-1'], 125, '--health-retries cannot be negative'],
      [['--health-timeout', '5'], 125, 'invalid argument "5" for "--health-timeout" flag: time: missing unit in duration "5"'],
      [['--health-timeout', 'abc'], 125, 'invalid argument "abc" for "--health-timeout" flag: time: invalid duration "abc"'],
      [['--health-interval', '1us'], undefined, 'Interval in Healthcheck cannot be less than 1ms'],
      [['--health-start-interval', '999us'], undefined, 'StartInterval in Healthcheck cannot be less than 1ms'],
    ];
    for (const [flags, exitCode, message] of cases) {
      const outcome = await pier.cli('create', ...flags, 'alpine', 'true');
      assert.ok(outcome.stderr.includes(message), outcome.stderr);
      assert.equal(outcome.exitCode, exitCode ?? 1);
    }
    const refused = await pier.daemon.api('POST', '/containers/create', { json: { Image: 'alpine', Healthcheck: { Retries: -1 } } });
    assert.deepEqual(
      [refused.status, JSON.parse(refused.body.toString())],
      [400, { message: 'Retries in Healthcheck cannot be negative' }],
    );
  });

  const situations = { 'that runs': false, 'that the runtime was starting': true };
  for (const [situation, isStarting] of Object.entries(situations)) {
    it(
      `a new daemon goes on probing, and a probe ${situation} when the old one died is gone`,
      { skip: IS_PEER && 'a peer is not killed' },
      async () => {
        const check = 'test -e /ok && exit 1; test -e /stuck || exit 0; sleep 1234; true';
        const flags = ['--health-interval', '50ms', '--health-timeout', '1h', '--health-retries', '1'];
        await pier.ok('run', '-d', '--name', 'k-1', '--health-cmd', check, ...flags, 'alpine', 'sleep', '1000');
        await becomes('k-1', 'healthy');
        await pier.ok('exec', 'k-1', 'touch', '/stuck');
        const stuckPid = async (): Promise<string | undefined> => {
          const top = await pier.daemon.api('GET', '/containers/k-1/top?ps_args=-eo%20pid,args');
          const { Processes } = JSON.parse(top.body.toString()) as { Processes: [string, string][] };
          return Processes.find(([, command]) => command === 'sleep 1234')?.[0];
        };
        await until(async () => (await stuckPid()) !== undefined);
        const [pid, mainPid] = [await stuckPid(), await pier.ok('inspect', '--format', '{{.State.Pid}}', 'k-1')];
        await pier.daemon.kill();
        // The runtime's last act in a start.
        if (isStarting) for await (const path of glob(join(pier.daemon.state, 'x', 'health-*', 'pid'))) await rm(path);
        await rm(`/proc/${mainPid}/root/stuck`);
        assert.ok(lives(pid));
        await pier.daemon.start();
        await until(() => !lives(pid));
        assert.equal(await status('k-1'), 'healthy');
        await pier.ok('exec', 'k-1', 'touch', '/ok');
        await becomes('k-1', 'unhealthy');
      },
    );
  }
});
