import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress, zstdDecompressSync } from 'node:zlib';
import { isErrno } from '../../base/errors.ts';
import { malformed } from '../../tar/index.ts';
import { zstdFrames } from './zstd-frames.ts';
import type { Compression } from '../layer-store.ts';

/** Large reads keep the number of crossings between threads low. */
const CHUNK_BYTES = 512 * 1024;
/** A frame up to here is decoded in one call; streams for ten thousand small frames cost seconds. */
const SMALL_FRAME_BYTES = 256 * 1024;
const SMALL_OUTPUT_BYTES = 4 * 1024 * 1024;

/** How {@linkcode readDecompressed} reads. */
export interface DecompressOptions {
  /** @default {'auto'} */
  readonly compression?: Compression;
  /** Compressed bytes read so far. */
  readonly onRead?: (totalBytes: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Reads a file that may be compressed by gzip (of any number of members) or zstd (of any number of frames).
 *
 * @yields The uncompressed bytes. The consumer's pace is the reader's.
 * @throws {PierError} `InvalidArgument` if it is damaged or truncated, or compressed in a way that is not supported.
 */
export async function* readDecompressed(path: string, options: DecompressOptions = {}): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES, ...(options.signal && { signal: options.signal }) });
  try {
    yield* decompress(counted(file, options.onRead), options.compression);
  } finally {
    file.destroy();
  }
}

/**
 * Decompresses bytes as they come; see {@linkcode readDecompressed}.
 *
 * @yields The uncompressed bytes.
 */
export async function* decompress(input: AsyncIterable<Buffer>, compression: Compression = 'auto'): AsyncGenerator<Buffer> {
  const parts = input[Symbol.asyncIterator]();
  const first = await parts.next();
  if (first.done === true) return;
  yield* decoded(prepend(first.value, parts), compression === 'auto' ? detectCompression(first.value) : compression);
}

/**
 * Tells a compression by a file's first bytes.
 *
 * @throws {PierError} `InvalidArgument` for bzip2 and xz, which are recognised but not supported.
 */
export function detectCompression(head: Buffer): 'gzip' | 'none' | 'zstd' {
  const magic = head.toString('latin1', 0, 6);
  if (magic.startsWith('\x1f\x8b')) return 'gzip';
  if (magic.startsWith('\x28\xb5\x2f\xfd') || (/^[P-_]$/.test(magic[0] ?? '') && magic.startsWith('\x2a\x4d\x18', 1))) return 'zstd';
  if (magic.startsWith('BZh')) throw malformed('it is compressed by bzip2, which is not supported');
  if (magic.startsWith('\xfd7zXZ\0')) throw malformed('it is compressed by xz, which is not supported');
  return 'none';
}

function decoded(input: AsyncIterable<Buffer>, compression: 'gzip' | 'none' | 'zstd'): AsyncIterable<Buffer> {
  if (compression === 'none') return input;
  return compression === 'zstd' ? unzstd(input) : through(input, createGunzip({ chunkSize: CHUNK_BYTES }));
}

async function* unzstd(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const parts = zstdFrames(input);
  for (;;) {
    const first = await parts.next();
    if (first.done === true) return;
    const small = first.value.isLast && first.value.bytes.length <= SMALL_FRAME_BYTES ? decodeSmall(first.value.bytes) : undefined;
    if (small === undefined) yield* through(oneFrame(first.value, parts), createZstdDecompress({ chunkSize: CHUNK_BYTES }));
    else yield small;
  }
}

/** `undefined` if the frame unfolds to more than a call should hold. */
function decodeSmall(frame: Buffer): Buffer | undefined {
  try {
    return zstdDecompressSync(frame, { maxOutputLength: SMALL_OUTPUT_BYTES });
  } catch (error) {
    if (isErrno(error, 'ERR_BUFFER_TOO_LARGE')) return undefined;
    throw asMalformed(error);
  }
}

interface FramePart {
  readonly bytes: Buffer;
  readonly isLast: boolean;
}

async function* oneFrame(first: FramePart, rest: AsyncGenerator<FramePart>): AsyncGenerator<Buffer> {
  let part = first;
  while (!part.isLast) {
    yield part.bytes;
    const next = await rest.next();
    if (next.done === true) return;
    part = next.value;
  }
  yield part.bytes;
}

async function* through(input: AsyncIterable<Buffer>, decoder: NodeJS.ReadWriteStream & { destroy(): void }): AsyncGenerator<Buffer> {
  const source = Readable.from(input, { objectMode: false, highWaterMark: CHUNK_BYTES });
  let failure: unknown;
  source.on('error', (error) => {
    failure = error;
    decoder.destroy();
  });
  try {
    for await (const chunk of source.pipe(decoder)) {
      // Decoders without an encoding yield buffers.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
      yield chunk as unknown as Buffer;
    }
    if (failure !== undefined) throw failure;
  } catch (error) {
    throw failure ?? asMalformed(error);
  } finally {
    decoder.destroy();
    source.destroy();
  }
}

async function* counted(input: AsyncIterable<unknown>, onRead: DecompressOptions['onRead']): AsyncGenerator<Buffer> {
  let totalBytes = 0;
  for await (const chunk of input) {
    // A stream of a file without an encoding yields buffers.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
    const bytes = chunk as Buffer;
    totalBytes += bytes.length;
    onRead?.(totalBytes);
    yield bytes;
  }
}

async function* prepend(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** zlib's errors say `Z_DATA_ERROR`, `Z_BUF_ERROR`, `ZSTD_error_…`; whatever else happened is passed on. */
function asMalformed(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!(error instanceof Error) || !/^(?:Z_|ZSTD_)/.test(code)) return error;
  const state = code === 'Z_BUF_ERROR' ? 'its compressed stream ends early' : `its compressed stream is damaged (${error.message})`;
  return malformed(state);
}
