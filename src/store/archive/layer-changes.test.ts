import assert from 'node:assert/strict';
import { once } from 'node:events';
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { Worker } from 'node:worker_threads';

const MANY = 42_000;
/** Of a thread; a function's arguments lie on it. */
const SMALL_STACK_MB = 0.35;

const SCRIPT = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(workerData.module)
    .then(({ findChanges }) => parentPort.postMessage(findChanges(workerData.tree).length), (error) => { throw error; });
`;

it('findChanges() takes directories of any length', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pier-changes-'));
  try {
    const upper = join(directory, 'upper');
    mkdirSync(join(upper, 'd'), { recursive: true });
    mkdirSync(join(directory, 'lower'));
    writeFileSync(join(upper, 'd', 'first'), '');
    for (let i = 1; i < MANY; i++) linkSync(join(upper, 'd', 'first'), join(upper, 'd', String(i)));
    const tree = { upperDirectory: upper, lowerDirectories: [join(directory, 'lower')], placeholders: { files: [], directories: [] } };
    const worker = new Worker(SCRIPT, {
      eval: true,
      resourceLimits: { stackSizeMb: SMALL_STACK_MB },
      workerData: { module: new URL('layer-changes.ts', import.meta.url).href, tree },
    });
    const [count] = (await once(worker, 'message')) as [number];
    assert.equal(count, MANY + 1);
    await worker.terminate();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
