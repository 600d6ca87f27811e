import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../base/errors.ts';
import { runArchiveJob } from './archive/archive-client.ts';
import { emptyDirectory } from './archive/remove-tree.ts';
import type { Logger } from '../base/logger.ts';

/**
 * Entries that are removed on the caller's thread, right after its answer; about 2 ms of work. A container's layer is
 * seldom larger, and the worker need not be started for it.
 */
const SMALL_TREE_ENTRIES = 128;

/** Where directories go to be removed after their owner has been told that they are gone. */
export class LayerTrash implements AsyncDisposable {
  readonly #directory: string;
  readonly #logger: Logger;
  #emptying: Promise<void> | undefined;
  #isDirty = false;

  /** @param directory Made if absent; whatever is in it goes. On the file system of what will be dropped. */
  constructor(directory: string, logger: Logger) {
    this.#directory = directory;
    this.#logger = logger;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (readdirSync(directory).length > 0) this.#schedule();
  }

  /** Takes a directory away: at once from its place, soon from the disk. Dropping what is not there succeeds. */
  drop(path: string): void {
    try {
      renameSync(path, join(this.#directory, randomBytes(8).toString('hex')));
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return;
      throw error;
    }
    this.#schedule();
  }

  /** Waits until all that was dropped is off the disk. */
  async settled(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- another round begins when something was dropped meanwhile
    while (this.#emptying !== undefined) await this.#emptying;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled();
  }

  #schedule(): void {
    this.#isDirty = true;
    this.#emptying ??= this.#empty().finally(() => {
      this.#emptying = undefined;
      if (this.#isDirty) this.#schedule();
    });
  }

  async #empty(): Promise<void> {
    while (this.#isDirty) {
      // oxlint-disable-next-line no-await-in-loop -- one round after the other, each after what the caller does now
      await new Promise((resolve) => setImmediate(resolve));
      this.#isDirty = false;
      try {
        if (emptyDirectory(this.#directory, SMALL_TREE_ENTRIES)) continue;
        // oxlint-disable-next-line no-await-in-loop -- see above
        await runArchiveJob('empty', { directory: this.#directory });
      } catch (error) {
        this.#logger.warn('Cannot remove dropped layers; they are tried again at the next start', { directory: this.#directory, error });
      }
    }
  }
}
