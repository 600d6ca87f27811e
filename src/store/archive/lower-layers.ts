import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, readdirSync, writeSync, readlinkSync } from 'node:fs';
import { isErrno } from '../../base/errors.ts';
import {
  createFileAt,
  getXattr,
  listXattrs,
  makeNodeAt,
  makeSymlinkAt,
  openDirectoryInRoot,
  openFileAt,
  pathAt,
  setMetadata,
  setModeAt,
  setOwnerAt,
  setTimeAt,
  setXattr,
} from '../../linux/index.ts';
import { isOpaque, isOverlayXattr, isWhiteout, malformed } from '../../tar/index.ts';
import type { BigIntStats } from 'node:fs';
import type { ByteString } from '../../linux/index.ts';

const COPY_BYTES = 1024 * 1024;

/** An entry as the layers below show it. */
export interface LowerEntry {
  /** Its path for lstat and the like; good until the layers are closed. */
  readonly path: Buffer;
  readonly stats: BigIntStats;
  /** For {@linkcode copyUp}. */
  readonly dir: number;
  readonly name: ByteString;
}

/**
 * The layers below the one that is being unpacked, looked up as overlayfs would show them, without mounting.
 *
 * Paths are taken literally: a symbolic link in the middle of one is no directory.
 */
export class LowerLayers implements Disposable {
  readonly #roots: readonly number[];
  readonly #opened: number[] = [];

  /** @param directories Root directories of the layers, topmost first. */
  constructor(directories: readonly string[]) {
    const O_PATH = 0o10000000;
    this.#roots = directories.map((path) => openSync(path, O_PATH | constants.O_DIRECTORY));
  }

  /** Finds what a path shows; `undefined` if nothing is there, or something has hidden it. */
  find(parent: ByteString, name: ByteString): LowerEntry | undefined {
    const parts = parent === '.' ? [] : parent.split('/');
    for (const root of this.#roots) {
      const found = this.#findIn(root, parts, name);
      if (found === 'hidden') return undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The names that a directory shows. */
  names(path: ByteString): readonly ByteString[] {
    const shown = new Set<ByteString>();
    const seen = new Set<ByteString>();
    const slash = path.lastIndexOf('/');
    for (const root of this.#roots) {
      const found =
        path === '.' ? { path: pathAt(root) } : this.#findIn(root, slash < 0 ? [] : path.slice(0, slash).split('/'), path.slice(slash + 1));
      if (found === 'hidden') break;
      if (found === undefined) continue;
      if (!lstatSync(found.path).isDirectory()) break;
      for (const name of readdirSync(found.path, 'latin1')) {
        if (seen.has(name)) continue;
        seen.add(name);
        if (!isWhiteout(lstatSync(Buffer.concat([found.path, Buffer.from(`/${name}`, 'latin1')])))) shown.add(name);
      }
      if (isOpaque(found.path)) break;
    }
    return [...shown];
  }

  [Symbol.dispose](): void {
    for (const fd of [...this.#roots, ...this.#opened]) closeSync(fd);
    this.#opened.length = 0;
  }

  #findIn(root: number, parts: readonly ByteString[], name: ByteString): LowerEntry | 'hidden' | undefined {
    let isHiding = isOpaque(pathAt(root));
    for (let depth = 1; depth <= parts.length; depth++) {
      const path = pathAt(root, parts.slice(0, depth).join('/'));
      const stats = lstatOrUndefined(path);
      if (stats === undefined) return isHiding ? 'hidden' : undefined;
      if (!stats.isDirectory()) return 'hidden';
      isHiding ||= isOpaque(path);
    }
    const dir = parts.length === 0 ? root : this.#open(root, parts.join('/'));
    const path = pathAt(dir, name);
    const stats = lstatOrUndefined(path);
    if (stats === undefined) return isHiding ? 'hidden' : undefined;
    return isWhiteout(stats) ? 'hidden' : { path, stats, dir, name };
  }

  #open(root: number, path: ByteString): number {
    // Descriptors of earlier answers are closed late, so that those stay good; a few hundred are kept at most.
    if (this.#opened.length > 200) for (const fd of this.#opened.splice(0, 100)) closeSync(fd);
    const fd = openDirectoryInRoot(root, path);
    this.#opened.push(fd);
    return fd;
  }
}

/**
 * Copies a file, link or node of a lower layer to this one, as overlayfs does when a lower file is changed.
 *
 * @throws {PierError} `InvalidArgument` for a directory.
 */
export function copyUp(entry: LowerEntry, dir: number, name: ByteString): void {
  const { stats } = entry;
  const mode = Number(stats.mode) & 0o7777;
  if (stats.isFile()) copyFile(entry, dir, name);
  else if (stats.isSymbolicLink()) makeSymlinkAt(dir, name, readlinkSync(entry.path, 'latin1'));
  else if (stats.isDirectory()) throw malformed('a hard link leads to a directory');
  else makeNodeAt(dir, name, Number(stats.mode), Number(stats.rdev));
  if (!stats.isFile()) setOwnerAt(dir, name, Number(stats.uid), Number(stats.gid));
  if (!stats.isFile() && !stats.isSymbolicLink()) setModeAt(dir, name, mode);
  copyXattrs(entry.path, pathAt(dir, name));
  setTimeAt(dir, name, stats.mtimeNs);
}

/** Copies all extended attributes but overlayfs's own. */
export function copyXattrs(from: Buffer, to: Buffer): void {
  for (const attribute of listXattrs(from)) {
    const value = isOverlayXattr(attribute) ? undefined : getXattr(from, attribute);
    if (value !== undefined) setXattr(to, attribute, value);
  }
}

function copyFile(entry: LowerEntry, dir: number, name: ByteString): void {
  const source = openFileAt(entry.dir, entry.name);
  try {
    const target = createFileAt(dir, name);
    try {
      const buffer = Buffer.allocUnsafe(COPY_BYTES);
      for (let length = readSync(source, buffer); length > 0; length = readSync(source, buffer)) {
        for (let offset = 0; offset < length;) offset += writeSync(target, buffer, offset, length - offset);
      }
      const { uid, gid, mode } = fstatSync(source);
      setMetadata(target, { uid, gid, mode: mode & 0o7777 });
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

function lstatOrUndefined(path: Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}
