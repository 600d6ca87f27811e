import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { EMPTY_SPEC, Engine, PierError } from './engine.ts';
import type { ContainerSpec, ExecSpec, StreamSession } from './engine.ts';

const isRoot = process.getuid?.() === 0;
const STARTER: ContainerSpec = { ...EMPTY_SPEC, image: 'pier/starter', networkMode: 'none' };

const EXEC: ExecSpec = {
  argv: [],
  tty: false,
  attachStdin: false,
  attachStdout: false,
  attachStderr: false,
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

describe('Engine', { skip: isRoot ? false : 'needs root' }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'pier-engine-'));
  const open = (): Promise<Engine> => Engine.open({ root: join(dir, 'root'), state: join(dir, 'state') });
  let engine: Engine;

  before(async () => {
    engine = await open();
  });

  after(async () => {
    for (const { id } of engine.containers.list()) await engine.containers.remove(id, { force: true });
    await engine.close();
    rmSync(dir, { recursive: true });
  });

  it('run() gives back what the process said and its exit code, and leaves no container', async () => {
    const result = await engine.run({ ...STARTER, command: ['sh', '-c', 'cat; echo err >&2; exit 3'], input: 'in' });
    assert.deepEqual([result.exitCode, result.stdout.toString(), result.stderr.toString()], [3, 'in', 'err\n']);
    assert.deepEqual(engine.containers.list(), []);
  });

  it('run() loses nothing of a large output', async () => {
    const { stdout } = await engine.run({ ...STARTER, command: ['sh', '-c', 'seq 1 200000'] });
    const lines = stdout.toString().trimEnd().split('\n');
    assert.equal(lines.length, 200_000);
    assert.ok(lines.every((line, index) => line === String(index + 1)));
  });

  it('open() refuses a root that is held, and names the holder', async () => {
    await assert.rejects(
      open(),
      (error) => error instanceof PierError && error.reason === 'lock.held' && error.facts['pid'] === String(process.pid),
    );
  });

  it('close() leaves containers running, and the next engine adopts them with their terminal', async () => {
    const { id } = await engine.containers.create({ ...STARTER, tty: true, openStdin: true, command: ['sh'] });
    await engine.containers.start(id);
    const { pid } = engine.containers.get(id).state;
    await engine.close();
    assert.doesNotThrow(() => process.kill(pid, 0));
    engine = await open();
    assert.deepEqual([engine.containers.get(id).state.status, engine.containers.get(id).state.pid], ['running', pid]);
    await using session = await engine.containers.attach(id, { stdin: true, stdout: true, stderr: false, stream: true });
    const text = textOf(session.output);
    await session.write(Buffer.from('echo 6*7=$((6*7)); exit 5\n'));
    assert.match(await text, /6\*7=42/);
    assert.equal((await engine.containers.wait(id, 'not-running')).exitCode, 5);
  });

  it('close() lets go of execs: their processes go on where they need neither terminal nor pipes', async () => {
    const { id } = await engine.containers.create({ ...STARTER, command: ['sleep', '1000'] });
    await engine.containers.start(id);
    const execute = async (argv: readonly string[], options: { tty?: boolean; attach?: boolean }): Promise<StreamSession | undefined> => {
      const { tty = false, attach = false } = options;
      const spec = { ...EXEC, argv, tty, attachStdin: attach, attachStdout: attach, attachStderr: attach };
      return await engine.containers.startExec(await engine.containers.createExec(id, spec), { detach: !attach });
    };
    await execute(['sleep', '1001'], {});
    await execute(['sleep', '1002'], { tty: true });
    const session = await execute(['sh', '-c', 'while echo y; do sleep 0.01; done'], { attach: true });
    assert.ok(session);
    const output = textOf(session.output);
    await engine.close();
    assert.equal(await session.ended, 'closed');
    assert.match(await output, /^(y\n)*$/);
    engine = await open();
    const running = async (): Promise<string[]> => {
      const { titles, processes } = await engine.containers.top(id, '');
      return processes.map((columns) => columns[titles.length - 1] ?? '').filter((command) => command !== 'sleep 0.01');
    };
    for (let i = 0; i < 100 && (await running()).length > 2; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual((await running()).toSorted(), ['sleep 1000', 'sleep 1001']);
    await engine.containers.remove(id, { force: true });
  });

  it('an exit that fell while no engine was open is reported with its code', async () => {
    const { id } = await engine.containers.create({ ...STARTER, command: ['sh', '-c', 'sleep 0.3; exit 9'] });
    await engine.containers.start(id);
    await engine.close();
    await new Promise((resolve) => setTimeout(resolve, 800));
    engine = await open();
    const { status, exitCode } = engine.containers.get(id).state;
    assert.deepEqual([status, exitCode], ['exited', 9]);
  });

  // A restart that was due while a removal by force had begun made the removal fail: "it was started meanwhile".
  it('remove() by force takes a container away that its policy restarts all the time', async () => {
    const restartPolicy = { name: 'always', maximumRetryCount: 0 } as const;
    for (let round = 0; round < 5; round++) {
      const { id } = await engine.containers.create({ ...STARTER, restartPolicy, command: ['false'] });
      await engine.containers.start(id);
      await new Promise((resolve) => setTimeout(resolve, 60 * round));
      await engine.containers.remove(id, { force: true });
      assert.ok(engine.containers.list().every((container) => container.id !== id));
    }
  });

  it('close() stops the containers if it is told to', async () => {
    const { id } = await engine.containers.create({ ...STARTER, command: ['sleep', '600'], stopSignal: 'SIGKILL' });
    await engine.containers.start(id);
    await engine.close({ stopContainers: true });
    engine = await open();
    assert.equal(engine.containers.get(id).state.status, 'exited');
  });
});
