import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, chown, lstat, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { hasCode } from '../base/errors.ts';
import { digestOf } from '../base/digest.ts';
import { performMount, unmount } from '../linux/index.ts';
import { LAYER_SCHEMA } from './layer-table.ts';
import { describeLayerStore } from './layer-store.contract.ts';
import { openDatabase } from './open-database.ts';
import { openOverlayLayerStore } from './overlay-layer-store.ts';
import { writeTar } from '../tar/tar-fixtures.contract.ts';
import type { Digest } from '../base/digest.ts';
import type { LayerStore, WritableLayer } from './layer-store.ts';

const skip = process.getuid?.() === 0 ? false : 'overlay mounts and owners need root';

interface Fixture extends AsyncDisposable {
  readonly root: string;
  readonly layers: string;
  readonly store: LayerStore;
  /** Closes the store; doing it twice is allowed. */
  close(): Promise<void>;
  /** Closes the store and opens it again, as a restart would. */
  reopen(): Promise<LayerStore>;
  /** Mounts a layer; unmounted with the fixture. */
  mount(layer: WritableLayer): Promise<string>;
}

async function openFixture(root?: string): Promise<Fixture> {
  const dir = root ?? (await mkdtemp(join(tmpdir(), 'pier-layers-')));
  let database = openDatabase(join(dir, 'pier.db'), [LAYER_SCHEMA]);
  let store = await openOverlayLayerStore({ root: dir, database });
  const mounted: string[] = [];
  const close = async (): Promise<void> => {
    await store[Symbol.asyncDispose]();
    database[Symbol.dispose]();
  };
  return {
    root: dir,
    layers: join(dir, 'layers'),
    store,
    close,
    async reopen() {
      await close();
      database = openDatabase(join(dir, 'pier.db'), [LAYER_SCHEMA]);
      store = await openOverlayLayerStore({ root: dir, database });
      return store;
    },
    async mount(layer) {
      const target = await mkdtemp(join(dir, 'mnt-'));
      for (const mount of layer.mounts) performMount(mount, target);
      mounted.push(target);
      return target;
    },
    async [Symbol.asyncDispose]() {
      for (const target of mounted) unmount(target);
      await close();
      if (root === undefined) await rm(dir, { recursive: true });
    },
  };
}

