import { PierError } from '../base/errors.ts';
import { isDigest } from '../base/digest.ts';
import type { StatementSync } from 'node:sqlite';
import type { Digest } from '../base/digest.ts';
import type { Database, Schema } from './database.ts';
import type { LayerUsage } from './layer-store.ts';

/** The layer store's tables, for {@linkcode openDatabase}. */
export const LAYER_SCHEMA: Schema = {
  noun: 'layer',
  migrations: [
    `CREATE TABLE layer (
      dir TEXT PRIMARY KEY,
      key TEXT UNIQUE,
      chain_id TEXT UNIQUE,
      diff_id TEXT,
      parent TEXT REFERENCES layer (chain_id),
      is_opaque INTEGER NOT NULL DEFAULT 0,
      content_bytes INTEGER,
      allocated_bytes INTEGER,
      inode_count INTEGER,
      CHECK ((key IS NULL) <> (chain_id IS NULL)),
      CHECK ((chain_id IS NULL) = (diff_id IS NULL))
    ) STRICT;
    CREATE INDEX layer_parent ON layer (parent)`,
  ],
};

/** A writable layer's record. */
export interface WritableRecord {
  /** Name of its directory. */
  readonly dir: string;
  readonly parent: Digest | undefined;
}

/** A committed layer's record. */
export interface CommittedRecord extends WritableRecord {
  readonly chainId: Digest;
  readonly diffId: Digest;
  /** Whether it hides all below it: overlayfs has no mark for that on a layer's root. */
  readonly isOpaque: boolean;
  readonly usage: LayerUsage;
}

/**
 * The rows of the layer table, in memory and in the database. Reads touch memory only; a write changes the database first,
 * so that memory never knows what a crash would undo.
 */
export class LayerTable {
  readonly writable: Map<string, WritableRecord> = new Map();
  readonly committed: Map<Digest, CommittedRecord> = new Map();
  readonly #database: Database;
  readonly #insert: StatementSync;
  readonly #commit: StatementSync;
  readonly #delete: StatementSync;

  /** @throws {PierError} `DataLoss` if a row is not what this class writes. */
  constructor(database: Database) {
    const { handle } = database;
    this.#database = database;
    this.#insert = handle.prepare('INSERT INTO layer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#commit = handle.prepare(
      'UPDATE layer SET key = NULL, chain_id = ?, diff_id = ?, content_bytes = ?, allocated_bytes = ?, inode_count = ? WHERE dir = ?',
    );
    this.#delete = handle.prepare('DELETE FROM layer WHERE dir = ?');
    for (const row of handle.prepare('SELECT * FROM layer').all()) this.#load(row);
  }

  /** Names of all directories that have a row. */
  directories(): ReadonlySet<string> {
    return new Set([...this.writable.values(), ...this.committed.values()].map(({ dir }) => dir));
  }

  /** Records a writable layer. Its key is free and its parent committed. */
  addWritable(key: string, record: WritableRecord): void {
    this.#database.transaction(() => this.#insert.run(record.dir, key, null, null, record.parent ?? null, 0, null, null, null));
    this.writable.set(key, record);
  }

  /** Records an unpacked layer. Its chain ID is free and its parent committed. */
  addCommitted(record: CommittedRecord): void {
    const { dir, chainId, diffId, parent, isOpaque, usage } = record;
    this.#database.transaction(() =>
      this.#insert.run(
        dir,
        null,
        chainId,
        diffId,
        parent ?? null,
        isOpaque ? 1 : 0,
        usage.contentBytes,
        usage.allocatedBytes,
        usage.inodeCount,
      ),
    );
    this.committed.set(chainId, record);
  }

  /** Turns a writable layer into a committed one. */
  commit(key: string, record: CommittedRecord): void {
    const { dir, chainId, diffId, usage } = record;
    this.#database.transaction(() => this.#commit.run(chainId, diffId, usage.contentBytes, usage.allocatedBytes, usage.inodeCount, dir));
    this.writable.delete(key);
    this.committed.set(chainId, record);
  }

  deleteWritable(key: string, { dir }: WritableRecord): void {
    this.#database.transaction(() => this.#delete.run(dir));
    this.writable.delete(key);
  }

  deleteCommitted({ chainId, dir }: CommittedRecord): void {
    this.#database.transaction(() => this.#delete.run(dir));
    this.committed.delete(chainId);
  }

  #load(row: Record<string, unknown>): void {
    const dir = String(row['dir']);
    const parent = digestOrNull(dir, row['parent']);
    if (typeof row['key'] === 'string') {
      this.writable.set(row['key'], { dir, parent });
      return;
    }
    const chainId = digestOrNull(dir, row['chain_id']);
    const diffId = digestOrNull(dir, row['diff_id']);
    if (chainId === undefined || diffId === undefined) throw badRow(dir);
    const usage = {
      contentBytes: Number(row['content_bytes']),
      allocatedBytes: Number(row['allocated_bytes']),
      inodeCount: Number(row['inode_count']),
    };
    this.committed.set(chainId, { dir, parent, chainId, diffId, isOpaque: row['is_opaque'] === 1, usage });
  }
}

function digestOrNull(dir: string, value: unknown): Digest | undefined {
  if (value === null) return undefined;
  if (typeof value === 'string' && isDigest(value)) return value;
  throw badRow(dir);
}

function badRow(dir: string): PierError {
  return new PierError('DataLoss', `Cannot read layer "${dir}": its row is damaged`);
}
