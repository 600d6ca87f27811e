import { createHash } from 'node:crypto';
import { PierError, SyscallError, codeOfErrno } from '../../base/errors.ts';
import { parseDigest } from '../../base/digest.ts';
import { LayerWriter } from './layer-writer.ts';
import { TarReader } from '../../tar/index.ts';
import { measureTree } from './measure-tree.ts';
import { readDecompressed } from './decompress.ts';
import type { Digest } from '../../base/digest.ts';
import type { Compression, LayerUsage, UnpackLimits } from '../layer-store.ts';
import type { LayerWriterConfig } from './layer-writer.ts';
import type { TarEntry, TarSink } from '../../tar/index.ts';

/** What to unpack and where. */
export interface UnpackJob extends LayerWriterConfig {
  readonly blobPath: string;
  readonly compression: Compression;
  readonly limits: UnpackLimits;
}

/** What was unpacked. */
export interface UnpackedLayer {
  /** Digest of the uncompressed bytes, those after the end of the archive included. */
  readonly diffId: Digest;
  readonly usage: LayerUsage;
  /** Whether the layer hides everything below it. */
  readonly isRootOpaque: boolean;
}

/** How {@linkcode unpackLayer} runs. */
export interface UnpackContext {
  readonly signal?: AbortSignal;
  /** Compressed bytes read so far. */
  readonly onProgress?: (readBytes: number) => void;
}

const DEFAULT_LIMITS: Required<UnpackLimits> = { uncompressedBytes: 64 * 1024 ** 3, entryCount: 4_000_000 };

/**
 * Unpacks a layer's tar into an empty directory. On failure the directory holds a part of it; the caller removes it.
 *
 * @throws {PierError} See {@linkcode LayerStore.unpack}.
 */
export async function unpackLayer(job: UnpackJob, context: UnpackContext = {}): Promise<UnpackedLayer> {
  const limits = { ...DEFAULT_LIMITS, ...job.limits };
  const hash = createHash('sha256');
  using writer = new LayerWriter(job);
  const reader = new TarReader(new LimitedSink(writer, limits));
  let uncompressedBytes = 0;
  try {
    for await (const chunk of readDecompressed(job.blobPath, {
      compression: job.compression,
      ...(context.onProgress && { onRead: context.onProgress }),
    })) {
      context.signal?.throwIfAborted();
      uncompressedBytes += chunk.length;
      if (uncompressedBytes > limits.uncompressedBytes) {
        throw new PierError('ResourceExhausted', `Cannot unpack layer: it has more than ${limits.uncompressedBytes} bytes`);
      }
      hash.update(chunk);
      reader.push(chunk);
    }
    reader.finish();
    writer.finish();
  } catch (error) {
    throw asUnpackError(error);
  }
  const diffId = parseDigest(`sha256:${hash.digest('hex')}`);
  return { diffId, usage: measureTree(job.directory), isRootOpaque: writer.isRootOpaque };
}

class LimitedSink implements TarSink {
  readonly #sink: TarSink;
  readonly #limit: number;
  readonly #byteLimit: number;
  #count = 0;
  #holeBytes = 0;

  constructor(sink: TarSink, limits: Required<UnpackLimits>) {
    this.#sink = sink;
    this.#limit = limits.entryCount;
    this.#byteLimit = limits.uncompressedBytes;
  }

  entry(entry: TarEntry): void {
    if (++this.#count > this.#limit) {
      throw new PierError('ResourceExhausted', `Cannot unpack layer: it has more than ${this.#limit} entries`);
    }
    this.#sink.entry(entry);
  }

  hole(length: number): void {
    this.#holeBytes += length;
    if (this.#holeBytes > this.#byteLimit) {
      throw new PierError('ResourceExhausted', `Cannot unpack layer: its files have more than ${this.#byteLimit} bytes`);
    }
    this.#sink.hole(length);
  }

  data(chunk: Buffer): void {
    this.#sink.data(chunk);
  }

  end(): void {
    this.#sink.end();
  }
}

/** Node's file errors have no code of ours yet, and what an archive makes the kernel refuse is the archive's fault. */
function asUnpackError(error: unknown): unknown {
  const errno = error instanceof SyscallError ? error.errno : nodeErrno(error);
  if (errno === undefined) return error;
  const code = codeOfErrno(errno);
  const isArchives = code === 'AlreadyExists' || code === 'NotFound' || errno === 'ELOOP' || errno === 'ENOTDIR' || errno === 'EISDIR';
  const state = errno === 'ENOSPC' || errno === 'EDQUOT' ? 'no space left on device' : errno;
  return new PierError(isArchives ? 'InvalidArgument' : code, `Cannot unpack layer: ${state}`, { cause: error });
}

function nodeErrno(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined;
}
