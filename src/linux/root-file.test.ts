import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { PierError } from '../base/errors.ts';
import { readFileInRoot } from './root-file.ts';

describe('readFileInRoot()', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'pier-root-'));
    mkdirSync(join(root, 'etc'));
    writeFileSync(join(root, 'etc/passwd'), 'inside');
    writeFileSync(`${root}.outside`, 'outside');
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
    rmSync(`${root}.outside`);
  });

  const read = (path: string, maxBytes = 100): string | undefined => readFileInRoot(root, path, maxBytes)?.toString();

  test('reads a file, and tells when there is none', () => {
    assert.equal(read('etc/passwd'), 'inside');
    assert.equal(read('/etc/passwd'), 'inside');
    assert.equal(read('etc/group'), undefined);
    assert.equal(read('etc/passwd/below'), undefined);
  });

  test('follows links inside the root only', () => {
    symlinkSync('/etc/passwd', join(root, 'absolute'));
    symlinkSync(`../../../../../../..${root}.outside`, join(root, 'etc/escape'));
    symlinkSync(`${root}.outside`, join(root, 'etc/absolute-escape'));
    symlinkSync('loop', join(root, 'loop'));
    assert.equal(read('absolute'), 'inside');
    assert.equal(read('etc/escape'), undefined);
    assert.equal(read('etc/absolute-escape'), undefined);
    assert.equal(read(`../${root}.outside`), undefined);
    assert.equal(read('loop'), undefined);
  });

  test('refuses what is too large or no file', () => {
    assert.equal(read('etc/passwd', 6), 'inside');
    assert.throws(
      () => read('etc/passwd', 5),
      (error) => error instanceof PierError && error.code === 'ResourceExhausted',
    );
    assert.throws(
      () => read('etc'),
      (error) => error instanceof PierError && error.code === 'InvalidArgument',
    );
    // Opened for reading, a pipe without a writer would stop the engine.
    assert.equal(spawnSync('mkfifo', [join(root, 'pipe')]).status, 0);
    assert.throws(
      () => read('pipe'),
      (error) => error instanceof PierError && error.code === 'InvalidArgument',
    );
  });
});
