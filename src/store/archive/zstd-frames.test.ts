import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { hasCode } from '../../base/errors.ts';
import { readDecompressed } from './decompress.ts';
import { zstdFrames } from './zstd-frames.ts';

let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'pier-zstd-'));
});
after(() => rmSync(dir, { recursive: true }));

const plain = [randomBytes(100), Buffer.alloc(6_000_000, 'x'), Buffer.alloc(0), randomBytes(300_000), Buffer.from('end')];
const skippable = Buffer.concat([Buffer.from('5c2a4d1803000000', 'hex'), Buffer.from('abc')]);
const frames = plain.map((part, i) => zstdCompressSync(part, { params: { [constants.ZSTD_c_checksumFlag]: i % 2 } }));
const whole = Buffer.concat([skippable, ...frames.flatMap((frame) => [frame, skippable])]);

async function decompressed(content: Buffer): Promise<Buffer> {
  const path = join(dir, 'blob');
  writeFileSync(path, content);
  return Buffer.concat(await collect(readDecompressed(path)));
}

// Node's decoder stops after the first frame and says nothing; partially pullable layers have one for each file.
it('readDecompressed() reads all zstd frames and skips those that hold no data', async () => {
  assert.deepEqual(await decompressed(whole), Buffer.concat(plain));
});

it('readDecompressed() reads all gzip members', async () => {
  assert.deepEqual(await decompressed(Buffer.concat(plain.map((part) => gzipSync(part)))), Buffer.concat(plain));
});

it('zstdFrames() finds the frames however the bytes arrive', async () => {
  const small = [frames[0], frames[2], frames[4]].filter((frame) => frame !== undefined);
  const stream = Buffer.concat([skippable, ...small.flatMap((frame) => [frame, skippable])]);
  for (const size of [1, 3, 100]) {
    const parts: Buffer[] = [];
    const found: Buffer[] = [];
    for await (const { bytes, isLast } of zstdFrames(pieces(stream, size))) {
      parts.push(bytes);
      if (isLast) found.push(Buffer.concat(parts.splice(0)));
    }
    assert.deepEqual(found, small);
  }
});

it('zstdFrames() refuses a stream that ends early or holds something else', async () => {
  for (const content of [whole.subarray(0, -1), whole.subarray(0, 14), Buffer.concat([whole, Buffer.from('more')])]) {
    await assert.rejects(collect(zstdFrames(pieces(content, 4096))), (e) => hasCode(e, 'InvalidArgument'));
  }
});

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of source) all.push(item);
  return all;
}

async function* pieces(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < content.length; offset += size) yield content.subarray(offset, offset + size);
}
