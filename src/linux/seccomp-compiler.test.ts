import { strict as assert } from 'node:assert';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { SeccompCompiler } from './seccomp-compiler.ts';
import type { SeccompFilter } from './seccomp-filter.ts';

const ARCH = process.arch === 'arm64' ? 'SCMP_ARCH_AARCH64' : 'SCMP_ARCH_X86_64';

function filterOf(...names: string[]): SeccompFilter {
  return { defaultAction: 'SCMP_ACT_ERRNO', architectures: [ARCH], syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] };
}

const { isAvailable } = new SeccompCompiler({ cacheDir: '/nonexistent' });

describe('SeccompCompiler', { skip: !isAvailable && 'needs libseccomp' }, () => {
  let dir = '';
  beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'pier-bpf-'))));
  afterEach(() => rmSync(dir, { recursive: true }));

  const compile = (filter: SeccompFilter): string => new SeccompCompiler({ cacheDir: join(dir, 'cache') }).compile(filter);
  const cacheFiles = (): string[] => readdirSync(join(dir, 'cache')).map((name) => join(dir, 'cache', name));

  test('compile() keeps the program on disk, readable for root alone, and finds it again', () => {
    const program = compile(filterOf('read'));
    const [path = ''] = cacheFiles();
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(readFileSync(path).subarray(32).toString('base64'), program);
    const { mtimeMs, ino } = statSync(path);
    assert.equal(compile(filterOf('read')), program);
    assert.deepEqual([statSync(path).mtimeMs, statSync(path).ino], [mtimeMs, ino]);
    assert.notEqual(compile(filterOf('write')), program);
    assert.equal(cacheFiles().length, 2);
  });

  // A cut-off program could allow everything, or fail every start.
  test('compile() does not trust a damaged cache file', () => {
    const program = compile(filterOf('read'));
    const [path = ''] = cacheFiles();
    const whole = readFileSync(path);
    for (const damage of [
      () => truncateSync(path, 0),
      () => truncateSync(path, 32),
      () => truncateSync(path, whole.length - 8),
      () => writeFileSync(path, Buffer.concat([whole.subarray(0, 40), Buffer.from([whole.readUInt8(40) ^ 1]), whole.subarray(41)])),
    ]) {
      damage();
      assert.equal(compile(filterOf('read')), program);
      assert.deepEqual(readFileSync(path), whole);
    }
  });

  test('compile() works without a place for its cache', () => {
    writeFileSync(join(dir, 'file'), '');
    const program = compile(filterOf('read'));
    const compiler = new SeccompCompiler({ cacheDir: join(dir, 'file', 'cache') });
    assert.equal(compiler.compile(filterOf('read')), program);
  });

  test('compile() passes over names that nobody knows', () => {
    assert.equal(compile(filterOf('read', 'no_such_call')), compile(filterOf('read')));
  });

  test('compile() answers the same filter from memory', () => {
    const compiler = new SeccompCompiler({ cacheDir: join(dir, 'cache') });
    const filter = filterOf('read');
    const program = compiler.compile(filter);
    rmSync(join(dir, 'cache'), { recursive: true });
    assert.equal(compiler.compile(filter), program);
    assert.deepEqual(readdirSync(dir), []);
  });
});
