import { Readable, pipeline } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { PierError } from '../base/errors.ts';
import { decompressByProgram } from './decompress-program.ts';

/** How a stream is compressed, as its first bytes tell. */
export type StreamCompression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

/** A stream whose beginning was looked at. */
export interface ProbedStream {
  readonly compression: StreamCompression;
  /** All bytes from the first on. Leaving it early does not destroy the input, so a front can still answer its sender. */
  readonly bytes: AsyncIterable<Buffer>;
}

const PROBE_BYTES = 6;

/** Tells a compression by a stream's first bytes (six are enough). */
export function detectCompression(head: Buffer): StreamCompression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head.subarray(0, 4).equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))) return 'zstd';
  // A zstd stream may begin with a skippable frame.
  if (((head[0] ?? 0) & 0xf0) === 0x50 && head.subarray(1, 4).equals(Buffer.from([0x2a, 0x4d, 0x18]))) return 'zstd';
  if (head.subarray(0, 3).toString('latin1') === 'BZh') return 'bzip2';
  if (head.subarray(0, 6).equals(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]))) return 'xz';
  return 'none';
}

/**
 * Looks at the beginning of a stream.
 *
 * @throws {PierError} `Cancelled` if the sender fails, here or while the bytes are read; the signal's reason if it aborts.
 */
export async function probeStream(input: Readable, signal?: AbortSignal): Promise<ProbedStream> {
  const chunks = guardInput(input, signal)[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < PROBE_BYTES) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return { compression: detectCompression(head), bytes: replay(head, chunks) };
}

/**
 * Undoes a compression; bzip2 and xz by programs of this machine.
 *
 * @throws {PierError} As {@linkcode decompressByProgram}.
 */
export function decompress(stream: ProbedStream): AsyncIterable<Buffer> {
  const { compression, bytes } = stream;
  if (compression === 'none') return bytes;
  if (compression === 'bzip2' || compression === 'xz') return decompressByProgram(compression, bytes);
  const decoder = compression === 'gzip' ? createGunzip() : createZstdDecompress();
  // The callback is required, and has nothing to say: whoever reads the decoder sees the same error.
  pipeline(Readable.from(bytes), decoder, () => undefined);
  return decoder;
}

/**
 * Bytes up to a limit.
 *
 * @yields What came in.
 * @throws {PierError} `ResourceExhausted` beyond it.
 */
export async function* limited(bytes: AsyncIterable<Buffer>, limit: number): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const chunk of bytes) {
    total += chunk.length;
    if (total > limit) throw new PierError('ResourceExhausted', `Cannot read archive: more than ${limit} bytes`);
    yield chunk;
  }
}

async function* guardInput(input: Readable, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  signal?.throwIfAborted();
  const onAbort = (): void => {
    input.destroy(signal?.reason instanceof Error ? signal.reason : undefined);
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const chunk of input.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array | string>) {
      yield typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw new PierError('Cancelled', 'Cannot read archive: its sender failed', { cause: error });
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
  signal?.throwIfAborted();
}

async function* replay(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (;;) {
      const next = await rest.next();
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}
