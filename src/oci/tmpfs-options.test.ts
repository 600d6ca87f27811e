import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { PierError } from '../base/errors.ts';
import { parseTmpfsOptions } from './tmpfs-options.ts';

// The results are those of dockerd 28.5.
test('parseTmpfsOptions() puts options behind the defaults, and the last of a kind wins', () => {
  assert.deepEqual(parseTmpfsOptions(''), ['noexec', 'nosuid', 'nodev', 'rprivate']);
  assert.deepEqual(parseTmpfsOptions('size=64m,exec,mode=1777'), ['nosuid', 'nodev', 'rprivate', 'size=64m', 'exec', 'mode=1777']);
  assert.deepEqual(parseTmpfsOptions('size=1m,ro,size=2m,rw,shared,defaults'), ['noexec', 'nosuid', 'nodev', 'size=2m', 'rw', 'shared']);
});

test('parseTmpfsOptions() refuses what tmpfs does not take', () => {
  for (const option of ['foo', 'size', 'lowerdir=/etc', 'constructor', '__proto__']) {
    assert.throws(
      () => parseTmpfsOptions(`mode=755,${option}`),
      (error) => error instanceof PierError && error.reason === 'container.bad-tmpfs-option' && error.facts['option'] === option,
    );
  }
});
