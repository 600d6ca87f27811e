import { chmodSync, closeSync, fstatSync, lstatSync } from 'node:fs';
import { PierError, isErrno } from '../base/errors.ts';
import {
  createFileAt,
  deviceNumber,
  linkAt,
  makeDirectoryAt,
  makeNodeAt,
  makeSymlinkAt,
  openDirectoryAt,
  openPathAt,
  pathAt,
  setMetadata,
  setMode,
  setOwnerAt,
  setTime,
  setTimeAt,
  setXattr,
  textOf,
} from '../linux/index.ts';
import { joinEntryPath, parseEntryPath } from './entry-name.ts';
import { isOverlayXattr } from './overlay-marks.ts';
import { removeEntry } from './remove-entry.ts';
import { SparseFile } from './sparse-file.ts';
import { malformed } from './tar-header.ts';
import { TreeDirectories } from './tree-directories.ts';
import type { Stats } from 'node:fs';
import type { ByteString } from '../linux/index.ts';
import type { EntryPath } from './entry-name.ts';
import type { TarEntry } from './tar-entry.ts';
import type { TarSink } from './tar-reader.ts';

/** Where and how a {@linkcode TreeWriter} writes. */
export interface TreeWriterConfig {
  /** An open directory. Not closed by the writer. */
  readonly root: number;
  /** Owner of everything, in place of what the archive says. `self` changes no owner. */
  readonly owner: { readonly uid: number; readonly gid: number } | 'self' | undefined;
  /** Whether a directory may take the place of something else and the other way round. */
  readonly mayReplaceTypes: boolean;
}

const TYPE_BITS = { block: 0o060000, character: 0o020000, fifo: 0o010000 } as const;
/** What `st_mode` says of the type. */
const S_IFMT = 0o170000;

/**
 * Writes the entries of a tar into a tree that is in use: whoever else changes it may make this fail, but cannot lead it out
 * of its root. Every entry is made by its name in an open directory, and described through a descriptor of its own.
 *
 * As tar and Docker do it: a directory that is there stays and gets the archive's metadata; anything else is replaced.
 */
export class TreeWriter implements TarSink, Disposable {
  readonly #config: TreeWriterConfig;
  readonly #directories: TreeDirectories;
  /** Set in the end, because making an entry changes its directory's time. */
  readonly #times = new Map<ByteString, bigint>();
  #current: TarEntry | undefined;
  #fd: number | undefined;
  #content: SparseFile | undefined;

  constructor(config: TreeWriterConfig) {
    this.#config = config;
    this.#directories = new TreeDirectories(config.root);
  }

  entry(entry: TarEntry): void {
    const path = pathOf(entry.name, 'invalid-name');
    // The root stays as it is.
    if (path.name === '.') return;
    try {
      this.#make(path, entry);
    } catch (error) {
      if (!(error instanceof PierError) || error.reason !== 'tree.not-a-directory') throw error;
      throw new PierError(error.code, error.message, { cause: error, reason: error.reason, facts: { name: textOf(entry.name) } });
    }
  }

  data(chunk: Buffer): void {
    this.#content?.write(chunk);
  }

  hole(length: number): void {
    this.#content?.skip(length);
  }

  end(): void {
    if (this.#fd === undefined || this.#current === undefined) return;
    const fd = this.#fd;
    const entry = this.#current;
    this.#content?.finish();
    this.#content = undefined;
    this.#describe(fd, fd, entry);
    setTime(fd, entry.mtimeNs);
    this.#fd = undefined;
    closeSync(fd);
  }

  /** Call it when the archive has ended well. */
  finish(): void {
    for (const [path, timeNs] of this.#times) {
      const { parent, name } = parseEntryPath(path);
      try {
        const dir = this.#directories.find(parent);
        if (dir !== undefined) setTimeAt(dir, name, timeNs);
      } catch (error) {
        // Replaced by a later entry, or by somebody else.
        if (!isErrno(error, 'ENOENT') && !(error instanceof PierError && error.code === 'InvalidArgument')) throw error;
      }
    }
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#directories[Symbol.dispose]();
  }

  #make(path: EntryPath, entry: TarEntry): void {
    switch (entry.type) {
      case 'file':
        this.#current = entry;
        this.#fd = this.#replacing(path, entry, (dir) => createFileAt(dir, path.name));
        this.#content = new SparseFile(this.#fd);
        break;
      case 'directory':
        this.#makeDirectory(path, entry);
        break;
      case 'symlink':
        this.#replacing(path, entry, (dir) => makeSymlinkAt(dir, path.name, entry.linkName));
        this.#describeAt(path, entry);
        break;
      case 'hardlink':
        this.#makeLink(path, entry);
        break;
      case 'block':
      case 'character':
      case 'fifo':
        this.#makeNode(path, entry, TYPE_BITS[entry.type]);
        break;
    }
  }

