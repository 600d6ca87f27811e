import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { PierError, isErrno } from '../base/errors.ts';
import { bindMount, escapeOverlayPath, performMount, readMountTable, unmount } from './mount.ts';
import { lockFile } from './flock.ts';
import { getXattr, listXattrs, setXattr } from './xattr.ts';
import type { MountTableEntry } from './mount.ts';

const skip = process.getuid?.() === 0 ? false : 'mounting needs root';
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pier mount-'));
  for (const name of ['a', 'b', 'upper', 'work', 'target']) mkdirSync(join(dir, name));
});
afterEach(() => {
  while (unmount(join(dir, 'target'), { detach: true }));
  rmSync(dir, { recursive: true });
});

function entryOf(target: string): MountTableEntry | undefined {
  return readMountTable().findLast((entry) => entry.target === target);
}

describe('performMount()', { skip }, () => {
  it('turns option words into flags', () => {
    const target = join(dir, 'target');
    performMount({ type: 'tmpfs', source: 'tmpfs', options: ['size=64k', 'nosuid', 'noexec', 'private', 'mode=700'] }, target);
    const entry = entryOf(target);
    assert.equal(entry?.fsType, 'tmpfs');
    for (const option of ['nosuid', 'noexec', 'size=64k', 'mode=700']) assert.ok(entry?.options.includes(option), option);
  });

  it('makes a bind mount read-only and keeps the flags of its source', () => {
    const target = join(dir, 'target');
    performMount({ type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev'] }, join(dir, 'a'));
    try {
      bindMount(join(dir, 'a'), target, ['ro']);
      const options = entryOf(target)?.options ?? [];
      for (const option of ['ro', 'nosuid', 'nodev']) assert.ok(options.includes(option), option);
      assert.throws(() => writeFileSync(join(target, 'x'), ''), { code: 'EROFS' });
      writeFileSync(join(dir, 'a', 'x'), '');
    } finally {
      unmount(target);
      unmount(join(dir, 'a'));
    }
  });

  it('mounts an overlay whose options fill more than a page', () => {
    const lower = Array.from({ length: 200 }, (_, i) => join(dir, 'b', `a-long-name-for-one-layer:${i}`));
    for (const [i, path] of lower.entries()) {
      mkdirSync(path);
      writeFileSync(join(path, `f${i}`), '');
    }
    const directories = [`upperdir=${escapeOverlayPath(join(dir, 'upper'))}`, `workdir=${escapeOverlayPath(join(dir, 'work'))}`];
    const options = [`lowerdir=${lower.map(escapeOverlayPath).join(':')}`, ...directories, 'nodev'];
    assert.ok(options.join(',').length > 4096);
    performMount({ type: 'overlay', source: 'overlay', options }, join(dir, 'target'));
    assert.equal(readdirSync(join(dir, 'target')).length, 200);
    assert.ok(entryOf(join(dir, 'target'))?.options.includes('nodev'));
  });

  it('says which call failed at which path', () => {
    const target = join(dir, 'absent');
    assert.throws(
      () => bindMount(join(dir, 'a'), target),
      (e) => isErrno(e, 'ENOENT') && e instanceof Error && e.message.includes(target),
    );
    assert.throws(() => bindMount(join(dir, 'a'), join(dir, 'target'), ['nonsense']), { code: 'InvalidArgument' });
    assert.equal(entryOf(join(dir, 'target')), undefined);
  });
});

describe('unmount()', { skip }, () => {
  it('tells whether something was mounted', () => {
    const target = join(dir, 'target');
    bindMount(join(dir, 'a'), target);
    assert.equal(unmount(target), true);
    assert.equal(unmount(target), false);
    assert.equal(unmount(join(dir, 'absent')), false);
  });
});

it('lockFile() keeps other processes out and names the holder', () => {
  const path = join(dir, 'lock');
  const script = `
    const { lockFile } = await import(${JSON.stringify(import.meta.resolve('./flock.ts'))});
    try { lockFile(${JSON.stringify(path)}); console.log('locked'); } catch (e) { console.log(e.code, e.reason, e.facts.pid); }`;
  const other = (): string => spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout;
  {
    using lock = lockFile(path);
    assert.equal(lock.path, path);
    assert.throws(
      () => lockFile(path),
      (e) => e instanceof PierError && e.facts['pid'] === String(process.pid),
    );
    assert.equal(other(), `Conflict lock.held ${process.pid}\n`);
  }
  assert.equal(other(), 'locked\n');
});

it('setXattr(), getXattr() and listXattrs() agree', () => {
  const path = join(dir, 'a');
  const value = Buffer.from([0, 255, 10]);
  setXattr(path, 'user.pier', value);
  assert.deepEqual(getXattr(path, 'user.pier'), value);
  assert.ok(listXattrs(path).includes('user.pier'));
  assert.equal(getXattr(path, 'user.other'), undefined);
});
