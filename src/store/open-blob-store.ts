import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, addAbortSignal } from 'node:stream';
import { PierError, codeOfErrno, isErrno } from '../base/errors.ts';
import { hexOf, isDigest, parseDigest } from '../base/digest.ts';
import { failpoint } from '../base/failpoint.ts';
import type { FileHandle } from 'node:fs/promises';

import type { Digest } from '../base/digest.ts';
import type { BlobInfo, BlobStore, IngestOptions } from './blob-store.ts';

/** Small parts are written together: each write is a trip to another thread. */
const WRITE_BYTES = 1024 * 1024;
/** What {@linkcode BlobStore.read} returns at most. Manifests and configs are a few KiB; registries refuse more than 4 MiB. */
const READ_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Opens the blobs of an engine root. What an interrupted ingest left is removed.
 *
 * @param root The engine's root directory; `blobs/` is made in it if absent.
 */
export async function openBlobStore(root: string): Promise<BlobStore> {
  const store = new FileBlobStore(join(root, 'blobs'));
  await store.sweep();
  return store;
}

// A blob is written under a name of its own, synced, and only then renamed to its digest: whatever has a digest for a name
// is whole. A rename that power loss undoes leaves nothing behind that anyone was told of, because metadata is flushed later.
class FileBlobStore implements BlobStore {
  readonly #blobs: string;
  readonly #ingest: string;

  constructor(dir: string) {
    this.#blobs = join(dir, 'sha256');
    this.#ingest = join(dir, 'ingest');
  }

  async sweep(): Promise<void> {
    await mkdir(this.#ingest, { recursive: true, mode: 0o700 });
    await mkdir(this.#blobs, { recursive: true, mode: 0o700 });
    // The directory itself stays: on a full disk it could not be made again.
    for (const name of await readdir(this.#ingest)) await rm(join(this.#ingest, name), { recursive: true, force: true });
  }

  async ingest(input: Readable | Uint8Array, options: IngestOptions = {}): Promise<BlobInfo> {
    const path = join(this.#ingest, randomBytes(12).toString('hex'));
    try {
      const info = await writeHashed(path, input, options);
      if (options.expectedDigest !== undefined && options.expectedDigest !== info.digest) {
        throw new PierError('DataLoss', `Cannot store blob "${options.expectedDigest}": its bytes have the digest "${info.digest}"`);
      }
      failpoint('blob.ingest.written');
      // An older file of the same digest has the same bytes; keeping it spares its readers nothing, but its directory a write.
      if ((await this.stat(info.digest)) === undefined) {
        await rename(path, this.pathOf(info.digest));
        await syncDirectory(this.#blobs);
      } else await rm(path);
      failpoint('blob.ingest.stored');
      return info;
    } catch (error) {
      await rm(path, { force: true });
      options.signal?.throwIfAborted();
      throw asStoreError(error);
    }
  }

  pathOf(digest: Digest): string {
    return join(this.#blobs, hexOf(digest));
  }

  async stat(digest: Digest): Promise<BlobInfo | undefined> {
    try {
      const { size } = await stat(this.pathOf(digest));
      return { digest, sizeBytes: size };
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  async read(digest: Digest): Promise<Buffer> {
    const { sizeBytes } = await this.#require(digest);
    if (sizeBytes > READ_LIMIT_BYTES) {
      throw new PierError('ResourceExhausted', `Cannot read blob "${digest}": ${sizeBytes} bytes are more than ${READ_LIMIT_BYTES}`);
    }
    return readFile(this.pathOf(digest));
  }

  async open(digest: Digest): Promise<Readable> {
    await this.#require(digest);
    const stream = createReadStream(this.pathOf(digest), { highWaterMark: 256 * 1024 });
    await new Promise((resolve, reject) => {
      stream.once('open', resolve);
      stream.once('error', reject);
    });
    return stream;
  }

  async remove(digest: Digest): Promise<void> {
    await rm(this.pathOf(digest), { force: true });
    failpoint('blob.remove.removed');
  }

  async list(): Promise<readonly Digest[]> {
    return (await readdir(this.#blobs)).map((name) => `sha256:${name}`).filter((name) => isDigest(name));
  }

  async #require(digest: Digest): Promise<BlobInfo> {
    const info = await this.stat(digest);
    if (info === undefined) throw new PierError('NotFound', `Cannot find blob "${digest}"`);
    return info;
  }
}

async function writeHashed(path: string, input: Readable | Uint8Array, options: IngestOptions): Promise<BlobInfo> {
  const { limitBytes = Infinity, signal } = options;
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const pending: Uint8Array[] = [];
  let pendingBytes = 0;
  await using file = await open(path, 'wx', 0o600);
  // Tears the source down, so that one which has stalled does not hold the ingest up.
  if (signal !== undefined && input instanceof Readable) addAbortSignal(signal, input);
  for await (const chunk of input instanceof Uint8Array ? [input] : input) {
    // Object-mode streams aside, a Readable without an encoding yields buffers.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
    const bytes = chunk as Uint8Array;
    sizeBytes += bytes.byteLength;
    if (sizeBytes > limitBytes) throw new PierError('ResourceExhausted', `Cannot store blob: it has more than ${limitBytes} bytes`);
    hash.update(bytes);
    pending.push(bytes);
    pendingBytes += bytes.byteLength;
    if (pendingBytes < WRITE_BYTES) continue;
    await writeAll(file, pending.splice(0));
    pendingBytes = 0;
  }
  await writeAll(file, pending);
  signal?.throwIfAborted();
  await file.sync();
  return { digest: parseDigest(`sha256:${hash.digest('hex')}`), sizeBytes };
}

async function writeAll(file: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  let rest = parts.length === 1 ? (parts[0] ?? new Uint8Array()) : Buffer.concat(parts);
  while (rest.byteLength > 0) {
    const { bytesWritten } = await file.write(rest);
    rest = rest.subarray(bytesWritten);
  }
}

async function syncDirectory(path: string): Promise<void> {
  await using dir = await open(path, 'r');
  await dir.sync();
}

function asStoreError(error: unknown): unknown {
  if (isErrno(error, 'ENOSPC') || isErrno(error, 'EDQUOT')) {
    return new PierError(codeOfErrno('ENOSPC'), 'Cannot store blob: no space left on device', { cause: error });
  }
  return error;
}
