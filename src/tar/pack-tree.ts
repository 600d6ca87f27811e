import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, readdirSync, readlinkSync } from 'node:fs';
import { PierError, isErrno } from '../base/errors.ts';
import { getXattr, listXattrs, openDirectoryAt, openFileAt, pathAt } from '../linux/index.ts';
import { BLOCK_BYTES } from './tar-entry.ts';
import { encodeHeader, paddingOf } from './tar-writer.ts';
import { isOpaque, isOverlayXattr, isWhiteout } from './overlay-marks.ts';
import type { Stats } from 'node:fs';
import type { ByteString } from '../linux/index.ts';
import type { TarEntry, TarEntryType } from './tar-entry.ts';

/** What to pack. */
export interface PackJob {
  readonly directory: string;
  /**
   * `tree` packs what is there. `diff` takes the directory for an overlay's upper one and writes its whiteouts and opaque
   * directories as OCI layers do.
   */
  readonly form: 'diff' | 'tree';
  /** Paths to leave out, relative, bytes. @default {none} */
  readonly skips?: ReadonlySet<ByteString>;
}

const CHUNK_BYTES = 512 * 1024;
/** One descriptor a level is held. */
const DEPTH_LIMIT = 1000;

/**
 * Packs a directory as `docker export` does: names without `./` and sorted, no entry for the root, hard links found by
 * inode, sockets left out, capabilities and user attributes kept.
 *
 * The tree may be in use. No symbolic link is followed, so that nothing outside can get in; a file that grows or shrinks
 * while it is read is cut or padded with zeros to the size in its header; what vanishes is left out.
 *
 * @yields Chunks of the tar, each in memory of its own.
 * @throws {PierError} `ResourceExhausted` for a tree nested deeper than a thousand levels.
 */
export function* packTree(job: PackJob): Generator<Buffer<ArrayBuffer>> {
  yield* new TreePacker(job.form === 'diff', job.skips).pack(job.directory);
}

/** One entry to pack, by its name in an open directory. */
export interface PackEntryJob {
  readonly dir: number;
  /** `.` for the directory itself. */
  readonly name: ByteString;
  /** What it is called in the archive: `name`, `./`, `/`. */
  readonly as: ByteString;
}

/**
 * Packs one entry and, if it is a directory, what it holds. As {@linkcode packTree}; an entry that has vanished gives an
 * archive of nothing.
 *
 * @yields Chunks of the tar, each in memory of its own.
 */
export function* packEntry(job: PackEntryJob): Generator<Buffer<ArrayBuffer>> {
  yield* new TreePacker(false).packEntry(job);
}

class TreePacker {
  readonly #isDiff: boolean;
  readonly #skips: ReadonlySet<ByteString>;
  /** First names of files that have several. */
  readonly #linked = new Map<string, ByteString>();
  #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #fill = 0;

  constructor(isDiff: boolean, skips: ReadonlySet<ByteString> = new Set()) {
    this.#isDiff = isDiff;
    this.#skips = skips;
  }

  *pack(directory: string): Generator<Buffer<ArrayBuffer>> {
    const root = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      if (this.#isDiff && isOpaque(pathAt(root))) yield* this.#write(encodeHeader(markerEntry('.wh..wh..opq', lstatSync(pathAt(root)))));
      yield* this.#packEntries(root, '', 1);
    } finally {
      closeSync(root);
    }
    yield* this.#end();
  }

  *packEntry({ dir, name, as }: PackEntryJob): Generator<Buffer<ArrayBuffer>> {
    const stats = lstatSync(pathAt(dir, name), { throwIfNoEntry: false });
    if (stats?.isDirectory() === true) yield* this.#packDirectory(dir, name, as.endsWith('/') ? as : `${as}/`, 1);
    else if (stats !== undefined && !stats.isSocket()) yield* this.#packOther(dir, name, as, stats);
    yield* this.#end();
  }

  *#end(): Generator<Buffer<ArrayBuffer>> {
    yield* this.#write(Buffer.alloc(2 * BLOCK_BYTES));
    if (this.#fill > 0) yield this.#chunk.subarray(0, this.#fill);
  }

