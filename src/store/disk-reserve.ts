import { closeSync, constants, openSync, rmSync, statSync } from 'node:fs';
import { isErrno } from '../base/errors.ts';
import { preallocate } from '../linux/index.ts';

/** What SQLite's log grows to before it starts over (1,000 pages of 4 KiB and their headers), and some more. */
const LOG_BYTES = 5 * 1024 * 1024;
/** What the database may grow by. */
const GROWTH_BYTES = 2 * 1024 * 1024;
/** Enough to open a database: its log, its index, and what they are given ahead. */
const SPARE_BYTES = 8 * 1024 * 1024;
/** How often it is seen to that all of this is there. */
const INTERVAL_MS = 60_000;

/**
 * Disk that is kept for bad times. When a container has filled the file system to the last block, room is made by stopping
 * and removing containers, and that has to be written down.
 *
 * While the engine runs, the database's own files have blocks ahead. For the moment when it opens on a full disk there is
 * a spare file that is given up.
 */
export class DiskReserve {
  readonly #path: string;
  #nextTryMs = 0;

  /** @param path The database. Nothing is made yet. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Sees to it that the reserve is there, as far as there is room; at most once a minute, and then in less than a millisecond. */
  replenish(): void {
    if (performance.now() < this.#nextTryMs) return;
    this.#nextTryMs = performance.now() + INTERVAL_MS;
    const databaseBytes = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    this.#allocate(`${this.#path}-wal`, LOG_BYTES, false);
    this.#allocate(this.#path, databaseBytes + GROWTH_BYTES, false);
    this.#allocate(this.#spare, SPARE_BYTES, true);
  }

  /**
   * Gives the spare file up.
   *
   * @returns Whether there was one, so that trying again makes sense.
   */
  spend(): boolean {
    if (statSync(this.#spare, { throwIfNoEntry: false }) === undefined) return false;
    rmSync(this.#spare, { force: true });
    this.#nextTryMs = 0;
    return true;
  }

  get #spare(): string {
    return `${this.#path}.spare`;
  }

  #allocate(path: string, bytes: number, isMade: boolean): void {
    try {
      const fd = openSync(path, constants.O_WRONLY | (isMade ? constants.O_CREAT : 0), 0o600);
      try {
        preallocate(fd, bytes);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      // No room, or nothing to be written here: then the work itself says so.
      const isExpected = ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'ENOENT'].some((errno) => isErrno(error, errno));
      if (!isExpected) throw error;
    }
  }
}
