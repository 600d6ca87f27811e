import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { marksOf, removeLeftovers, waitForNoLeftovers } from './leaks.ts';

const exec = promisify(execFile);

it(
  'waitForNoLeftovers() sees what an engine could leave, and removeLeftovers() takes it away',
  { skip: process.getuid?.() !== 0 && 'needs root' },
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'pt-'));
    const [root, state] = [join(directory, 'root'), join(directory, 'state')];
    await mkdir(root);
    await mkdir(join(state, 'netns'), { recursive: true });
    const marks = marksOf(root, state);
    assert.deepEqual(await waitForNoLeftovers(marks, 0), []);

    const cgroup = join('/sys/fs/cgroup', await firstHierarchy(), 'pier', marks.engineId, 'container');
    const target = join(state, 'mounted');
    await mkdir(target);
    await exec('mount', ['-t', 'tmpfs', 'tmpfs', target]);
    await mkdir(cgroup, { recursive: true });
    await exec('nft', ['add', 'table', 'ip', `pier-${marks.engineId}`]);
    await exec('ip', ['link', 'add', `pier-${marks.engineId.slice(0, 6)}`, 'type', 'bridge']);
    await writeFile(join(state, 'netns', 'left'), '');
    // By the first word of its command line.
    spawn('sleep', ['1000'], { argv0: join(state, 'something'), stdio: 'ignore' }).unref();

    const found = (await waitForNoLeftovers(marks, 0)).map((line) => line.replace(/^(\w+)( \w+)?( \d+)?.*/, '$1')).toSorted();
    assert.deepEqual(found, ['cgroup', 'interface', 'mount', 'network', 'nft', 'process']);

    await removeLeftovers(marks);
    await rm(directory, { recursive: true });
    assert.deepEqual(await waitForNoLeftovers(marks), []);
  },
);

/** A cgroup hierarchy that this machine has: empty where there is only version 2. */
async function firstHierarchy(): Promise<string> {
  const { stdout } = await exec('findmnt', ['-rno', 'TARGET', '-t', 'cgroup']);
  return stdout.split('\n')[0]?.replace('/sys/fs/cgroup', '') ?? '';
}
