import { closeSync, constants, ftruncateSync, lstatSync, openSync, writeSync } from 'node:fs';
import { isErrno } from '../../base/errors.ts';
import {
  createFileAt,
  deviceNumber,
  linkAt,
  makeDirectoryAt,
  makeNodeAt,
  makeSymlinkAt,
  pathAt,
  renameAt,
  setMetadata,
  setModeAt,
  setOwnerAt,
  setTime,
  setTimeAt,
  setXattr,
  textOf,
  unlinkAt,
} from '../../linux/index.ts';
import { LayerDirectories } from './layer-directories.ts';
import { LowerLayers, copyUp } from './lower-layers.ts';
import { isOverlayXattr, isWhiteout, joinEntryPath, malformed, parseEntryPath, setOpaque } from '../../tar/index.ts';
import type { Stats } from 'node:fs';
import type { ByteString } from '../../linux/index.ts';
import type { EntryPath, TarEntry, TarSink } from '../../tar/index.ts';

/** Where a layer is written. */
export interface LayerWriterConfig {
  /** The layer's root directory: empty, owned by nobody else. */
  readonly directory: string;
  /** An empty directory on the same file system; directories that are replaced are moved into it. */
  readonly scrapDirectory: string;
  /** Root directories of the layers below, topmost first. */
  readonly lowerDirectories: readonly string[];
}

/** OCI image-spec, layer.md, "Whiteouts". */
const WHITEOUT_PREFIX = '.wh.';
const OPAQUE_NAME = '.wh..wh..opq';
/** aufs's own files, which old Docker layers hold. */
const AUFS_PREFIX = '.wh..wh.';

/** A descriptor that is never open: what would use it fails, where making room for a link took its target away. */
const NO_DIRECTORY = -1;

const TYPE_BITS = { block: 0o060000, character: 0o020000, fifo: 0o010000 } as const;

/**
 * Writes the entries of a layer's tar into a directory, in overlayfs's form.
 *
 * Every entry is made by its name inside an open directory that was reached below the layer's root; nothing follows a
 * symbolic link in the last part of a name. So an archive can make anything inside its layer and nothing outside.
 *
 * A hard link to a file of a lower layer copies the file up first, as a link made in a running container would.
 */
export class LayerWriter implements TarSink, Disposable {
  readonly #directories: LayerDirectories;
  readonly #lower: LowerLayers;
  readonly #hasLower: boolean;
  readonly #scrap: number;
  /** Set in the end, because making an entry changes its directory's time. */
  readonly #times = new Map<ByteString, bigint>();
  #scrapCount = 0;
  #current: TarEntry | undefined;
  #fd: number | undefined;
  #position = 0;
  #endsInHole = false;
  #isRootOpaque = false;

  constructor(config: LayerWriterConfig) {
    this.#hasLower = config.lowerDirectories.length > 0;
    this.#lower = new LowerLayers(config.lowerDirectories);
    this.#directories = new LayerDirectories(config.directory, this.#lower, this.#times);
    this.#scrap = openSync(config.scrapDirectory, constants.O_RDONLY | constants.O_DIRECTORY);
  }

  /** Whether the archive says that nothing of the layers below is to be seen. */
  get isRootOpaque(): boolean {
    return this.#isRootOpaque;
  }

  entry(entry: TarEntry): void {
    const path = parseEntryPath(entry.name);
    if (path.name.startsWith(WHITEOUT_PREFIX)) {
      this.#whiteout(path);
      return;
    }
    switch (entry.type) {
      case 'file':
        this.#current = entry;
        this.#position = 0;
        this.#endsInHole = false;
        this.#fd = this.#replacing(path, (dir) => createFileAt(dir, path.name));
        break;
      case 'directory':
        this.#makeDirectory(path, entry);
        break;
      case 'symlink':
        this.#replacing(path, (dir) => makeSymlinkAt(dir, path.name, entry.linkName));
        this.#describe(path, entry);
        break;
      case 'hardlink':
        this.#makeLink(path, parseEntryPath(entry.linkName));
        break;
      case 'block':
      case 'character':
      case 'fifo':
        this.#makeNode(path, entry, TYPE_BITS[entry.type]);
        break;
    }
  }

