import { strict as assert } from 'node:assert';
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createNetworkNamespace, dropNetworkNamespace, withNetworkNamespace } from './network-namespace.ts';

const ownNamespace = (): string => readlinkSync('/proc/thread-self/ns/net');

describe('network namespaces', { skip: process.getuid?.() !== 0 && 'needs root' }, () => {
  let dir = '';
  before(() => void (dir = mkdtempSync(join(tmpdir(), 'pier-netns-'))));
  after(() => rmSync(dir, { recursive: true }));

  test('createNetworkNamespace() keeps a new namespace at the path and returns home', () => {
    const path = join(dir, 'made');
    const home = ownNamespace();
    let inside = '';
    createNetworkNamespace(path, () => void (inside = ownNamespace()));
    assert.equal(ownNamespace(), home);
    assert.notEqual(inside, home);
    assert.equal(inside, `net:[${statSync(path).ino}]`);
    assert.equal(withNetworkNamespace(path, ownNamespace), inside);
    assert.equal(ownNamespace(), home);
    dropNetworkNamespace(path);
    assert.equal(existsSync(path), false);
    assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(path));
  });

  test('createNetworkNamespace() refuses a path that is taken', () => {
    const path = join(dir, 'taken');
    createNetworkNamespace(path);
    const { ino } = statSync(path);
    assert.throws(() => createNetworkNamespace(path), { code: 'EEXIST' });
    assert.equal(statSync(path).ino, ino);
    dropNetworkNamespace(path);
  });

  test('createNetworkNamespace() leaves nothing behind when configuring fails', () => {
    const path = join(dir, 'failed');
    const home = ownNamespace();
    assert.throws(
      () =>
        createNetworkNamespace(path, () => {
          throw new Error('told to');
        }),
      { message: 'told to' },
    );
    assert.equal(ownNamespace(), home);
    assert.equal(existsSync(path), false);
  });

  test('withNetworkNamespace() refuses asynchronous work and returns home', () => {
    const path = join(dir, 'async');
    const home = ownNamespace();
    createNetworkNamespace(path);
    assert.throws(() => void withNetworkNamespace(path, () => Promise.resolve()), { code: 'Internal' });
    assert.equal(ownNamespace(), home);
    dropNetworkNamespace(path);
  });

  test('withNetworkNamespace() says what is wrong with the path', () => {
    assert.throws(() => withNetworkNamespace(join(dir, 'absent'), ownNamespace), { code: 'ENOENT' });
    assert.throws(() => withNetworkNamespace(import.meta.filename, ownNamespace), { code: 'InvalidArgument' });
  });

  test('dropNetworkNamespace() succeeds when nothing is there', () => {
    dropNetworkNamespace(join(dir, 'absent'));
  });
});
