import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { hasCode } from '../base/errors.ts';
import { resolveInRoot } from './resolve-in-root.ts';

describe('resolveInRoot()', () => {
  const root = mkdtempSync(join(tmpdir(), 'pier-resolve-'));
  mkdirSync(join(root, 'var/run'), { recursive: true });
  symlinkSync('/var/run', join(root, 'run'));
  symlinkSync('/nowhere/at/all', join(root, 'dangling'));
  symlinkSync('../../../../etc', join(root, 'var/up'));
  symlinkSync('loop', join(root, 'loop'));
  after(() => rmSync(root, { recursive: true }));

  it('follows links inside the root only, to ends that are missing too', () => {
    const cases: [string, string][] = [
      ['/var/run', '/var/run'],
      ['/run/lock', '/var/run/lock'],
      ['/dangling/x', '/nowhere/at/all/x'],
      ['/var/up/passwd', '/etc/passwd'],
      ['/a/../../b/./c/', '/b/c'],
      ['/', '/'],
    ];
    for (const [path, expected] of cases) assert.equal(resolveInRoot(root, path), expected, path);
  });

  it('refuses a loop of links', () => {
    assert.throws(
      () => resolveInRoot(root, '/loop/x'),
      (error) => hasCode(error, 'InvalidArgument'),
    );
  });
});
