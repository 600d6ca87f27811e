/**
 * Content-addressed blobs: immutable bytes named by their digest.
 *
 * ```
 * ingest(stream) ──verify──► ROOT/blobs/sha256/<hex>
 *        └──failure or crash──► nothing (ROOT/blobs/ingest/* is swept at open)
 * ```
 *
 * @module
 */
import type { Readable } from 'node:stream';
import type { Digest } from '../base/digest.ts';

/** What {@linkcode BlobStore.ingest} checks while it writes. */
export interface IngestOptions {
  /** The digest the bytes must have. @throws DataLoss on mismatch. */
  readonly expectedDigest?: Digest;
  /** More bytes than this fail the ingest with `ResourceExhausted`. */
  readonly limitBytes?: number;
  readonly signal?: AbortSignal;
}

/** A stored blob. */
export interface BlobInfo {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** Bytes by digest, on disk. */
export interface BlobStore {
  /** Stores a stream. Storing what is there already succeeds and keeps the old file. */
  ingest(input: Readable | Uint8Array, options?: IngestOptions): Promise<BlobInfo>;
  /** Where the bytes lie; for readers in other threads. Does not check that they do. */
  pathOf(digest: Digest): string;
  /** `undefined` if it is not here. */
  stat(digest: Digest): Promise<BlobInfo | undefined>;
  /** The whole content. For manifests and configs. @throws {PierError} `NotFound`; `ResourceExhausted` above 16 MiB. */
  read(digest: Digest): Promise<Buffer>;
  /** @throws {PierError} `NotFound` (when the stream is opened, before this resolves). */
  open(digest: Digest): Promise<Readable>;
  /** Removing what is not there succeeds. */
  remove(digest: Digest): Promise<void>;
  list(): Promise<readonly Digest[]>;
}
