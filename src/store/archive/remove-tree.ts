import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, readdirSync } from 'node:fs';
import { isErrno } from '../../base/errors.ts';
import { openDirectoryAt, pathAt, removeDirectoryAt, renameAt, unlinkAt } from '../../linux/index.ts';

/**
 * Removes everything in a directory, but not the directory.
 *
 * A subdirectory that is not empty is first moved up into the directory, so that trees of any depth need neither long paths
 * nor many descriptors. Nothing is followed. Several may empty one directory at a time.
 *
 * @param directory Path of the directory.
 * @param limit Entries to remove at most; counting bounds the time this takes.
 * @returns Whether it is empty now.
 * @throws {SyscallError} `EPERM` for an entry that is immutable; others may be left as well.
 */
export function emptyDirectory(directory: string, limit: number = Infinity): boolean {
  const root = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return new Emptier(root, limit).run();
  } finally {
    closeSync(root);
  }
}

class Emptier {
  readonly #root: number;
  readonly #queue: string[];
  readonly #prefix = `${randomBytes(6).toString('hex')}.`;
  #moved = 0;
  #left: number;

  constructor(root: number, limit: number) {
    this.#root = root;
    this.#left = limit;
    this.#queue = readdirSync(pathAt(root), 'latin1');
  }

  run(): boolean {
    for (let name = this.#queue.pop(); name !== undefined; name = this.#queue.pop()) {
      if (this.#left-- <= 0) return false;
      if (!this.#removeFile(this.#root, name) && !this.#removeDirectory(name)) return false;
    }
    return true;
  }

  /** @returns whether it is gone: not if it is a directory. */
  #removeFile(dir: number, name: string): boolean {
    try {
      unlinkAt(dir, name);
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return true;
      if (isErrno(error, 'EISDIR')) return false;
      throw error;
    }
  }

  /** Removes a directory in the root, whose own subdirectories go to the queue. */
  #removeDirectory(name: string): boolean {
    try {
      const fd = openDirectoryAt(this.#root, name);
      try {
        if (!this.#removeEntries(fd)) return false;
      } finally {
        closeSync(fd);
      }
      removeDirectoryAt(this.#root, name);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
    return true;
  }

  #removeEntries(dir: number): boolean {
    for (const entry of readdirSync(pathAt(dir), { encoding: 'latin1', withFileTypes: true })) {
      if (this.#left-- <= 0) return false;
      if (entry.isDirectory() || !this.#removeFile(dir, entry.name)) this.#removeOrMove(dir, entry.name);
    }
    return true;
  }

  #removeOrMove(dir: number, name: string): void {
    try {
      removeDirectoryAt(dir, name);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return;
      if (!isErrno(error, 'ENOTEMPTY') && !isErrno(error, 'EEXIST')) throw error;
      const moved = `${this.#prefix}${this.#moved++}`;
      renameAt(dir, name, this.#root, moved);
      this.#queue.push(moved);
    }
  }
}
