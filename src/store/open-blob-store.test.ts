import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, it } from 'node:test';
import { hasCode } from '../base/errors.ts';
import { digestOf } from '../base/digest.ts';
import { openBlobStore } from './open-blob-store.ts';
import type { ErrorCode } from '../base/errors.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pier-blobs-'));
});
afterEach(async () => rm(root, { recursive: true }));

const HELLO = digestOf('hello');
const withCode =
  (code: ErrorCode) =>
  (error: unknown): boolean =>
    hasCode(error, code);

async function files(): Promise<readonly string[]> {
  return (await readdir(join(root, 'blobs'), { recursive: true })).toSorted();
}

it('ingest() stores a stream or bytes under their digest, once', async () => {
  const store = await openBlobStore(root);
  const info = { digest: HELLO, sizeBytes: 5 };
  assert.deepEqual(await store.ingest(Readable.from([Buffer.from('hel'), Buffer.from('lo')])), info);
  assert.deepEqual(await store.ingest(Buffer.from('hello'), { expectedDigest: HELLO }), info);
  assert.deepEqual(await store.stat(HELLO), info);
  assert.deepEqual(await store.list(), [HELLO]);
  assert.equal((await store.read(HELLO)).toString(), 'hello');
  assert.equal((await buffer(await store.open(HELLO))).toString(), 'hello');
  assert.deepEqual(await files(), ['ingest', 'sha256', `sha256/${HELLO.slice(7)}`]);
});

it('ingest() leaves nothing when it fails', async () => {
  const store = await openBlobStore(root);
  const bytes = Buffer.from('hello');
  await assert.rejects(store.ingest(bytes, { expectedDigest: digestOf('other') }), withCode('DataLoss'));
  await assert.rejects(store.ingest(bytes, { limitBytes: 4 }), withCode('ResourceExhausted'));
  const broken = Readable.from(
    (async function* () {
      yield bytes;
      throw new Error('broken');
    })(),
  );
  await assert.rejects(store.ingest(broken), /broken/);
  assert.deepEqual(await files(), ['ingest', 'sha256']);
});

it('ingest() stops a source that has stalled, with the reason', async () => {
  const store = await openBlobStore(root);
  const abort = new AbortController();
  const stalled = new Readable({ read() {} });
  stalled.push(Buffer.from('hello'));
  const ingested = store.ingest(stalled, { signal: abort.signal });
  const reason = new Error('enough');
  setTimeout(() => abort.abort(reason), 20);
  await assert.rejects(ingested, reason);
  assert.ok(stalled.destroyed);
  assert.deepEqual(await files(), ['ingest', 'sha256']);
});

it('openBlobStore() removes what an interrupted ingest left', async () => {
  const store = await openBlobStore(root);
  await store.ingest(Buffer.from('hello'));
  await writeFile(join(root, 'blobs', 'ingest', 'half'), 'hel');
  assert.deepEqual(await (await openBlobStore(root)).list(), [HELLO]);
  assert.deepEqual(await readdir(join(root, 'blobs', 'ingest')), []);
});

it('read(), open() and stat() tell that a blob is not there; remove() does not mind', async () => {
  const store = await openBlobStore(root);
  await assert.rejects(store.read(HELLO), withCode('NotFound'));
  await assert.rejects(store.open(HELLO), withCode('NotFound'));
  assert.equal(await store.stat(HELLO), undefined);
  await store.ingest(Buffer.from('hello'));
  await store.remove(HELLO);
  await store.remove(HELLO);
  assert.deepEqual(await store.list(), []);
});

it('read() refuses to bring a large blob into memory', async () => {
  const store = await openBlobStore(root);
  const { digest } = await store.ingest(Buffer.alloc(17 * 1024 * 1024));
  await assert.rejects(store.read(digest), withCode('ResourceExhausted'));
});
