// conmon, the process that stays with a container, is killed itself: the container runs on, says so, and can be dealt with.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { IS_PEER, startDaemon, type TestDaemon } from '../harness/daemon.ts';
import { missingMaterial } from '../harness/fixture.ts';
import { jsonOf, streamText, type ErrorBody } from '../harness/http.ts';
import { until } from '../harness/until.ts';
import { useCompileCache } from './compile-cache.ts';
import { Ledger, type Inspected } from './ledger.ts';
import { rootfsTar } from './small-images.ts';
import { BASE, runExec, sleeper } from './workloads.ts';

useCompileCache();

const LOST = /^the monitor \(conmon\) was killed: the process runs on/;
const UNKNOWN_END = /^the exit code is unknown: the monitor \(conmon\) was killed$/;
const SPEAKER = { Image: BASE, Cmd: ['sh', '-c', 'echo said; exec sleep 100000'], HostConfig: { NetworkMode: 'none' } };

describe('a monitor that is killed', { skip: missingMaterial() || (IS_PEER && 'about what only pier has') }, () => {
  let daemon: TestDaemon;
  let ledger: Ledger;
  before(async () => {
    daemon = await startDaemon();
    ledger = new Ledger(daemon);
    await ledger.bringIn(BASE, '/images/create?fromSrc=-&repo=base&tag=1&changes=ENV%20PATH=%2Fbin', await rootfsTar('base'));
  });
  after(() => daemon[Symbol.asyncDispose]());

  /** Starts a container and waits until the daemon has noticed that its monitor is dead. */
  async function startAndOrphan(name: string, config: object = SPEAKER): Promise<Inspected> {
    await ledger.create(name, config);
    await ledger.verb(name, 'start', 'running');
    const started = await ledger.inspect(name);
    killMonitor(started.Id);
    await untilState(name, ({ Error }) => LOST.test(Error));
    const { State } = await ledger.inspect(name);
    assert.deepEqual([State.Status, State.Pid], ['running', started.State.Pid]);
    return started;
  }

  function killMonitor(id: string): void {
    process.kill(Number(readFileSync(join(daemon.state, 'c', id, 'monitor.pid'), 'utf8')), 'SIGKILL');
  }

  async function untilState(name: string, isIt: (state: Inspected['State']) => boolean): Promise<void> {
    let state: Inspected['State'] | undefined;
    await until(
      async () => isIt((state = (await ledger.inspect(name)).State)),
      () => JSON.stringify(state),
    );
  }

  /** The end is known, and that its code is not. */
  async function assertEndedUnseen(name: string): Promise<void> {
    await untilState(name, ({ Status }) => Status === 'exited');
    const { State } = await ledger.inspect(name);
    assert.equal(State.ExitCode, 255);
    assert.match(State.Error, UNKNOWN_END);
  }

  it('leaves a container that is seen, listed, and can be worked in, but not attached to', async () => {
    await startAndOrphan('orphan');
    assert.deepEqual(
      (await ledger.listContainers()).map(({ Names, State }) => [Names[0], State]),
      [['/orphan', 'running']],
    );
    await runExec(ledger, 'orphan');
    // Past the validating proxy: Docker, too, answers Conflict where attaching is in the way, and does not document it.
    const attached = await ledger.request('POST', '/containers/orphan/attach?stream=1&stdout=1');
    assert.equal(attached.status, 409);
    assert.match(attached.body.toString(), /monitor/);
    const logs = await daemon.api('GET', '/containers/orphan/logs?stdout=1');
    assert.equal(streamText(logs.body), 'said\n');
    const followed = await daemon.api('GET', '/containers/orphan/logs?stdout=1&follow=1');
    assert.equal(streamText(followed.body), 'said\n', 'following a log that nobody writes ends');
    const refused = await daemon.api('DELETE', '/containers/orphan');
    assert.equal(refused.status, 409);
    assert.match(jsonOf<ErrorBody>(refused).message, /container is running/);
    await ledger.remove('orphan');
  });

  it('stop ends the container, with a code that is not known', async () => {
    await startAndOrphan('stopped');
    const waiting = daemon.api('POST', '/containers/stopped/wait');
    await ledger.verb('stopped', 'stop?t=0', 'exited', 255);
    assert.equal(jsonOf<{ StatusCode: number }>(await waiting).StatusCode, 255);
    await assertEndedUnseen('stopped');
    await ledger.verb('stopped', 'start', 'running');
    assert.equal((await ledger.inspect('stopped')).State.Error, '', 'with a new monitor all is well');
    await ledger.remove('stopped');
  });

  it('kill and pause work, and an end by itself is noticed', async () => {
    const { State } = await startAndOrphan('killed');
    await ledger.verb('killed', 'pause', 'paused');
    await ledger.verb('killed', 'unpause', 'running');
    await ledger.verb('killed', 'kill', undefined);
    await assertEndedUnseen('killed');
    assert.notEqual(State.Pid, 0);
    await ledger.remove('killed');
    const { State: second } = await startAndOrphan('ending');
    process.kill(second.Pid, 'SIGKILL');
    await assertEndedUnseen('ending');
    await ledger.remove('ending');
  });

  it('a restart policy starts the container again, with a new monitor', async () => {
    const { State } = await startAndOrphan('kept', { ...SPEAKER, HostConfig: { NetworkMode: 'none', RestartPolicy: { Name: 'always' } } });
    process.kill(State.Pid, 'SIGKILL');
    await untilState('kept', ({ Status, Pid }) => Status === 'running' && Pid !== State.Pid);
    assert.equal((await ledger.inspect('kept')).State.Error, '');
    await ledger.remove('kept');
  });

  it('--rm removes the container all the same', async () => {
    const { Id, State } = await startAndOrphan('brief', { ...sleeper(), HostConfig: { NetworkMode: 'none', AutoRemove: true } });
    process.kill(State.Pid, 'SIGKILL');
    await until(async () => (await ledger.request('GET', `/containers/${Id}/json`)).status === 404);
    ledger.containers.delete('brief');
  });

  it('while no daemon runs is found by the next one', async () => {
    await ledger.create('adopted', SPEAKER);
    await ledger.create('gone', SPEAKER);
    for (const name of ['adopted', 'gone']) await ledger.verb(name, 'start', 'running');
    await daemon.kill();
    for (const { id } of ledger.containers.values()) killMonitor(id);
    process.kill(ledger.containers.get('gone')?.pid ?? 0, 'SIGKILL');
    await daemon.start();
    await untilState('adopted', ({ Status, Error }) => Status === 'running' && LOST.test(Error));
    await assertEndedUnseen('gone');
    await runExec(ledger, 'adopted');
    await ledger.verb('adopted', 'stop?t=0', 'exited', 255);
    for (const name of ['adopted', 'gone']) await ledger.remove(name);
    daemon.assertResponsesValid();
  });
});
