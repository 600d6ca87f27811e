import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { EMPTY_SPEC, Engine, PierError } from '../engine.ts';
import { readCgroupMounts } from '../linux/cgroup-mounts.ts';
import type { ContainerSpec, ExecSpec } from '../engine.ts';

const isRoot = process.getuid?.() === 0;
const STARTER: ContainerSpec = { ...EMPTY_SPEC, image: 'pier/starter', networkMode: 'none' };
const ALWAYS = { name: 'always', maximumRetryCount: 0 } as const;
const OUTPUT = { stdin: false, stdout: true, stderr: true } as const;
const EXEC: ExecSpec = {
  argv: ['true'],
  tty: false,
  attachStdin: false,
  attachStdout: true,
  attachStderr: true,
  env: [],
  user: '',
  workingDir: '',
  isPrivileged: false,
  detachKeys: undefined,
  consoleSize: undefined,
};

async function textOf(output: AsyncIterable<{ readonly data: Buffer }>): Promise<string> {
  let text = '';
  for await (const { data } of output) text += data.toString();
  return text;
}

describe('Containers of an engine', { skip: isRoot ? false : 'needs root' }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'pier-life-cycle-'));
  // Longer than a socket address can be.
  const state = join(dir, 'a-state-directory-with-a-long-name-'.repeat(4));
  const open = (): Promise<Engine> => Engine.open({ root: join(dir, 'root'), state });
  let engine: Engine;

  before(async () => {
    engine = await open();
  });

  after(async () => {
    for (const { id } of engine.containers.list()) await engine.containers.remove(id, { force: true });
    await engine.close();
    rmSync(dir, { recursive: true });
  });

  async function start(spec: Partial<ContainerSpec>): Promise<string> {
    const { id } = await engine.containers.create({ ...STARTER, ...spec });
    await engine.containers.start(id);
    return id;
  }

  async function untilStatus(id: string, status: string): Promise<void> {
    for (let i = 0; i < 1000 && engine.containers.get(id).state.status !== status; i++) await delay(5);
    assert.equal(engine.containers.get(id).state.status, status);
  }

  // A timer of more than 24 days fires at once.
  // A service manager or a login session that ends with all of its processes must not take the monitors along.
  it('a monitor leaves the cgroup in which the engine was started, and its place goes with the last one', async () => {
    const directories = readCgroupMounts().trackingDirectories;
    const id = await start({ command: ['sleep', '60'] });
    const { monitorPid } = engine.containers.get(id).state;
    const cgroups = (): string => readFileSync(`/proc/${monitorPid}/cgroup`, 'utf8');
    const places = (): string[] => [...cgroups().matchAll(/:(\/pier\/[0-9a-f]+\/monitors)$/gm)].map(([, path = '']) => path);
    for (let i = 0; i < 1000 && places().length < directories.length; i++) await delay(5);
    const [place = ''] = places();
    assert.equal(places().length, directories.length, cgroups());
    await engine.containers.remove(id, { force: true });
    await engine.close();
    engine = await open();
    assert.ok(directories.every((root) => existsSync(join(root, place))));
    await engine.close();
    assert.ok(directories.every((root) => !existsSync(join(root, place))));
    engine = await open();
  });

  it('stop() with a very long timeout leaves time to end', async () => {
    const id = await start({ command: ['sh', '-c', 'trap "exit 7" TERM; while :; do sleep 0.05; done'] });
    await delay(200);
    await engine.containers.stop(id, { timeoutSec: 30 * 24 * 3600 });
    assert.equal(engine.containers.get(id).state.exitCode, 7);
    await engine.containers.remove(id);
  });

  // Whoever waited for a container between two restarts waited for ever once it was stopped.
  for (const verb of ['stop', 'kill'] as const) {
    it(`${verb}() of a container that waits for its restart ends it, and those who wait`, async () => {
      const id = await start({ restartPolicy: ALWAYS, command: ['false'] });
      // The third delay leaves time to act in.
      for (let i = 0; i < 500 && engine.containers.get(id).state.restartCount < 2; i++) await delay(5);
      await untilStatus(id, 'restarting');
      const waiting = engine.containers.wait(id, 'not-running');
      await engine.containers[verb](id);
      assert.deepEqual(await waiting, { exitCode: 1, error: '' });
      await delay(600);
      assert.equal(engine.containers.get(id).state.status, 'exited');
      await engine.containers.remove(id);
    });
  }

  it('restart() three times at once leaves one running container, also with autoRemove', async () => {
    const id = await start({ autoRemove: true, command: ['sleep', '1000'] });
    await Promise.all([1, 2, 3].map(() => engine.containers.restart(id, { timeoutSec: 0 })));
    assert.equal(engine.containers.get(id).state.status, 'running');
    await engine.containers.remove(id, { force: true });
  });

  // Docker's command line sees the keys itself and sends nothing: this is for clients that leave it to the engine.
  it('leaving by the detach keys is an event, of the container or of an exec', async () => {
    const id = await start({ command: ['sleep', '1000'], tty: true, openStdin: true });
    const events = engine.events({ matches: ({ action }) => action === 'detach' || action === 'exec_detach' })[Symbol.asyncIterator]();
    const keys = Buffer.from([0x10, 0x11]);
    await using session = await engine.containers.attach(id, { ...OUTPUT, stdin: true, stream: true });
    await session.write(keys);
    assert.equal((await events.next()).value?.action, 'detach');
    const execId = await engine.containers.createExec(id, { ...EXEC, argv: ['sleep', '1000'], tty: true, attachStdin: true });
    const inside = await engine.containers.startExec(execId);
    await inside?.write(keys);
    const left = (await events.next()).value;
    assert.deepEqual([left?.action, left?.attributes['execID'], left?.actorId], ['exec_detach', execId, id]);
    await events.return?.();
    await engine.containers.remove(id, { force: true });
  });

  it('attach() with logs shows earlier runs, too', async () => {
    const id = await start({ command: ['echo', 'again'] });
    await engine.containers.wait(id, 'not-running');
    await engine.containers.start(id);
    await untilStatus(id, 'exited');
    const session = await engine.containers.attach(id, { ...OUTPUT, logs: true, stream: false });
    assert.equal(await textOf(session.output), 'again\nagain\n');
    await engine.containers.remove(id);
  });

  it('close() ends the streams of clients, and refuses those who wait', async () => {
    const id = await start({ command: ['sleep', '1000'] });
    const session = await engine.containers.attach(id, { ...OUTPUT, stream: true });
    const outputs = [textOf(session.output), textOf(engine.containers.logs(id, { stdout: true, stderr: true, follow: true }))];
    const waiting = [engine.containers.wait(id, 'not-running'), engine.containers.wait(id, 'removed')].map((wait) =>
      assert.rejects(wait, (error) => error instanceof PierError && error.code === 'Cancelled'),
    );
    await delay(50);
    await engine.close();
    assert.deepEqual(await Promise.all(outputs), ['', '']);
    await Promise.all(waiting);
    assert.equal(await session.ended, 'closed');
    engine = await open();
    await engine.containers.remove(id, { force: true });
  });

  it('exec with a terminal works below a long state directory', async () => {
    const id = await start({ command: ['sleep', '1000'] });
    const exec = await engine.containers.createExec(id, { ...EXEC, tty: true, argv: ['sh', '-c', 'tty; exit 4'] });
    const session = await engine.containers.startExec(exec);
    assert.ok(session);
    assert.equal(await textOf(session.output), '/dev/pts/0\r\n');
    assert.equal(engine.containers.getExec(exec).exitCode, 4);
    await engine.containers.remove(id, { force: true });
    assert.throws(() => engine.containers.getExec(exec), { code: 'NotFound' });
  });

  // Each left the master of its terminal open.
  it('an exec that cannot run leaves no descriptor and is not listed', async () => {
    const id = await start({ command: ['sleep', '1000'] });
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    const run = async (spec: Partial<ExecSpec>): Promise<void> => {
      const exec = await engine.containers.createExec(id, { ...EXEC, tty: true, ...spec });
      await assert.rejects(engine.containers.startExec(exec));
    };
    await run({ argv: ['nosuch'] });
    const count = descriptors();
    for (let i = 0; i < 5; i++) await run({ argv: ['nosuch'] });
    await assert.rejects(engine.containers.createExec(id, { ...EXEC, user: 'nobody-knows' }), { code: 'InvalidArgument' });
    for (let i = 0; i < 100 && descriptors() > count; i++) await delay(10);
    assert.equal(descriptors(), count);
    assert.deepEqual(engine.containers.get(id).execIds, []);
    await engine.containers.remove(id, { force: true });
  });

  // What was still in the pipes two seconds after the end was dropped.
  it('an exec loses nothing to a client that is slower than its process', async () => {
    const id = await start({ command: ['sleep', '1000'] });
    const session = await engine.containers.startExec(await engine.containers.createExec(id, { ...EXEC, argv: ['seq', '1', '40000'] }));
    assert.ok(session);
    let bytes = 0;
    for await (const { data } of session.output) {
      if (bytes === 0) await delay(100);
      bytes += data.length;
      if (bytes < 150_000) await delay(1200);
    }
    assert.equal(bytes, 228_894);
    await engine.containers.remove(id, { force: true });
  });

  it('open() refuses a state directory that another root has', async () => {
    await assert.rejects(
      Engine.open({ root: join(dir, 'other'), state }),
      (error) => error instanceof PierError && error.reason === 'lock.held',
    );
  });

  it('open() with an unknown default runtime is refused, without an unhandled rejection', async () => {
    await assert.rejects(
      Engine.open({ root: join(dir, 'other'), state: join(dir, 'other-state'), defaultRuntime: 'nosuch' }),
      (error) => error instanceof PierError && error.reason === 'engine.unknown-runtime',
    );
  });
});
