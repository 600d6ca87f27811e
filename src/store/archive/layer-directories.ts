import { closeSync, constants, lstatSync, openSync, readlinkSync } from 'node:fs';
import { isErrno } from '../../base/errors.ts';
import { makeDirectoryAt, openDirectoryInRoot, pathAt, setModeAt, setOwnerAt, textOf, unlinkAt } from '../../linux/index.ts';
import { copyXattrs } from './lower-layers.ts';
import { isWhiteout, malformed, parseEntryPath, setOpaque } from '../../tar/index.ts';
import type { ByteString } from '../../linux/index.ts';
import type { LowerLayers } from './lower-layers.ts';

/** Directories kept open. An archive lists a directory's entries together, so few are in use at a time. */
const OPEN_LIMIT = 128;
/** As the kernel's own limit on links in one path. */
const LINK_LIMIT = 40;
const O_PATH = 0o10000000;

/**
 * The directories of a layer that is being unpacked, by the names the archive uses.
 *
 * A symbolic link on the way is followed as if the layer's root were `/`. The kernel does it (openat2's RESOLVE_IN_ROOT),
 * so no link can lead out, whatever the archive put there before.
 */
export class LayerDirectories implements Disposable {
  readonly root: number;
  readonly #lower: LowerLayers;
  readonly #times: Map<ByteString, bigint>;
  readonly #open = new Map<ByteString, number>();

  /**
   * @param directory The layer's root directory.
   * @param lower What it stands on.
   * @param times Receives modification times that directories must get in the end, in nanoseconds.
   */
  constructor(directory: string, lower: LowerLayers, times: Map<ByteString, bigint>) {
    this.root = openSync(directory, O_PATH | constants.O_DIRECTORY);
    this.#lower = lower;
    this.#times = times;
  }

  /**
   * The directory of that name, made with all above it if it is not there. A directory that lower layers have gets their
   * owner, mode and attributes, for it is this layer's that will be seen.
   *
   * @returns A descriptor, good until the call after the next.
   * @throws {PierError} `InvalidArgument` if something else than a directory is in the way, or links go in circles.
   */
  require(path: ByteString): number {
    return path === '.' ? this.root : this.#require(path, 0);
  }

  /** The directory of that name, if it is there. A descriptor, good until the call after the next. */
  find(path: ByteString): number | undefined {
    if (path === '.') return this.root;
    const known = this.#open.get(path);
    if (known === undefined) return this.#openExisting(path);
    // The map's order is the order of use.
    this.#open.delete(path);
    this.#open.set(path, known);
    return known;
  }

  /** Call it when a directory or link was taken away: names may lead elsewhere now. */
  forget(): void {
    for (const fd of this.#open.values()) closeSync(fd);
    this.#open.clear();
  }

  [Symbol.dispose](): void {
    this.forget();
    closeSync(this.root);
  }

  #require(path: ByteString, links: number): number {
    const found = this.find(path);
    if (found !== undefined) return found;
    if (links > LINK_LIMIT) throw malformed(`"${textOf(path)}" leads through too many symbolic links`);
    const { parent, name } = parseEntryPath(path);
    const parentFd = parent === '.' ? this.root : this.#require(parent, links);
    const entry = pathAt(parentFd, name);
    const stats = lstatSync(entry, { throwIfNoEntry: false });
    // A link whose target this layer lacks: the target is made, as it is what the link will show.
    if (stats?.isSymbolicLink() === true) return this.#requireTarget(readlinkSync(entry, 'latin1'), parent, links);
    if (stats !== undefined && !isWhiteout(stats)) throw malformed(`"${textOf(path)}" is not a directory, but has entries`);
    this.#make(parentFd, parent, name, stats !== undefined);
    const made = this.#openExisting(path);
    if (made === undefined) throw malformed(`the directory "${textOf(path)}" is not there`);
    return made;
  }

  #requireTarget(target: ByteString, parent: ByteString, links: number): number {
    const absolute = target.startsWith('/') ? target : `${parent}/${target}`;
    // Above the root is the root, as the kernel has it.
    const parts: ByteString[] = [];
    for (const part of absolute.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '' && part !== '.') parts.push(part);
    }
    return parts.length === 0 ? this.root : this.#require(parts.join('/'), links + 1);
  }

  #make(dir: number, parent: ByteString, name: ByteString, isHidden: boolean): void {
    if (isHidden) unlinkAt(dir, name);
    makeDirectoryAt(dir, name, 0o755);
    if (isHidden) setOpaque(pathAt(dir, name));
    const lower = isHidden ? undefined : this.#lower.find(parent, name);
    if (lower === undefined || !lower.stats.isDirectory()) {
      setOwnerAt(dir, name, 0, 0);
      setModeAt(dir, name, 0o755);
      return;
    }
    setOwnerAt(dir, name, Number(lower.stats.uid), Number(lower.stats.gid));
    setModeAt(dir, name, Number(lower.stats.mode) & 0o7777);
    copyXattrs(lower.path, pathAt(dir, name));
    this.#times.set(parent === '.' ? name : `${parent}/${name}`, lower.stats.mtimeNs);
  }

  #openExisting(path: ByteString): number | undefined {
    try {
      const fd = openDirectoryInRoot(this.root, path);
      this.#open.set(path, fd);
      this.#closeOldest();
      return fd;
    } catch (error) {
      if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
      if (isErrno(error, 'ELOOP')) throw malformed(`"${textOf(path)}" leads through too many symbolic links`);
      throw error;
    }
  }

  #closeOldest(): void {
    if (this.#open.size <= OPEN_LIMIT) return;
    for (const [path, fd] of this.#open) {
      this.#open.delete(path);
      closeSync(fd);
      return;
    }
  }
}
