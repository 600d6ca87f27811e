import { closeSync, lstatSync, readlinkSync } from 'node:fs';
import { PierError, isErrno } from '../base/errors.ts';
import { makeDirectoryAt, openDirectoryAt, openPathInRoot, pathAt, setMetadata, textOf } from '../linux/index.ts';
import { parseEntryPath } from './entry-name.ts';
import { malformed } from './tar-header.ts';
import type { ByteString } from '../linux/index.ts';

/** Directories kept open. An archive lists a directory's entries together, so few are in use at a time. */
const OPEN_LIMIT = 128;
/** As the kernel's own limit on links in one path. */
const LINK_LIMIT = 40;
const MODE = 0o755;

/**
 * The directories below a root that others may be changing, by the names an archive uses. Symbolic links on the way are
 * followed as if the root were `/`, by the kernel, so that none can lead out.
 */
export class TreeDirectories implements Disposable {
  readonly #root: number;
  readonly #open = new Map<ByteString, number>();

  /** @param root An open directory. Not closed. */
  constructor(root: number) {
    this.#root = root;
  }

  /**
   * The directory of that name, made with all above it if it is not there.
   *
   * @returns A descriptor, good until the call after the next.
   * @throws {PierError} `InvalidArgument` if something else than a directory is in the way, or links go in circles.
   */
  require(path: ByteString, links: number = 0): number {
    const found = this.find(path);
    if (found !== undefined) return found;
    if (links > LINK_LIMIT) throw malformed(`"${textOf(path)}" leads through too many symbolic links`);
    const { parent, name } = parseEntryPath(path);
    const parentFd = this.require(parent, links);
    const target = readLink(parentFd, name);
    if (target !== undefined) return this.#requireTarget(target, parent, links);
    makeDirectory(parentFd, name, path);
    const made = this.find(path);
    if (made === undefined) throw malformed(`the directory "${textOf(path)}" is not there`);
    return made;
  }

  /** The directory of that name, if it is there. A descriptor, good until the call after the next. */
  find(path: ByteString): number | undefined {
    if (path === '.') return this.#root;
    const known = this.#open.get(path);
    // The map's order is the order of use.
    this.#open.delete(path);
    const fd = known ?? this.#tryOpen(path);
    if (fd === undefined) return undefined;
    this.#open.set(path, fd);
    if (known === undefined) this.#closeOldest();
    return fd;
  }

  /** Call it when a directory or link was taken away: names may lead elsewhere now. */
  forget(): void {
    for (const fd of this.#open.values()) closeSync(fd);
    this.#open.clear();
  }

  [Symbol.dispose](): void {
    this.forget();
  }

  #requireTarget(target: ByteString, parent: ByteString, links: number): number {
    const parts: ByteString[] = [];
    // Above the root is the root, as the kernel has it.
    for (const part of (target.startsWith('/') ? target : `${parent}/${target}`).split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '' && part !== '.') parts.push(part);
    }
    return this.require(parts.length === 0 ? '.' : parts.join('/'), links + 1);
  }

  #tryOpen(path: ByteString): number | undefined {
    try {
      return openPathInRoot(this.#root, `${path}/`);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      if (isErrno(error, 'ENOTDIR')) throw notADirectory(path);
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

function notADirectory(path: ByteString): PierError {
  const name = textOf(path);
  return new PierError('InvalidArgument', `Cannot unpack archive: "${name}" is not a directory, but has entries`, {
    reason: 'tree.not-a-directory',
    facts: { name },
  });
}

function readLink(dir: number, name: ByteString): ByteString | undefined {
  const entry = pathAt(dir, name);
  if (lstatSync(entry, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return undefined;
  return readlinkSync(entry, 'latin1');
}

function makeDirectory(parent: number, name: ByteString, path: ByteString): void {
  try {
    makeDirectoryAt(parent, name, MODE);
  } catch (error) {
    if (isErrno(error, 'EEXIST')) throw notADirectory(path);
    throw error;
  }
  const fd = openDirectoryAt(parent, name);
  try {
    // The process's umask may have taken bits away.
    setMetadata(fd, { uid: 0, gid: 0, mode: MODE });
  } finally {
    closeSync(fd);
  }
}