  data(chunk: Buffer): void {
    if (this.#fd === undefined) return;
    this.#endsInHole = false;
    for (let offset = 0; offset < chunk.length;) {
      const count = writeSync(this.#fd, chunk, offset, chunk.length - offset, this.#position);
      offset += count;
      this.#position += count;
    }
  }

  hole(length: number): void {
    this.#position += length;
    this.#endsInHole = true;
  }

  end(): void {
    if (this.#fd === undefined || this.#current === undefined) return;
    const fd = this.#fd;
    const entry = this.#current;
    if (this.#endsInHole) ftruncateSync(fd, this.#position);
    setMetadata(fd, entry);
    // After the owner, whose change takes capabilities away.
    if (entry.xattrs.size > 0) setXattrs(fd, entry);
    setTime(fd, entry.mtimeNs);
    this.#fd = undefined;
    closeSync(fd);
  }

  /** Call it when the archive has ended well. */
  finish(): void {
    // Deepest first would do as well: setting a time changes no other.
    for (const [path, timeNs] of this.#times) {
      const { parent, name } = parseEntryPath(path);
      const dir = this.#directories.find(parent);
      if (dir !== undefined) ignoring('ENOENT', () => setTimeAt(dir, name, timeNs));
    }
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#directories[Symbol.dispose]();
    closeSync(this.#scrap);
    this.#lower[Symbol.dispose]();
  }

  #makeDirectory(path: EntryPath, entry: TarEntry): void {
    const dir = this.#directories.require(path.parent);
    const existing = path.name === '.' ? lstatSync(pathAt(dir)) : this.#tryMakeDirectory(dir, path.name);
    if (existing !== undefined && !existing.isDirectory()) {
      this.#clear(path, existing);
      const parent = this.#directories.require(path.parent);
      makeDirectoryAt(parent, path.name, entry.mode);
      // The whiteout hid what lower layers have there; now the directory must.
      if (isWhiteout(existing)) setOpaque(pathAt(parent, path.name));
    }
    this.#describe(path, entry);
    this.#times.set(joinEntryPath(path), entry.mtimeNs);
  }

  /** Makes it, or tells what is there. */
  #tryMakeDirectory(dir: number, name: ByteString): Stats | undefined {
    try {
      makeDirectoryAt(dir, name, 0o700);
      return undefined;
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      return lstatSync(pathAt(dir, name));
    }
  }

  #makeLink(path: EntryPath, target: EntryPath): void {
    if (joinEntryPath(path) === joinEntryPath(target)) throw malformed(`"${textOf(path.name)}" is a hard link to itself`);
    if (this.#tryLink(path, target)) return;
    const lower = this.#lower.find(target.parent, target.name);
    if (lower !== undefined) copyUp(lower, this.#directories.require(target.parent), target.name);
    if (lower === undefined || !this.#tryLink(path, target)) {
      throw malformed(`"${textOf(path.name)}" is a hard link to "${textOf(target.name)}", which is not there`);
    }
  }

  /** Links to what this layer holds itself. */
  #tryLink(path: EntryPath, target: EntryPath): boolean {
    const parent = this.#directories.find(target.parent);
    const stats = parent === undefined ? undefined : lstatSync(pathAt(parent, target.name), { throwIfNoEntry: false });
    if (stats === undefined) return false;
    if (stats.isDirectory()) throw malformed(`"${textOf(path.name)}" is a hard link to a directory`);
    if (isWhiteout(stats)) throw malformed(`"${textOf(path.name)}" is a hard link to a file that is hidden`);
    this.#replacing(
      path,
      (dir) => linkAt(this.#directories.find(target.parent) ?? NO_DIRECTORY, target.name, dir, path.name),
      (existing) => existing.dev === stats.dev && existing.ino === stats.ino,
    );
    return true;
  }

  #makeNode(path: EntryPath, entry: TarEntry, typeBits: number): void {
    const { deviceMajor, deviceMinor } = entry;
    if (deviceMajor > 0xfff || deviceMinor > 0xfffff) throw malformed(`it holds the device ${deviceMajor}:${deviceMinor}`);
    const device = entry.type === 'fifo' ? 0 : deviceNumber(deviceMajor, deviceMinor);
    try {
      this.#replacing(path, (dir) => makeNodeAt(dir, path.name, typeBits | 0o600, device));
    } catch (error) {
      // Without CAP_MKNOD an image is more use without its devices than not at all; a container gets a /dev of its own.
      if (isErrno(error, 'EPERM') && entry.type !== 'fifo') return;
      throw error;
    }
    this.#describe(path, entry);
  }

  /** Gives an entry that has no descriptor its owner, mode, attributes and time. */
  #describe(path: EntryPath, entry: TarEntry): void {
    const dir = this.#directories.require(path.parent);
    setOwnerAt(dir, path.name, entry.uid, entry.gid);
    if (entry.type !== 'symlink') setModeAt(dir, path.name, entry.mode);
    if (entry.xattrs.size > 0) setXattrs(pathAt(dir, path.name), entry);
    if (entry.type !== 'directory') setTimeAt(dir, path.name, entry.mtimeNs);
  }

  #whiteout(path: EntryPath): void {
    if (path.name === OPAQUE_NAME) {
      if (path.parent === '.') this.#isRootOpaque = true;
      if (this.#hasLower) setOpaque(pathAt(this.#directories.require(path.parent)));
      return;
    }
    if (path.name.startsWith(AUFS_PREFIX)) return;
    const name = path.name.slice(WHITEOUT_PREFIX.length);
    if (name === '' || name === '.' || name === '..') throw malformed(`"${textOf(path.name)}" hides no entry`);
    // Where nothing is to be hidden a whiteout would show up as a strange device.
    if (this.#lower.find(path.parent, name) === undefined) return;
    const dir = this.#directories.require(path.parent);
    try {
      makeNodeAt(dir, name, TYPE_BITS.character, 0);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      // A whiteout concerns the layers below; what this layer holds itself hides them already, if it is no directory.
      if (lstatSync(pathAt(dir, name)).isDirectory()) setOpaque(pathAt(dir, name));
    }
  }

  /**
   * Makes an entry, in place of what has its name.
   *
   * @param isRight Tells whether what is there may stay instead.
   */
  #replacing<T>(path: EntryPath, make: (dir: number) => T, isRight?: (existing: Stats) => boolean): T | undefined {
    if (path.name === '.') throw malformed('its root is no directory');
    const dir = this.#directories.require(path.parent);
    try {
      return make(dir);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      const existing = lstatSync(pathAt(dir, path.name));
      if (isRight?.(existing) === true) return undefined;
      this.#clear(path, existing);
      return make(this.#directories.require(path.parent));
    }
  }

  #clear(path: EntryPath, existing: Stats): void {
    const dir = this.#directories.require(path.parent);
    if (!existing.isDirectory()) {
      unlinkAt(dir, path.name);
      if (existing.isSymbolicLink()) this.#directories.forget();
      return;
    }
    renameAt(dir, path.name, this.#scrap, String(this.#scrapCount++));
    this.#directories.forget();
    const prefix = `${joinEntryPath(path)}/`;
    for (const known of this.#times.keys()) if (`${known}/`.startsWith(prefix)) this.#times.delete(known);
  }
}

/** Attributes that this machine or file system cannot hold are left out, as `docker pull` does. */
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

function ignoring(errno: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isErrno(error, errno)) throw error;
  }
}