async function openDisposable(): Promise<LayerStore> {
  const fixture = await openFixture();
  const { store } = fixture;
  return new Proxy(store, {
    get(target, key) {
      if (key === Symbol.asyncDispose) return async () => fixture[Symbol.asyncDispose]();
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describeLayerStore('overlay', openDisposable, { skip });

async function names(dir: string): Promise<readonly string[]> {
  return (await readdir(dir)).toSorted();
}

describe('overlay layers in the kernel', { skip }, () => {
  it('a layer hides, replaces and adds, as its whiteouts say', async () => {
    await using fixture = await openFixture();
    const { root, store } = fixture;
    const base = await store.unpack({
      parent: undefined,
      blobPath: await writeTar(join(root, 'base.tar'), [
        { name: './', flag: '5', mode: 0o711, uid: 7, gid: 8 },
        { name: 'keep', content: 'base' },
        { name: 'gone', content: 'base' },
        { name: 'dir/', flag: '5', mode: 0o750, uid: 1000, gid: 1001 },
        { name: 'dir/old', content: 'base' },
        { name: 'opaque/', flag: '5' },
        { name: 'opaque/old', content: 'base' },
        { name: 'turned/', flag: '5' },
        { name: 'turned/old', content: 'base' },
      ]),
    });
    const top = await store.unpack({
      parent: base.chainId,
      blobPath: await writeTar(join(root, 'top.tar'), [
        { name: '.wh.gone' },
        { name: 'dir/new', content: 'top' },
        { name: 'opaque/new', content: 'top' },
        { name: 'opaque/.wh..wh..opq' },
        // Hidden and then made again as a directory: what the base had in it must not come back.
        { name: '.wh.turned' },
        { name: 'turned/', flag: '5' },
        { name: 'turned/new', content: 'top' },
        // A whiteout of what is nowhere must not show.
        { name: '.wh.never' },
        { name: 'linked', flag: '1', linkName: 'dir/old' },
      ]),
    });
    const target = await fixture.mount(await store.prepare('c1', top.chainId));

    assert.deepEqual(await names(target), ['dir', 'keep', 'linked', 'opaque', 'turned']);
    assert.deepEqual(await names(join(target, 'dir')), ['new', 'old']);
    assert.deepEqual(await names(join(target, 'opaque')), ['new']);
    assert.deepEqual(await names(join(target, 'turned')), ['new']);
    assert.equal(await readFile(join(target, 'linked'), 'utf8'), 'base');
    // A directory that the top layer's archive does not describe keeps the base's owner and mode.
    const { uid, gid, mode } = await stat(join(target, 'dir'));
    assert.deepEqual([uid, gid, mode & 0o7777], [1000, 1001, 0o750]);
    const shown = await stat(target);
    assert.deepEqual([shown.uid, shown.gid, shown.mode & 0o7777], [7, 8, 0o711]);
  });

  it('an opaque root hides all layers below, also after a restart', async () => {
    await using fixture = await openFixture();
    const { root, store } = fixture;
    const base = await store.unpack({ parent: undefined, blobPath: await writeTar(join(root, 'a'), [{ name: 'old' }]) });
    const blobPath = await writeTar(join(root, 'b'), [{ name: 'new' }, { name: '.wh..wh..opq' }]);
    const top = await store.unpack({ parent: base.chainId, blobPath });
    const again = await fixture.reopen();
    assert.deepEqual(await names(await fixture.mount(await again.prepare('c1', top.chainId))), ['new']);
  });

  it('130 layers under a long root can be mounted', async () => {
    await using outer = await openFixture();
    const deep = join(outer.root, 'a-rather-long-name-for-a-root-directory', 'that:has,odd characters');
    await mkdir(deep, { recursive: true });
    await using fixture = await openFixture(deep);
    const { root, store } = fixture;
    let parent: Digest | undefined;
    for (let i = 0; i < 130; i++) {
      // oxlint-disable-next-line no-await-in-loop -- each stands on the one before
      parent = (await store.unpack({ parent, blobPath: await writeTar(join(root, 't'), [{ name: `f${i}`, content: String(i) }]) })).chainId;
    }
    const layer = await store.prepare('c1', parent);
    assert.ok((layer.mounts[0]?.options.join(',').length ?? 0) > 4096);
    const target = await fixture.mount(layer);
    assert.equal((await readdir(target)).length, 130);
    assert.equal(await readFile(join(target, 'f0'), 'utf8'), '0');
    await writeFile(join(target, 'f0'), 'changed');
    assert.equal(await readFile(join(layer.upperDir, 'f0'), 'utf8'), 'changed');
  });

  it('a layer on nothing is a bind mount of its directory', async () => {
    await using fixture = await openFixture();
    const layer = await fixture.store.prepare('c1', undefined);
    const target = await fixture.mount(layer);
    await writeFile(join(target, 'a'), 'x');
    assert.deepEqual(await readdir(layer.upperDir), ['a']);
  });
});

describe('openOverlayLayerStore()', { skip }, () => {
  it('finds what was recorded, and sweeps directories that were not', async () => {
    await using fixture = await openFixture();
    const { root, layers, store } = fixture;
    const base = await store.unpack({ parent: undefined, blobPath: await writeTar(join(root, 't'), [{ name: 'f' }]) });
    const layer = await store.prepare('c1', base.chainId);
    await mkdir(join(layers, 'zz', 'fs', 'deep'), { recursive: true });
    await chmod(join(layers, 'zz', 'fs'), 0o000);
    await mkdir(join(layers, '.trash', 'left', 'over'), { recursive: true });

    const again = await fixture.reopen();
    assert.deepEqual(again.writable('c1'), layer);
    assert.deepEqual(again.list(), [base]);
    assert.ok(!(await readdir(layers)).includes('zz'));
    const next = await again.prepare('c2', base.chainId);
    assert.ok(!['zz', '1', '2'].includes(next.upperDir.split('/').at(-2) ?? ''), `${next.upperDir} is a new directory`);
    await fixture.reopen();
    assert.deepEqual(await readdir(join(layers, '.trash')), []);
  });

  it('removes a tree that is deeper than a path can be long', async () => {
    await using fixture = await openFixture();
    const { upperDir } = await fixture.store.prepare('c1', undefined);
    // Two links of a chain of 30 × 200 bytes each: neither can be named from the root.
    const name = 'n'.repeat(200);
    for (let i = 0; i < 2; i++) {
      // oxlint-disable-next-line no-await-in-loop -- each moves the one before below it
      await mkdir(join(upperDir, `${i}`, ...Array.from({ length: 15 }, () => name)), { recursive: true });
    }
    await rename(join(upperDir, '1'), join(upperDir, '0', ...Array.from({ length: 15 }, () => name), '1'));
    await fixture.store.remove('c1');
    await fixture.reopen();
    assert.deepEqual(await readdir(join(fixture.layers, '.trash')), []);
  });
});

describe('a full disk', { skip }, () => {
  it('fails unpack() and prepare() with ResourceExhausted and leaves room and records as they were', async () => {
    await using outer = await openFixture();
    const small = join(outer.root, 'small');
    await mkdir(small);
    performMount({ type: 'tmpfs', source: 'tmpfs', options: ['size=2m', 'nr_inodes=60'] }, small);
    try {
      await using fixture = await openFixture(small);
      const blobPath = await writeTar(join(outer.root, 't'), [{ name: 'big', content: Buffer.alloc(4 * 1024 * 1024, 'x') }]);
      await assert.rejects(fixture.store.unpack({ parent: undefined, blobPath }), (e) => hasCode(e, 'ResourceExhausted'));
      const many = Array.from({ length: 100 }, (_, i) => ({ name: `f${i}` }));
      const manyPath = await writeTar(join(outer.root, 'many'), many);
      await assert.rejects(fixture.store.unpack({ parent: undefined, blobPath: manyPath }), (e) => hasCode(e, 'ResourceExhausted'));
      const again = await fixture.reopen();
      assert.deepEqual(await readdir(fixture.layers), ['.trash']);
      for (let i = 0; ; i++) {
        try {
          // oxlint-disable-next-line no-await-in-loop -- until the disk is full
          await again.prepare(`c${i}`, undefined);
        } catch (error) {
          assert.ok(hasCode(error, 'ResourceExhausted'), String(error));
          assert.equal(again.writableKeys().length, i);
          break;
        }
      }
      const keys = again.writableKeys();
      await Promise.all(keys.map(async (key) => again.remove(key)));
      await (await fixture.reopen()).prepare('c', undefined);
    } finally {
      unmount(small, { detach: true });
    }
  });
});

it('prepare() gives the upper directory its parent’s root owner and mode', { skip }, async () => {
  await using fixture = await openFixture();
  const { upperDir } = await fixture.store.prepare('w', undefined);
  await chown(upperDir, 5, 6);
  await chmod(upperDir, 0o1777);
  const chainId = digestOf('x');
  await fixture.store.commit('w', chainId, chainId);
  const { uid, gid, mode } = await lstat((await fixture.store.prepare('c1', chainId)).upperDir);
  assert.deepEqual([uid, gid, mode & 0o7777], [5, 6, 0o1777]);
});

describe('kill -9', { skip }, () => {
  const script = `
    const [root, tar] = process.argv.slice(1);
    const { LAYER_SCHEMA, openDatabase, openOverlayLayerStore } = await import(${JSON.stringify(import.meta.resolve('./index.ts'))});
    const database = openDatabase(root + '/pier.db', [LAYER_SCHEMA]);
    const store = await openOverlayLayerStore({ root, database });
    const base = await store.unpack({ parent: undefined, blobPath: tar });
    await store.prepare('c1', base.chainId);
    await store.prepare('c2', undefined);
    await store.commit('c2', 'sha256:' + 'a'.repeat(64), base.diffId);
    await store.remove('c1');
    await store.removeCommitted(base.chainId);`;
  // What must be there when the process died at each place: committed layers, writable keys.
  const places: readonly [string, number, readonly string[]][] = [
    ['layer.unpack.made', 0, []],
    ['layer.unpack.filled', 0, []],
    ['layer.unpack.recorded', 1, []],
    ['layer.prepare.made', 1, []],
    ['layer.prepare.recorded', 1, ['c1']],
    ['layer.commit.measured', 1, ['c1', 'c2']],
    ['layer.commit.recorded', 2, ['c1']],
    ['layer.remove.forgotten', 2, []],
    ['layer.remove.dropped', 2, []],
  ];
  for (const [place, committed, keys] of places) {
    it(`at ${place} leaves what was recorded, and nothing else`, async () => {
      await using fixture = await openFixture();
      const { root, layers } = fixture;
      await fixture.close();
      const tar = await writeTar(join(root, 't'), [{ name: 'd/f', content: 'x' }]);
      const env = { ...process.env, PIER_FAILPOINTS: `${place}=kill` };
      const { signal, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, '--', root, tar], {
        env,
        encoding: 'utf8',
      });
      assert.equal(signal, 'SIGKILL', stderr);
      const store = await fixture.reopen();
      assert.deepEqual([store.list().length, store.writableKeys()], [committed, keys]);
      await fixture.close();
      const known = (await readdir(layers)).filter((name) => name !== '.trash');
      assert.equal(known.length, committed + keys.length);
      assert.deepEqual(await readdir(join(layers, '.trash')), []);
    });
  }
});