  #makeDirectory(path: EntryPath, entry: TarEntry): void {
    const fd = this.#openOrMakeDirectory(path, entry);
    try {
      this.#describe(fd, pathAt(fd), entry);
    } finally {
      closeSync(fd);
    }
    this.#times.set(joinEntryPath(path), entry.mtimeNs);
  }

  #openOrMakeDirectory(path: EntryPath, entry: TarEntry): number {
    const dir = this.#directories.require(path.parent);
    try {
      makeDirectoryAt(dir, path.name, 0o700);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      const existing = lstatSync(pathAt(dir, path.name), { throwIfNoEntry: false });
      if (existing?.isDirectory() === false) this.#clear(path, existing, entry);
      if (existing?.isDirectory() !== true) makeDirectoryAt(this.#directories.require(path.parent), path.name, 0o700);
    }
    return openDirectoryAt(this.#directories.require(path.parent), path.name);
  }

  #makeLink(path: EntryPath, entry: TarEntry): void {
    const target = pathOf(entry.linkName, 'invalid-link');
    if (joinEntryPath(path) === joinEntryPath(target)) throw malformed(`"${textOf(path.name)}" is a hard link to itself`);
    const parent = this.#directories.find(target.parent);
    const stats = parent === undefined ? undefined : lstatSync(pathAt(parent, target.name), { throwIfNoEntry: false });
    if (parent === undefined || stats === undefined) {
      const state = `"${textOf(path.name)}" is a hard link to "${textOf(target.name)}", which is not there`;
      throw new PierError('InvalidArgument', `Cannot unpack archive: ${state}`, { reason: 'tree.no-link-target' });
    }
    if (stats.isDirectory()) throw malformed(`"${textOf(path.name)}" is a hard link to a directory`);
    const dir = this.#directories.require(path.parent);
    const existing = lstatSync(pathAt(dir, path.name), { throwIfNoEntry: false });
    if (existing !== undefined && existing.dev === stats.dev && existing.ino === stats.ino) return;
    this.#replacing(path, entry, (into) => linkAt(this.#directories.require(target.parent), target.name, into, path.name));
  }

  #makeNode(path: EntryPath, entry: TarEntry, typeBits: number): void {
    const { deviceMajor, deviceMinor } = entry;
    if (deviceMajor > 0xfff || deviceMinor > 0xfffff) throw malformed(`it holds the device ${deviceMajor}:${deviceMinor}`);
    const device = entry.type === 'fifo' ? 0 : deviceNumber(deviceMajor, deviceMinor);
    this.#replacing(path, entry, (dir) => makeNodeAt(dir, path.name, typeBits | 0o600, device));
    this.#describeAt(path, entry);
    const fd = openPathAt(this.#directories.require(path.parent), path.name);
    try {
      // chmod(2) follows links, so that it must be certain what has the name now.
      if ((fstatSync(fd).mode & S_IFMT) === typeBits) chmodSync(`/proc/self/fd/${fd}`, entry.mode);
    } finally {
      closeSync(fd);
    }
  }

  /** Gives what has a descriptor its owner, mode and attributes. The owner first: its change takes capabilities away. */
  #describe(fd: number, file: number | Buffer, entry: TarEntry): void {
    const { owner } = this.#config;
    if (owner === 'self') setMode(fd, entry.mode);
    else setMetadata(fd, { uid: (owner ?? entry).uid, gid: (owner ?? entry).gid, mode: entry.mode });
    setXattrs(file, entry);
  }

  /** Gives what cannot be opened its owner, attributes and time; none of these calls follows a link. */
  #describeAt(path: EntryPath, entry: TarEntry): void {
    const dir = this.#directories.require(path.parent);
    const { owner } = this.#config;
    if (owner !== 'self') setOwnerAt(dir, path.name, (owner ?? entry).uid, (owner ?? entry).gid);
    setXattrs(pathAt(dir, path.name), entry);
    setTimeAt(dir, path.name, entry.mtimeNs);
  }

  /** Makes an entry, in place of what has its name. */
  #replacing<T>(path: EntryPath, entry: TarEntry, make: (dir: number) => T): T {
    try {
      return make(this.#directories.require(path.parent));
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      const existing = lstatSync(pathAt(this.#directories.require(path.parent), path.name), { throwIfNoEntry: false });
      if (existing !== undefined) this.#clear(path, existing, entry);
      return make(this.#directories.require(path.parent));
    }
  }

  #clear(path: EntryPath, existing: Stats, entry: TarEntry): void {
    const isDirectory = existing.isDirectory();
    if (!this.#config.mayReplaceTypes && isDirectory !== (entry.type === 'directory')) {
      const name = textOf(entry.name);
      throw new PierError('InvalidArgument', `Cannot replace "${name}": ${isDirectory ? 'it is a directory' : 'it is no directory'}`, {
        reason: 'tree.other-type',
        facts: { name, isDirectory: String(isDirectory) },
      });
    }
    removeEntry(this.#directories.require(path.parent), path.name);
    if (!isDirectory && !existing.isSymbolicLink()) return;
    this.#directories.forget();
    const prefix = `${joinEntryPath(path)}/`;
    for (const known of this.#times.keys()) if (`${known}/`.startsWith(prefix)) this.#times.delete(known);
  }
}

function pathOf(name: ByteString, problem: 'invalid-link' | 'invalid-name'): EntryPath {
  try {
    return parseEntryPath(name);
  } catch (error) {
    if (!(error instanceof PierError) || !error.message.includes('leads out')) throw error;
    throw new PierError('InvalidArgument', error.message, { cause: error, reason: `tree.${problem}`, facts: { name: textOf(name) } });
  }
}

/** Attributes that this machine or file system cannot hold are left out, as Docker does. */
function setXattrs(file: number | Buffer, entry: TarEntry): void {
  for (const [name, value] of entry.xattrs) {
    if (isOverlayXattr(name)) continue;
    try {
      setXattr(file, name, value);
    } catch (error) {
      if (!isErrno(error, 'EOPNOTSUPP') && !isErrno(error, 'ENOTSUP') && !isErrno(error, 'EPERM')) throw error;
    }
  }
}
