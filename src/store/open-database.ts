import { close, fdatasync, open } from 'node:fs';
import { promisify } from 'node:util';
import { DatabaseSync } from 'node:sqlite';
import { PierError, hasCode, isErrno } from '../base/errors.ts';
import { DiskReserve } from './disk-reserve.ts';
import type { ErrorCode } from '../base/errors.ts';
import type { Database, Schema } from './database.ts';

/** How long a statement waits for another connection's lock before it fails. */
const BUSY_TIMEOUT_MS = 5000;

/** sqlite3.h: what some result codes mean to a caller. An extended code is looked up before its low byte, the primary one. */
const CODE_OF_RESULT: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [5, 'Unavailable'], // SQLITE_BUSY
  [8, 'PermissionDenied'], // SQLITE_READONLY
  [11, 'DataLoss'], // SQLITE_CORRUPT
  [13, 'ResourceExhausted'], // SQLITE_FULL
  [14, 'Unavailable'], // SQLITE_CANTOPEN
  [26, 'DataLoss'], // SQLITE_NOTADB
  [4874, 'ResourceExhausted'], // SQLITE_IOERR_SHMSIZE: a full disk cannot hold the log's index
]);

/**
 * Opens the database of an engine root, making it if absent, and brings every noun's tables up to date.
 *
 * All migrations that are due run in one transaction: after a crash the database is as it was or as it should be.
 *
 * @param path The file. Its directory exists; `-wal` and `-shm` files appear beside it.
 * @param schemas Every noun that keeps tables here.
 * @throws {PierError} `Conflict` with reason `root.newer` and facts `noun`, `found`, `known` if a newer pier wrote it;
 * `DataLoss` if the file is damaged; `ResourceExhausted` on a full disk; `PermissionDenied` on a read-only file system.
 */
export function openDatabase(path: string, schemas: readonly Schema[]): Database {
  const reserve = new DiskReserve(path);
  const database = withReserve(reserve, () => openOnce(path, schemas, reserve));
  reserve.replenish();
  return database;
}

function openOnce(path: string, schemas: readonly Schema[], reserve: DiskReserve): Database {
  return translateErrors(path, () => {
    const handle = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
    try {
      // NORMAL does not sync on commit: the log survives the death of this process, and flush() makes it survive power loss.
      // One engine at a time has a root, so the index of the log can be in memory: as a shared mapping of a file it would be a
      // SIGBUS on a full disk.
      handle.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      checkIntegrity(handle, path);
      const database = new SqliteDatabase(path, handle, reserve);
      database.transaction(() => migrate(handle, path, schemas));
      return database;
    } catch (error) {
      handle.close();
      throw error;
    }
  });
}

/** Does work; if the disk is full, gives the reserve up and does it once more. */
function withReserve<T>(reserve: DiskReserve, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!hasCode(error, 'ResourceExhausted') || !reserve.spend()) throw error;
    return work();
  }
}

class SqliteDatabase implements Database {
  readonly handle: DatabaseSync;
  readonly #path: string;
  readonly #reserve: DiskReserve;

  constructor(path: string, handle: DatabaseSync, reserve: DiskReserve) {
    this.#path = path;
    this.handle = handle;
    this.#reserve = reserve;
  }

  transaction<T>(work: () => T): T {
    const result = withReserve(this.#reserve, () => this.#attempt(work));
    this.#reserve.replenish();
    return result;
  }

  #attempt<T>(work: () => T): T {
    return translateErrors(this.#path, () => {
      this.handle.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.handle.exec('COMMIT');
        return result;
      } catch (error) {
        // SQLite has rolled back by itself after some errors, a full disk among them.
        if (this.handle.isTransaction) this.handle.exec('ROLLBACK');
        throw error;
      }
    });
  }

  async flush(): Promise<void> {
    // A checkpoint syncs what it moves out of the log, so the log alone has to be synced here.
    const fd = await openOrUndefined(`${this.#path}-wal`);
    if (fd === undefined) return;
    try {
      await promisify(fdatasync)(fd);
    } finally {
      await promisify(close)(fd);
    }
  }

  [Symbol.dispose](): void {
    if (this.handle.isOpen) this.handle.close();
  }
}

async function openOrUndefined(path: string): Promise<number | undefined> {
  try {
    return await promisify(open)(path, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function checkIntegrity(handle: DatabaseSync, path: string): void {
  const problems = handle.prepare('PRAGMA quick_check(1)').all();
  const found = problems[0]?.['quick_check'];
  if (found !== 'ok') throw new PierError('DataLoss', `Cannot open database "${path}": ${String(found)}`);
}

function migrate(handle: DatabaseSync, path: string, schemas: readonly Schema[]): void {
  handle.exec('CREATE TABLE IF NOT EXISTS schema_version (noun TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT');
  const versionOf = new Map(
    handle
      .prepare('SELECT noun, version FROM schema_version')
      .all()
      .map((row) => [String(row['noun']), Number(row['version'])]),
  );
  const known = new Map(schemas.map(({ noun, migrations }) => [noun, migrations.length]));
  for (const [noun, found] of versionOf) {
    if (found > (known.get(noun) ?? 0)) throw newerRoot(path, noun, found, known.get(noun) ?? 0);
  }
  const record = handle.prepare('INSERT INTO schema_version VALUES (?, ?) ON CONFLICT (noun) DO UPDATE SET version = excluded.version');
  for (const { noun, migrations } of schemas) {
    const due = migrations.slice(versionOf.get(noun) ?? 0);
    for (const step of due) handle.exec(step);
    if (due.length > 0) record.run(noun, migrations.length);
  }
}

function newerRoot(path: string, noun: string, found: number, known: number): PierError {
  return new PierError(
    'Conflict',
    `Cannot open database "${path}": "${noun}" has version ${found}, and ${known} is the newest known here`,
    {
      reason: 'root.newer',
      facts: { noun, found: String(found), known: String(known) },
    },
  );
}

function translateErrors<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translated(path, error);
  }
}

function translated(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error;
  const code = CODE_OF_RESULT.get(error.errcode) ?? CODE_OF_RESULT.get(error.errcode & 0xff);
  if (code === undefined) return error;
  return new PierError(code, `Cannot use database "${path}": ${error.message}`, { cause: error });
}
