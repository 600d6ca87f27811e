import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { tryLockFile } from './flock.ts';

test('tryLockFile() gives a lock to one at a time', () => {
  const dir = mkdtempSync(join(tmpdir(), 'pier-lock-'));
  const path = join(dir, 'lock');
  {
    using first = tryLockFile(path);
    assert.ok(first);
    assert.equal(tryLockFile(path), undefined);
  }
  using second = tryLockFile(path);
  assert.ok(second);
  assert.throws(() => tryLockFile(join(dir, 'absent', 'lock')), { code: 'ENOENT' });
  rmSync(dir, { recursive: true });
});
