// Restart policies: when a container comes back by itself, and when it must not.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { IS_PEER } from '../harness/daemon.ts';
import { describeWithClients } from '../harness/fixture.ts';
import { until } from '../harness/until.ts';

describeWithClients('restart policies', (pier) => {
  const count = async (name: string): Promise<number> => Number(await pier.ok('inspect', '--format', '{{.RestartCount}}', name));
  const status = async (name: string): Promise<string> => await pier.ok('inspect', '--format', '{{.State.Status}}', name);

  it('always starts it again, whatever the exit code', async () => {
    await pier.ok('run', '-d', '--name', 'a-1', '--restart', 'always', 'alpine', 'sh', '-c', 'echo run; exit 0');
    await until(async () => (await count('a-1')) >= 2);
    assert.ok((await pier.ok('logs', 'a-1')).startsWith('run\nrun'));
    await pier.ok('rm', '-f', 'a-1');
  });

  it('on-failure gives up after so many times, and not after success', async () => {
    await pier.ok('run', '-d', '--name', 'f-1', '--restart', 'on-failure:2', 'alpine', 'false');
    await until(async () => (await count('f-1')) === 2 && (await status('f-1')) === 'exited');
    await pier.ok('run', '-d', '--name', 's-1', '--restart', 'on-failure', 'alpine', 'true');
    await until(async () => (await status('s-1')) === 'exited');
    await sleep(300);
    assert.equal(await count('s-1'), 0);
  });

  it('stop ends it for good, kill by the process does not', async () => {
    await pier.ok('run', '-d', '--name', 'k-1', '--restart', 'unless-stopped', 'alpine', 'sleep', '1000');
    const pid = await pier.ok('inspect', '--format', '{{.State.Pid}}', 'k-1');
    process.kill(Number(pid), 'SIGKILL');
    await until(async () => (await count('k-1')) === 1 && (await status('k-1')) === 'running');
    await pier.ok('stop', '-t', '0', 'k-1');
    await sleep(400);
    assert.equal(await status('k-1'), 'exited');
  });

  it('a container that restarts is shown as restarting, and rm -f ends it', async () => {
    await pier.ok('run', '-d', '--name', 'loop', '--restart', 'always', 'alpine', 'false');
    // It runs and ends in between, and is seen to.
    await until(async () => (await pier.ok('ps', '-a', '--format', '{{.Status}}')).startsWith('Restarting (1) '));
    await pier.ok('rm', '-f', 'loop');
    await sleep(500);
    assert.equal(await pier.ok('ps', '-aq'), '');
  });

  it('one that waits for its restart counts it already, takes no other start, and shows nobody its streams', async () => {
    await pier.ok(
      'run',
      '-d',
      '--name',
      'w-1',
      '--restart',
      'always',
      'alpine',
      'sh',
      '-c',
      'test -e /x && exec sleep 1000; touch /x; exit 7',
    );
    await pier.daemon.api('POST', '/containers/create?name=w-2', {
      json: { Image: 'alpine', Cmd: ['false'], HostConfig: { RestartPolicy: { Name: 'always' } } },
    });
    await until(async () => (await status('w-1')) === 'running' && (await count('w-1')) === 1);
    await pier.ok('start', 'w-2');
    const inspected = async (): Promise<{ readonly RestartCount: number; readonly State: { readonly Status: string } }> =>
      JSON.parse((await pier.daemon.api('GET', '/containers/w-2/json')).body.toString()) as {
        RestartCount: number;
        State: { Status: string };
      };
    let planned = 0;
    // The fifth delay is 1.6 seconds, and all is asked at once: by the API, since a client takes its time to start.
    await until(async () => {
      const { RestartCount, State } = await inspected();
      planned = RestartCount;
      return RestartCount >= 5 && State.Status === 'restarting';
    });
    const asked = [
      ['POST', '/containers/w-2/start'],
      ['POST', '/containers/w-2/attach?stream=1&stdout=1'],
      ['POST', '/containers/w-2/pause'],
      ['DELETE', '/containers/w-2'],
    ] as const;
    const [started, attached, paused, removed] = await Promise.all(
      asked.map(async ([method, path]) => await pier.daemon.api(method, path)),
    );
    assert.deepEqual([started?.status, attached?.status, paused?.status, removed?.status], [304, 409, 409, 409]);
    assert.equal((await inspected()).RestartCount, planned);
    assert.match(String(attached?.body), /container w-2 is restarting, wait until the container is running/);
    assert.match(String(paused?.body), /is restarting, wait until the container is running/);
    assert.match(String(removed?.body), /container is restarting: stop the container before removing or force remove/);
    const since = String(Date.now() / 1000);
    const waiting = pier.ok('wait', 'w-2');
    await pier.ok('stop', 'w-2');
    assert.equal(await waiting, '1');
    assert.equal(await status('w-2'), 'exited');
    const told = await pier.ok(
      'events',
      '--since',
      since,
      '--until',
      String(Date.now() / 1000),
      '--filter',
      'event=stop',
      '--format',
      '{{.Actor.Attributes.name}}',
    );
    assert.equal(told, 'w-2');
    await pier.ok('restart', '-t', '0', 'w-1');
    assert.equal(await count('w-1'), 0);
  });

  it('policies that are none are refused', async () => {
    const cases: readonly (readonly [policy: string, text: string])[] = [
      ['foo', "unknown policy 'foo'"],
      ['always:3', "maximum retry count can only be used with 'on-failure'"],
      ['on-failure:-1', 'maximum retry count cannot be negative'],
      ['on-failure:2:3', 'maximum retry count must be an integer'],
      [':1', 'no policy provided before colon'],
    ];
    for (const [policy, text] of cases) {
      const { stderr } = await pier.cli('create', '--restart', policy, 'alpine', 'true');
      assert.ok(stderr.includes(text), stderr);
    }
    await pier.ok('create', '--name', 'open', '--restart', 'on-failure:', 'alpine', 'true');
    assert.equal(
      await pier.ok('inspect', '--format', '{{json .HostConfig.RestartPolicy}}', 'open'),
      '{"Name":"on-failure","MaximumRetryCount":0}',
    );
  });

  it('--rm and a restart policy exclude each other', async () => {
    const result = await pier.cli('run', '--rm', '--restart', 'always', 'alpine', 'true');
    assert.equal(result.exitCode, 125);
    assert.match(result.stderr, /[cC]onflicting options:.*(--restart and --rm|autoremove)/i);
  });

  it('a new daemon starts what should run', { skip: IS_PEER && 'a peer is not killed' }, async () => {
    await pier.ok('run', '-d', '--name', 'always', '--restart', 'always', 'alpine', 'sleep', '1000');
    await pier.ok('run', '-d', '--name', 'unless', '--restart', 'unless-stopped', 'alpine', 'sleep', '1000');
    await pier.ok('run', '-d', '--name', 'failing', '--restart', 'on-failure', 'alpine', 'sh', '-c', 'sleep 0.5; exit 3');
    await pier.ok('stop', '-t', '0', 'unless');
    const pid = await pier.ok('inspect', '--format', '{{.State.Pid}}', 'always');
    await pier.daemon.kill();
    process.kill(Number(pid), 'SIGKILL');
    await sleep(700);
    await pier.daemon.start();
    await until(async () => (await status('always')) === 'running');
    assert.notEqual(await pier.ok('inspect', '--format', '{{.State.Pid}}', 'always'), pid);
    await until(async () => (await count('failing')) >= 1);
    assert.equal(await status('unless'), 'exited');
  });
});