  *#packEntries(dir: number, prefix: ByteString, depth: number): Generator<Buffer<ArrayBuffer>> {
    if (depth > DEPTH_LIMIT) throw new PierError('ResourceExhausted', `Cannot pack tree: it is nested deeper than ${DEPTH_LIMIT} levels`);
    for (const name of readdirSync(pathAt(dir), 'latin1').toSorted()) {
      const stats = lstatSync(pathAt(dir, name), { throwIfNoEntry: false });
      if (stats === undefined || stats.isSocket() || this.#skips.has(prefix + name)) continue;
      if (this.#isDiff && isWhiteout(stats)) yield* this.#write(encodeHeader(markerEntry(`${prefix}.wh.${name}`, stats)));
      else if (stats.isDirectory()) yield* this.#packDirectory(dir, name, `${prefix}${name}/`, depth);
      else yield* this.#packOther(dir, name, prefix + name, stats);
    }
  }

  *#packDirectory(dir: number, name: ByteString, path: ByteString, depth: number): Generator<Buffer<ArrayBuffer>> {
    const fd = unlessGone(() => openDirectoryAt(dir, name));
    if (fd === undefined) return;
    try {
      yield* this.#write(encodeHeader(describe('directory', path, fstatSync(fd), xattrsOf(pathAt(fd)))));
      if (this.#isDiff && isOpaque(pathAt(fd))) yield* this.#write(encodeHeader(markerEntry(`${path}.wh..wh..opq`, fstatSync(fd))));
      yield* this.#packEntries(fd, path, depth + 1);
    } finally {
      closeSync(fd);
    }
  }

  *#packOther(dir: number, name: ByteString, path: ByteString, stats: Stats): Generator<Buffer<ArrayBuffer>> {
    const first = this.#firstNameOf(stats, path);
    if (first !== undefined) {
      yield* this.#write(encodeHeader({ ...describe('hardlink', path, stats), linkName: first, sizeBytes: 0 }));
    } else if (stats.isFile()) {
      yield* this.#packFile(dir, name, path);
    } else {
      const linkName = stats.isSymbolicLink() ? unlessGone(() => readlinkSync(pathAt(dir, name), 'latin1')) : '';
      if (linkName === undefined) return;
      yield* this.#write(encodeHeader({ ...describe(typeOf(stats), path, stats), linkName, sizeBytes: 0 }));
    }
  }

  #firstNameOf(stats: Stats, path: ByteString): ByteString | undefined {
    if (stats.nlink < 2) return undefined;
    const key = `${stats.dev}:${stats.ino}`;
    const first = this.#linked.get(key);
    if (first === undefined) this.#linked.set(key, path);
    return first;
  }

  *#packFile(dir: number, name: ByteString, path: ByteString): Generator<Buffer<ArrayBuffer>> {
    const fd = unlessGone(() => openFileAt(dir, name));
    if (fd === undefined) return;
    try {
      const stats = fstatSync(fd);
      // Something else has taken the name since.
      if (!stats.isFile()) return;
      yield* this.#write(encodeHeader(describe('file', path, stats, xattrsOf(pathAt(dir, name)))));
      yield* this.#copy(fd, stats.size);
      yield* this.#write(Buffer.alloc(paddingOf(stats.size)));
    } finally {
      closeSync(fd);
    }
  }

  *#copy(fd: number, sizeBytes: number): Generator<Buffer<ArrayBuffer>> {
    for (let left = sizeBytes; left > 0;) {
      if (this.#fill === CHUNK_BYTES) yield this.#take();
      const wanted = Math.min(left, CHUNK_BYTES - this.#fill);
      const length = readSync(fd, this.#chunk, this.#fill, wanted, null);
      // The file has shrunk: its header is out already.
      if (length === 0) this.#chunk.fill(0, this.#fill, this.#fill + wanted);
      this.#fill += length === 0 ? wanted : length;
      left -= length === 0 ? wanted : length;
    }
  }

  *#write(bytes: Buffer): Generator<Buffer<ArrayBuffer>> {
    for (let offset = 0; offset < bytes.length;) {
      if (this.#fill === CHUNK_BYTES) yield this.#take();
      const length = bytes.copy(this.#chunk, this.#fill, offset);
      this.#fill += length;
      offset += length;
    }
  }

  #take(): Buffer<ArrayBuffer> {
    const full = this.#chunk;
    this.#chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#fill = 0;
    return full;
  }
}

function describe(type: TarEntryType, name: ByteString, stats: Stats, xattrs: ReadonlyMap<string, Buffer> = new Map()): TarEntry {
  const { rdev } = stats;
  const isDevice = type === 'block' || type === 'character';
  return {
    type,
    name,
    linkName: '',
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    sizeBytes: type === 'file' ? stats.size : 0,
    mtimeNs: BigInt(Math.floor(stats.mtimeMs / 1000)) * 1_000_000_000n,
    // The kernel's 32-bit form, which stat(2) returns for all devices Linux has: 12 bits of major around 20 of minor.
    deviceMajor: isDevice ? (rdev >>> 8) & 0xfff : 0,
    deviceMinor: isDevice ? ((rdev >>> 12) & 0xfff00) | (rdev & 0xff) : 0,
    xattrs,
  };
}

/** OCI image-spec, layer.md, "Whiteouts": an empty file whose name says what is hidden. */
function markerEntry(name: ByteString, stats: Stats): TarEntry {
  return { ...describe('file', name, stats), mode: 0o600, uid: 0, gid: 0, sizeBytes: 0 };
}

function typeOf(stats: Stats): TarEntryType {
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isCharacterDevice()) return 'character';
  return stats.isBlockDevice() ? 'block' : 'fifo';
}

function xattrsOf(path: Buffer): ReadonlyMap<string, Buffer> {
  const xattrs = new Map<string, Buffer>();
  for (const name of unlessGone(() => listXattrs(path)) ?? []) {
    if (name !== 'security.capability' && !name.startsWith('user.')) continue;
    const value = isOverlayXattr(name) ? undefined : unlessGone(() => getXattr(path, name));
    if (value !== undefined) xattrs.set(name, value);
  }
  return xattrs;
}

/** `undefined` if the entry has gone, or something of another type has its name now. */
function unlessGone<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL', 'ENXIO'].some((errno) => isErrno(error, errno))) return undefined;
    throw error;
  }
}
