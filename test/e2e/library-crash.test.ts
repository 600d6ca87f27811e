/** A program that uses pier as a library dies: what is left of its containers is what docs/library.md says. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Engine } from '../../src/engine.ts';
import { PROJECT_DIR } from '../harness/images.ts';
import { marksOf, removeLeftovers, waitForNoLeftovers } from '../harness/leaks.ts';
import { until } from '../harness/until.ts';

const directory = mkdtempSync(join(tmpdir(), 'pb-'));
const config = { root: join(directory, 'root'), state: join(directory, 'state') };

/** Starts two containers, one that counts and one that repeats its input, and then does what `ending` says. */
const HOST = `
  const { EMPTY_SPEC, Engine } = await import(${JSON.stringify(join(PROJECT_DIR, 'src', 'engine.ts'))});
  const engine = await Engine.open(${JSON.stringify(config)});
  const spec = { ...EMPTY_SPEC, image: 'pier/starter', networkMode: 'none' };
  await engine.containers.create({ ...spec, command: ['sh', '-c', 'i=0; while true; do i=$((i + 1)); echo $i; sleep 0.02; done'] }, 'counter');
  await engine.containers.start('counter');
  await engine.containers.create({ ...spec, command: ['cat'], openStdin: true, stdinOnce: true, attachStdin: true }, 'cat');
  const session = await engine.containers.attach('cat', { stdin: true, stdout: true, stderr: true, stream: true });
  await engine.containers.start('cat');
  await session.write(Buffer.from('sent\\n'));
  for await (const { data } of session.output) { process.stdout.write(data); break; }
`;

/** Runs a program to its end, which it brings about itself once the containers run. @returns Signal or exit code. */
async function runHost(ending: string): Promise<number | string> {
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', HOST + ending];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code, signal] = (await once(child, 'close', { signal: AbortSignal.timeout(30_000) })) as [number | null, string | null];
  assert.equal(output, 'sent\n');
  return signal ?? code ?? -1;
}

describe(
  'a program that uses the library and ends',
  { skip: process.getuid?.() !== 0 && 'needs root', concurrency: false, timeout: 120_000 },
  () => {
    after(async () => {
      const marks = marksOf(config.root, config.state);
      const left = await waitForNoLeftovers(marks);
      if (left.length > 0) await removeLeftovers(marks);
      rmSync(directory, { recursive: true, force: true });
      assert.deepEqual(left, []);
    });

    for (const [name, ending, expected] of [
      ['killed by SIGKILL', `process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});`, 'SIGKILL'],
      ['by an exception that nobody caught', `throw new Error('a bug');`, 1],
      ['in good order', `session.close(); await engine.close();`, 0],
    ] as const) {
      it(`${name}: containers run on, the next engine adopts them, the input of -i has ended`, async () => {
        assert.equal(await runHost(ending), expected);
        await using engine = await Engine.open(config);
        const { containers } = engine;
        try {
          assert.equal(containers.get('counter').state.status, 'running');
          await until(() => containers.get('cat').state.status === 'exited');
          assert.equal(containers.get('cat').state.exitCode, 0);
          const before = (await logOf(engine)).length;
          await until(async () => (await logOf(engine)).length > before + 5);
          const numbers = await logOf(engine);
          assert.deepEqual(
            numbers,
            Array.from(numbers, (_, index) => index + 1),
          );
        } finally {
          for (const { id } of containers.list()) await containers.remove(id, { force: true });
        }
      });
    }
  },
);

async function logOf(engine: Engine): Promise<number[]> {
  let text = '';
  for await (const { data } of engine.containers.logs('counter', { stdout: true, stderr: true })) text += data.toString();
  return text.trimEnd().split('\n').map(Number);
}
