import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { EMPTY_SPEC, Engine } from '../engine.ts';
import type { ContainerSpec, ExecSpec, StreamSession } from '../engine.ts';

const isRoot = process.getuid?.() === 0;
const STARTER: ContainerSpec = { ...EMPTY_SPEC, image: 'pier/starter', networkMode: 'none', runtime: 'runc' };
const SHELL: ExecSpec = {
  argv: ['sh'],
  tty: true,
  attachStdin: true,
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

describe('runc', { skip: isRoot ? false : 'needs root' }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'pier-runc-'));
  let engine: Engine;
  let id: string;

  before(async () => {
    engine = await Engine.open({ root: join(dir, 'root'), state: join(dir, 'state') });
    ({ id } = await engine.containers.create({ ...STARTER, command: ['sleep', '1000'] }));
    await engine.containers.start(id);
  });

  after(async () => {
    await engine.containers.remove(id, { force: true });
    await engine.close();
    rmSync(dir, { recursive: true });
  });

  async function exec(
    spec: Partial<ExecSpec>,
    size?: { readonly height: number; readonly width: number },
  ): Promise<[string, StreamSession]> {
    const execId = await engine.containers.createExec(id, { ...SHELL, ...spec });
    const session = await engine.containers.startExec(execId, size === undefined ? {} : { consoleSize: size });
    assert.ok(session);
    return [execId, session];
  }

  // It refused its console socket: "cannot use console socket if runc will not detach or allocate tty".
  it('runs an exec on a terminal, of the size that is asked for, then and later', async () => {
    const argv = ['sh', '-c', 'stty size; read line; stty size; echo "got $line"; exit 4'];
    const [execId, session] = await exec({ argv }, { height: 20, width: 30 });
    const output = textOf(session.output);
    await engine.containers.resizeExec(execId, { height: 33, width: 99 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await session.write(Buffer.from('hello\n'));
    const text = await output;
    assert.match(text, /33 99\r\n/);
    assert.match(text, /got hello\r\n$/);
    assert.equal(engine.containers.getExec(execId).exitCode, 4);
  });

  it('hangs up on an exec whose engine closes', async () => {
    await exec({ argv: ['sleep', '1001'] });
    await engine.close();
    engine = await Engine.open({ root: join(dir, 'root'), state: join(dir, 'state') });
    const commands = async (): Promise<string> => JSON.stringify((await engine.containers.top(id, '')).processes);
    for (let i = 0; i < 100 && (await commands()).includes('sleep 1001'); i++) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.doesNotMatch(await commands(), /sleep 1001/);
  });

  it('says which commands cannot be run', async () => {
    for (const [command, reason, exitCode] of [
      ['nosuch', 'command-not-found', 127],
      ['/etc', 'command-not-executable', 126],
    ] as const) {
      for (const tty of [false, true]) {
        const execId = await engine.containers.createExec(id, { ...SHELL, tty, argv: [command] });
        await assert.rejects(engine.containers.startExec(execId), { reason: `exec.${reason}` });
        assert.equal(engine.containers.getExec(execId).exitCode, exitCode);
      }
      const { id: failing } = await engine.containers.create({ ...STARTER, command: [command] });
      await assert.rejects(engine.containers.start(failing), { reason: `container.${reason}` });
      assert.equal(engine.containers.get(failing).state.exitCode, exitCode);
      await engine.containers.remove(failing);
    }
  });
});
