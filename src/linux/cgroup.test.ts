import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { PierError } from '../base/errors.ts';
import { freeUnifiedControllers, readCgroupMounts } from './cgroup-mounts.ts';
import { Cgroups } from './cgroup.ts';

const mounts = readCgroupMounts();
const isRoot = process.getuid?.() === 0;
const skip = !isRoot ? 'needs root' : mounts.directories.length === 0 && 'needs cgroups';

describe('Cgroups', { skip }, () => {
  const cgroups = new Cgroups(mounts);
  let parent = '';
  beforeEach(() => void (parent = `/pier-test-${process.pid}-${Math.random().toString(36).slice(2)}`));
  afterEach(async () => {
    await cgroups.kill(parent);
    await cgroups.remove(parent);
  });

  const makeEverywhere = (path: string): void =>
    mounts.directories.forEach((root) => void mkdirSync(join(root, path), { recursive: true }));
  const sleeperIn = (path: string): ReturnType<typeof spawn> => {
    makeEverywhere(path);
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    for (const root of mounts.directories) {
      // A cpuset of version 1 takes no process before it has processors and memory.
      for (const file of ['cpuset.cpus', 'cpuset.mems']) {
        const setting = join(root, path, file);
        if (mounts.version === 1 && existsSync(setting)) copyDown(root, path, file);
      }
      writeFileSync(join(root, path, 'cgroup.procs'), String(child.pid), { flag: 'r+' });
    }
    return child;
  };

  test('list() and processes() see every hierarchy', () => {
    const child = sleeperIn(`${parent}/a/deep`);
    mkdirSync(join(mounts.directories[0] ?? '', parent, 'b'));
    assert.deepEqual(cgroups.list(parent).toSorted(), ['a', 'b']);
    assert.deepEqual(cgroups.processes(parent), [child.pid]);
    assert.deepEqual(cgroups.list(`${parent}/none`), []);
    assert.deepEqual(cgroups.processes(`${parent}/none`), []);
  });

  test('kill() ends what is inside, frozen or not, and remove() leaves nothing', async () => {
    const child = sleeperIn(`${parent}/a`);
    const ended = once(child, 'exit');
    const freezer = mounts.byController.get('freezer');
    const [file, frozen] =
      freezer === undefined
        ? [join(mounts.directories[0] ?? '', `${parent}/a/cgroup.freeze`), '1']
        : [join(freezer, `${parent}/a/freezer.state`), 'FROZEN'];
    assert.equal(cgroups.isFrozen(`${parent}/a`), false);
    writeFileSync(file, frozen, { flag: 'r+' });
    assert.equal(cgroups.isFrozen(`${parent}/a`), true);
    await cgroups.kill(parent);
    assert.deepEqual(await ended, [null, 'SIGKILL']);
    await cgroups.remove(parent);
    for (const root of mounts.directories) assert.equal(existsSync(join(root, parent)), false, root);
    await cgroups.remove(parent);
  });

  test('shelter() moves a process where service managers look, and forgives one that is gone', async () => {
    const path = `${parent}/shelter`;
    cgroups.makeShelter(path);
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    const pid = child.pid ?? 0;
    await cgroups.shelter(path, pid);
    assert.deepEqual(cgroups.processes(path), [pid]);
    assert.equal(readFileSync(`/proc/${pid}/cgroup`, 'utf8').split(`:${path}\n`).length - 1, mounts.trackingDirectories.length);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    await cgroups.shelter(path, pid);
  });

  test('remove() waits, and gives up on a cgroup that is in use', async () => {
    sleeperIn(`${parent}/a`);
    await assert.rejects(cgroups.remove(parent), (error) => error instanceof PierError && error.code === 'Conflict');
    assert.equal(cgroups.processes(parent).length, 1);
  });

  test(
    'wasOomKilled() remembers the kernel’s verdict',
    { skip: mounts.version === 2 && 'sets its limit by the files of version 1' },
    async () => {
      const child = sleeperIn(`${parent}/a`);
      const memory = join(mounts.byController.get('memory') ?? '', `${parent}/a`);
      assert.equal(cgroups.wasOomKilled(`${parent}/a`), false);
      writeFileSync(join(memory, 'memory.limit_in_bytes'), String(8 << 20), { flag: 'r+' });
      if (cgroups.hasSwapAccounting) writeFileSync(join(memory, 'memory.memsw.limit_in_bytes'), String(8 << 20), { flag: 'r+' });
      const hog = spawn('sh', ['-c', `echo $$ > ${join(memory, 'cgroup.procs')}; exec tail /dev/zero`], { stdio: 'ignore' });
      await once(hog, 'exit');
      assert.equal(cgroups.wasOomKilled(`${parent}/a`), true);
      child.kill('SIGKILL');
    },
  );

  test('kill() and remove() refuse the root', async () => {
    for (const path of ['', '/', '/a/..', '.']) {
      await assert.rejects(cgroups.kill(path), (error) => error instanceof PierError && error.code === 'InvalidArgument');
      await assert.rejects(cgroups.remove(path), (error) => error instanceof PierError && error.code === 'InvalidArgument');
    }
  });
});

describe('freeUnifiedControllers()', { skip }, () => {
  test('leaves a machine alone that is not hybrid', () => {
    assert.deepEqual(freeUnifiedControllers({ ...mounts, unifiedDirectory: undefined }), { mounted: [], problem: undefined });
  });

  test('says which controller cannot be moved, and leaves no folder for it', () => {
    const dir = mkdtempSync(join(tmpdir(), 'pier-hybrid-'));
    try {
      writeFileSync(join(dir, 'cgroup.controllers'), 'nosuchcontroller\n');
      const { mounted, problem } = freeUnifiedControllers({ ...mounts, unifiedDirectory: dir });
      assert.deepEqual(mounted, []);
      assert.match(problem ?? '', /nosuchcontroller/);
      assert.equal(existsSync('/sys/fs/cgroup/nosuchcontroller'), false);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

/** Gives a cgroup and those above it the setting of the root. */
function copyDown(root: string, path: string, file: string): void {
  let at = '';
  for (const part of path.split('/').filter((name) => name !== '')) {
    const value = readFileSync(join(root, at, file), 'utf8');
    at = join(at, part);
    writeFileSync(join(root, at, file), value, { flag: 'r+' });
  }
}
