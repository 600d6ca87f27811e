import { Readable } from 'node:stream';
import { posix } from 'node:path';
import { extract } from 'tar-stream';
import type { Extract } from 'tar-stream';
import { isDigest } from '../base/digest.ts';
import type { Digest } from '../base/digest.ts';
import { PierError } from '../base/errors.ts';
import { MAX_DOCUMENT_BYTES } from '../oci/index.ts';
import type { BlobInfo, BlobStore } from '../store/index.ts';
import { decompress, limited, probeStream } from './compression.ts';

/** Bounds on an image archive. Exceeding one fails with `ResourceExhausted`. */
export interface ArchiveLimits {
  /** Bytes of the archive once its own compression is undone. @default {64 GiB} */
  readonly archiveBytes?: number;
  /** Entries of the archive. @default {100,000} */
  readonly entryCount?: number;
}

/** What an image archive holds, by normalised path. */
export interface ArchiveContents {
  /** The small files that say what the others are: `manifest.json`, `index.json`. */
  readonly documents: ReadonlyMap<string, Buffer>;
  /** All other regular files; they are in the blob store. */
  readonly files: ReadonlyMap<string, BlobInfo>;
  /** Symbolic and hard links to paths inside the archive. */
  readonly links: ReadonlyMap<string, string>;
}

/** How {@linkcode readArchive} reads. */
export interface ReadArchiveOptions {
  readonly limits?: ArchiveLimits;
  readonly signal?: AbortSignal;
  /** Bytes of the file named by `path` that are stored. */
  readonly onFile?: (path: string, info: BlobInfo) => void;
}

/** One entry of a tar: its header and its content. */
type Entry = Extract extends AsyncIterable<infer Source> ? Source : never;

const DOCUMENTS: ReadonlySet<string> = new Set(['manifest.json', 'index.json', 'oci-layout', 'repositories']);
/** See {@linkcode ArchiveLimits}. */
export const DEFAULT_ARCHIVE_BYTES: number = 64 * 2 ** 30;
const DEFAULT_ENTRY_COUNT = 100_000;

/**
 * Reads an image archive once, front to back, and stores its files as blobs as they pass. Paths in it are only ever
 * compared, never used on disk.
 *
 * @throws {PierError} `InvalidArgument` for a malformed tar, `DataLoss` for a blob that does not match its name,
 * `ResourceExhausted` for a limit or a full disk, `Cancelled` if the sender fails.
 */
export async function readArchive(input: Readable, blobs: BlobStore, options: ReadArchiveOptions = {}): Promise<ArchiveContents> {
  const bytes = limited(decompress(await probeStream(input, options.signal)), options.limits?.archiveBytes ?? DEFAULT_ARCHIVE_BYTES);
  const entries = extract();
  const pumped = pump(bytes, entries);
  // It may fail long before it is waited for below.
  pumped.catch(() => undefined);
  const reader = new ArchiveReader(blobs, options);
  try {
    for await (const entry of entries) await reader.take(entry);
    await pumped;
  } catch (error) {
    entries.destroy(null);
    await pumped.catch(() => undefined);
    options.signal?.throwIfAborted();
    throw classify(error);
  }
  return reader;
}

class ArchiveReader implements ArchiveContents {
  readonly documents = new Map<string, Buffer>();
  readonly files = new Map<string, BlobInfo>();
  readonly links = new Map<string, string>();
  readonly #blobs: BlobStore;
  readonly #options: ReadArchiveOptions;
  #entryCount = 0;

  constructor(blobs: BlobStore, options: ReadArchiveOptions) {
    this.#blobs = blobs;
    this.#options = options;
  }

  async take(entry: Entry): Promise<void> {
    const { name, type, linkname } = entry.header;
    const limit = this.#options.limits?.entryCount ?? DEFAULT_ENTRY_COUNT;
    if (++this.#entryCount > limit) throw new PierError('ResourceExhausted', `Cannot read archive: more than ${limit} entries`);
    const path = normalisePath(name);
    if (type === 'symlink') this.links.set(path, normalisePath(posix.join(posix.dirname(path), linkname)));
    else if (type === 'link') this.links.set(path, normalisePath(linkname));
    else if (type === 'file' || type === 'contiguous-file') await this.#takeFile(path, entry);
    // Directories say nothing here, and devices have no place in an image archive; their content, if any, is skipped.
    entry.resume();
  }

  async #takeFile(path: string, entry: Entry): Promise<void> {
    if (DOCUMENTS.has(path)) {
      this.documents.set(path, await readDocument(path, entry));
      return;
    }
    const expectedDigest = digestOfPath(path);
    const info = await this.#blobs.ingest(Readable.from(entry, { objectMode: false }), {
      ...(expectedDigest === undefined ? {} : { expectedDigest }),
      ...(this.#options.signal === undefined ? {} : { signal: this.#options.signal }),
    });
    this.files.set(path, info);
    this.#options.onFile?.(path, info);
  }
}

/** `./a//b` and `/a/b` are `a/b`. @throws {PierError} `InvalidArgument` if it leaves the archive. */
export function normalisePath(path: string): string {
  const normal = posix.normalize(path.replace(/^\/+/, '')).replace(/\/$/, '');
  if (normal === '..' || normal.startsWith('../') || normal.includes('\0')) {
    throw new PierError('InvalidArgument', `Cannot read archive: entry "${path}" lies outside of it`);
  }
  return normal;
}

function digestOfPath(path: string): Digest | undefined {
  const match = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path);
  const digest = `sha256:${match?.[1] ?? ''}`;
  return isDigest(digest) ? digest : undefined;
}

async function readDocument(path: string, entry: Entry): Promise<Buffer> {
  if (entry.header.size > MAX_DOCUMENT_BYTES) {
    throw new PierError('InvalidArgument', `Cannot read archive: "${path}" has more than ${MAX_DOCUMENT_BYTES} bytes`);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Feeds the tar parser. Written out because tar-stream's streams are not Node's, which `pipeline` needs. */
async function pump(bytes: AsyncIterable<Buffer>, entries: Extract): Promise<void> {
  try {
    for await (const chunk of bytes) {
      if (entries.destroyed) return;
      if (!entries.write(chunk)) await drained(entries);
    }
    entries.end(undefined);
  } catch (error) {
    entries.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

async function drained(entries: Extract): Promise<void> {
  if (entries.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  entries.once('drain', resolve).once('close', resolve);
  await promise;
  entries.off('drain', resolve).off('close', resolve);
}

/** What the decoders and the tar parser throw are plain errors about the input. Errors with an errno are about this machine. */
function classify(error: unknown): unknown {
  if (error instanceof PierError || !(error instanceof Error)) return error;
  if (error.name === 'AbortError' || ('errno' in error && 'syscall' in error)) return error;
  return new PierError('InvalidArgument', 'Cannot read archive: it is malformed', { cause: error });
}
