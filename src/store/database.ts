/**
 * Transactional metadata: one SQLite database in WAL mode for each engine root.
 *
 * Nouns own their tables: each hands its migrations in, numbered from 1 within its own name, and they run inside one
 * transaction when the database is opened. A root that was written by a newer pier is refused, never guessed at.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';

/** A noun's tables, as the steps that made them. Steps are never edited, only added. */
export interface Schema {
  /** For example `image`. */
  readonly noun: string;
  /** SQL for versions 1, 2, 3…. */
  readonly migrations: readonly string[];
}

/** An open database. All statements are synchronous and run on the calling thread (about 0.05 ms a transaction). */
export interface Database extends Disposable {
  /** For statements; callers prepare once and keep. */
  readonly handle: DatabaseSync;

  /**
   * Runs `work` inside BEGIN IMMEDIATE … COMMIT; rolls back and rethrows if it throws. Not reentrant, never async. It may
   * run twice, the second time with the disk that is kept for that after the first found none.
   */
  transaction<T>(work: () => T): T;

  /**
   * Waits until all that was committed so far survives power loss. Transactions alone survive the death of the process.
   * Costs an fdatasync of the write-ahead log on libuv's pool, not on this thread.
   */
  flush(): Promise<void>;
}
