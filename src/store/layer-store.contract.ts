import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { link, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { hasCode } from '../base/errors.ts';
import { digestOf, parseDigest } from '../base/digest.ts';
import { LayerInUseError } from './layer-store.ts';
import { tarOf } from '../tar/tar-fixtures.contract.ts';
import type { ErrorCode } from '../base/errors.ts';
import type { LayerStore } from './layer-store.ts';

const CHAIN = parseDigest(`sha256:${'a'.repeat(64)}`);
const TOP = parseDigest(`sha256:${'b'.repeat(64)}`);
const DIFF = parseDigest(`sha256:${'c'.repeat(64)}`);

const withCode =
  (code: ErrorCode) =>
  (error: unknown): boolean =>
    hasCode(error, code);

/**
 * What every layer store must do.
 *
 * @param name Of the driver.
 * @param open Makes an empty store; disposing it removes what it made.
 * @param options `skip` with the reason.
 */
export function describeLayerStore(name: string, open: () => Promise<LayerStore>, options: { skip: string | false }): void {
  describe(`${name} as a LayerStore`, options, () => {
    let dir = '';
    const tar = tarOf([
      { name: 'd/', flag: '5' },
      { name: 'd/file', content: 'hello' },
      { name: 'd/again', flag: '1', linkName: 'd/file' },
    ]);
    const diffId = digestOf(tar);
    const blob = async (file: string, content: Buffer): Promise<string> => {
      await writeFile(join(dir, file), content);
      return join(dir, file);
    };

    before(async () => {
      dir = await mkdtemp(join(tmpdir(), 'pier-layer-contract-'));
    });
    after(async () => rm(dir, { recursive: true }));

    describe('writable layers', () => {
      it('prepare() refuses a parent that is not committed', async () => {
        await using store = await open();
        await assert.rejects(store.prepare('c1', CHAIN), withCode('NotFound'));
        assert.deepEqual(store.writableKeys(), []);
      });

      it('prepare() refuses a key that is taken', async () => {
        await using store = await open();
        await store.prepare('c1', undefined);
        await assert.rejects(store.prepare('c1', undefined), withCode('AlreadyExists'));
        assert.deepEqual(store.writableKeys(), ['c1']);
      });

      it('writable() describes what prepare() made', async () => {
        await using store = await open();
        const made = await store.prepare('c1', undefined);
        assert.deepEqual(store.writable('c1'), made);
        assert.throws(() => store.writable('c2'), withCode('NotFound'));
      });

      it('usage() counts what was written, hard links once', async () => {
        await using store = await open();
        const { upperDir } = await store.prepare('c1', undefined);
        await writeFile(join(upperDir, 'a'), Buffer.alloc(10_000));
        await link(join(upperDir, 'a'), join(upperDir, 'b'));
        const usage = await store.usage('c1');
        assert.equal(usage.contentBytes, 10_000);
        assert.equal(usage.inodeCount, 2);
        assert.ok(usage.allocatedBytes >= 8192, `${usage.allocatedBytes} bytes are allocated`);
        await assert.rejects(store.usage('c2'), withCode('NotFound'));
      });

      it('remove() forgets the key, so that it can be used again', async () => {
        await using store = await open();
        await store.prepare('c1', undefined);
        await store.remove('c1');
        await assert.rejects(store.remove('c1'), withCode('NotFound'));
        await store.prepare('c1', undefined);
      });
    });

    describe('commit()', () => {
      it('frees the key and makes the layer a parent', async () => {
        await using store = await open();
        const { upperDir } = await store.prepare('w', undefined);
        await writeFile(join(upperDir, 'a'), 'four');
        const layer = await store.commit('w', CHAIN, DIFF);
        assert.deepEqual([layer.chainId, layer.diffId, layer.parent, layer.usage.contentBytes], [CHAIN, DIFF, undefined, 4]);
        await store.prepare('w', CHAIN);
        assert.equal((await store.commit('w', TOP, DIFF)).parent, CHAIN);
        assert.deepEqual(store.stat(TOP).parent, CHAIN);
        assert.deepEqual(
          store
            .list()
            .map(({ chainId }) => chainId)
            .toSorted(),
          [CHAIN, TOP],
        );
      });

      it('leaves the layer writable when its chain ID is taken', async () => {
        await using store = await open();
        await store.prepare('first', undefined);
        await store.commit('first', CHAIN, DIFF);
        await store.prepare('second', undefined);
        await assert.rejects(store.commit('second', CHAIN, DIFF), withCode('AlreadyExists'));
        await store.remove('second');
      });
    });

    describe('unpack()', () => {
      it('commits under the chain ID of the content, whatever its compression', async () => {
        await using store = await open();
        const base = await store.unpack({ parent: undefined, blobPath: await blob('plain', tar) });
        assert.deepEqual([base.chainId, base.diffId, base.usage.contentBytes], [diffId, diffId, 5]);
        const expected = `sha256:${createHash('sha256').update(`${diffId} ${diffId}`).digest('hex')}`;
        const top = await store.unpack({ parent: base.chainId, blobPath: await blob('gz', gzipSync(tar)) });
        assert.deepEqual([top.chainId, top.diffId, top.parent], [expected, diffId, base.chainId]);
        const third = await store.unpack({ parent: top.chainId, blobPath: await blob('zst', zstdCompressSync(tar)) });
        assert.equal(third.diffId, diffId);
      });

      it('returns the layer that is there already', async () => {
        await using store = await open();
        const blobPath = await blob('twice', tar);
        const first = await store.unpack({ parent: undefined, blobPath });
        assert.deepEqual(await store.unpack({ parent: undefined, blobPath }), first);
        const known = await store.unpack({ parent: undefined, blobPath: join(dir, 'absent'), expectedDiffId: diffId });
        assert.deepEqual(known, first);
        assert.equal(store.list().length, 1);
      });

      it('reports how much it has read', async () => {
        await using store = await open();
        const content = gzipSync(tar);
        const seen: number[] = [];
        await store.unpack({ parent: undefined, blobPath: await blob('progress', content), onProgress: (bytes) => seen.push(bytes) });
        assert.equal(seen.at(-1), content.length);
      });

      const failures: readonly [string, ErrorCode, Buffer, object][] = [
        ['another digest than expected', 'DataLoss', tar, { expectedDiffId: DIFF }],
        ['a parent that is not there', 'NotFound', tar, { parent: TOP }],
        ['more entries than allowed', 'ResourceExhausted', tar, { limits: { entryCount: 2 } }],
        [
          'a gzip bomb over the limit',
          'ResourceExhausted',
          gzipSync(Buffer.alloc(50_000_000)),
          { limits: { uncompressedBytes: 1_000_000 } },
        ],
        ['a truncated tar', 'InvalidArgument', tar.subarray(0, 1100), {}],
        ['a truncated gzip', 'InvalidArgument', gzipSync(tar).subarray(0, -12), {}],
        ['a truncated zstd', 'InvalidArgument', zstdCompressSync(tar).subarray(0, -5), {}],
        ['something that is no archive', 'InvalidArgument', Buffer.from('x'.repeat(2000)), {}],
        [
          'a name that leads out',
          'InvalidArgument',
          tarOf([
            { name: 'a', content: '1' },
            { name: '../x', content: 'x' },
          ]),
          {},
        ],
      ];
      for (const [situation, code, content, more] of failures) {
        it(`fails with ${code} for ${situation}, and leaves nothing`, async () => {
          await using store = await open();
          await assert.rejects(store.unpack({ parent: undefined, blobPath: await blob('bad', content), ...more }), withCode(code));
          assert.deepEqual(store.list(), []);
          assert.deepEqual(store.writableKeys(), []);
        });
      }

      it('stops when it is aborted, with the reason', async () => {
        await using store = await open();
        const blobPath = await blob('large', tarOf([{ name: 'zero', content: Buffer.alloc(64 * 1024 * 1024) }]));
        const abort = new AbortController();
        const reason = new Error('enough');
        const unpacked = store.unpack({ parent: undefined, blobPath, signal: abort.signal, onProgress: () => abort.abort(reason) });
        await assert.rejects(unpacked, reason);
        assert.deepEqual(store.list(), []);
      });
    });

    describe('removeCommitted()', () => {
      it('names what stands on the layer', async () => {
        await using store = await open();
        await store.prepare('w', undefined);
        await store.commit('w', CHAIN, DIFF);
        await store.prepare('c1', CHAIN);
        await assert.rejects(store.removeCommitted(CHAIN), (e) => e instanceof LayerInUseError && e.dependents.join() === 'c1');
        await store.remove('c1');
        await store.removeCommitted(CHAIN);
        assert.throws(() => store.stat(CHAIN), withCode('NotFound'));
        await assert.rejects(store.removeCommitted(CHAIN), withCode('NotFound'));
      });
    });

    it('keeps a blob it unpacks as it is', async () => {
      await using store = await open();
      const blobPath = await blob('kept', tar);
      await store.unpack({ parent: undefined, blobPath });
      assert.deepEqual(await readFile(blobPath), tar);
    });
  });
}
