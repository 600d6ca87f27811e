import { PierError } from '../base/errors.ts';
import { traceStep } from '../base/trace.ts';
import type { Database, Schema } from '../store/index.ts';
import { CREATED_STATE } from './container.ts';
import type { Container } from './container.ts';
import { EMPTY_SPEC } from './container-spec.ts';
import type { Health } from './health.ts';

/** The container tables. */
export const CONTAINER_SCHEMA: Schema = {
  noun: 'container',
  migrations: [
    `CREATE TABLE container (
       id TEXT PRIMARY KEY,
       name TEXT NOT NULL UNIQUE,
       document TEXT NOT NULL
     ) STRICT`,
  ],
};

/**
 * All containers: in memory for reads, in the database for keeps. A change is one transaction, and memory follows it;
 * so a read never sees what a crash could take back.
 */
export class ContainerIndex {
  readonly #database: Database;
  readonly #byId = new Map<string, Container>();
  readonly #idByName = new Map<string, string>();
  /** Names that a create in progress has taken. */
  readonly #reserved = new Set<string>();

  constructor(database: Database) {
    this.#database = database;
    for (const row of database.handle.prepare('SELECT document FROM container ORDER BY rowid').all()) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this class writes the column
      this.#remember(completed(JSON.parse(String(row['document'])) as Container));
    }
  }

  /** By name, full id or unique id prefix. @throws {PierError} `NotFound`, `InvalidArgument`. */
  get(ref: string): Container {
    const container = this.#byId.get(ref) ?? this.byName(ref) ?? this.#byPrefix(ref);
    if (container === undefined) {
      throw new PierError('NotFound', `Cannot find container "${ref}"`, { reason: 'container.not-found', facts: { ref } });
    }
    return container;
  }

  /** By full id alone; `undefined` once it is removed. */
  byId(id: string): Container | undefined {
    return this.#byId.get(id);
  }

  /** By name, with or without Docker's leading slash. */
  byName(name: string): Container | undefined {
    const id = this.#idByName.get(name.replace(/^\//, ''));
    return id === undefined ? undefined : this.#byId.get(id);
  }

  /** Oldest first: a change keeps a container's place. */
  all(): Iterable<Container> {
    return this.#byId.values();
  }

  /** Tells whether a container, or a create in progress, has the name. */
  isNameTaken(name: string): boolean {
    return this.#idByName.has(name) || this.#reserved.has(name);
  }

  /** Takes a name for a create in progress. @throws {PierError} `Conflict`, reason `container.name-taken`. */
  reserveName(name: string): Disposable {
    this.#refuseTakenName(name);
    this.#reserved.add(name);
    return { [Symbol.dispose]: () => void this.#reserved.delete(name) };
  }

  insert(container: Container): void {
    traceStep('record', () => ({ id: container.id, name: container.name, status: container.state.status }));
    this.#database.transaction(() => {
      this.#statement('INSERT INTO container (id, name, document) VALUES (?, ?, ?)').run(
        container.id,
        container.name,
        JSON.stringify(container),
      );
    });
    this.#remember(container);
  }

  /**
   * Replaces what is known of a container.
   *
   * @param change The fields that differ.
   * @returns The new value.
   * @throws {PierError} `NotFound`; `Conflict` if a new name is taken.
   */
  update(id: string, change: Partial<Omit<Container, 'id'>>): Container {
    const before = this.get(id);
    const after: Container = { ...before, ...change };
    if (after.name !== before.name) this.#refuseTakenName(after.name);
    traceStep('record', () => ({ id, name: after.name, status: after.state.status, changed: changedFields(before, after) }));
    this.#database.transaction(() => {
      this.#statement('UPDATE container SET name = ?, document = ? WHERE id = ?').run(after.name, JSON.stringify(after), id);
    });
    this.#idByName.delete(before.name);
    this.#remember(after);
    return after;
  }

  /** Changes the state's fields that are given. */
  updateState(id: string, change: Partial<Container['state']>): Container {
    return this.update(id, { state: { ...this.get(id).state, ...change } });
  }

  /** Takes note of a container's health without writing it down; its next change does. */
  noteHealth(id: string, health: Health): void {
    const container = this.get(id);
    this.#byId.set(id, { ...container, state: { ...container.state, health } });
  }

  remove(id: string): void {
    const container = this.get(id);
    traceStep('record', () => ({ id, name: container.name, status: 'removed' }));
    this.#database.transaction(() => {
      this.#statement('DELETE FROM container WHERE id = ?').run(id);
    });
    this.#byId.delete(id);
    this.#idByName.delete(container.name);
  }

  #remember(container: Container): void {
    this.#byId.set(container.id, container);
    this.#idByName.set(container.name, container.id);
  }

  #refuseTakenName(name: string): void {
    if (!this.isNameTaken(name)) return;
    throw new PierError('Conflict', `Cannot name container "${name}": the name is taken`, {
      reason: 'container.name-taken',
      facts: { name, holder: this.#idByName.get(name) ?? '' },
    });
  }

  #byPrefix(prefix: string): Container | undefined {
    if (!/^[0-9a-f]+$/.test(prefix)) return undefined;
    let found: Container | undefined;
    for (const [id, container] of this.#byId) {
      if (!id.startsWith(prefix)) continue;
      if (found !== undefined) {
        throw new PierError('InvalidArgument', `Cannot find container "${prefix}": several ids begin so`, {
          reason: 'container.ambiguous-id',
          facts: { ref: prefix },
        });
      }
      found = container;
    }
    return found;
  }

  readonly #statements = new Map<string, ReturnType<Database['handle']['prepare']>>();

  #statement(sql: string): ReturnType<Database['handle']['prepare']> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.handle.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** A container written by an older version lacks the fields that are new since; they ask for nothing. */
function completed(container: Container): Container {
  const { spec, state } = container;
  const resources = { ...EMPTY_SPEC.resources, ...spec.resources };
  return { ...container, shell: container.shell ?? [], spec: { ...EMPTY_SPEC, ...spec, resources }, state: { ...CREATED_STATE, ...state } };
}

/** Names of the fields that an update changes, those of the state among them. */
function changedFields(before: Container, after: Container): readonly string[] {
  return [...differing(before, after).filter((field) => field !== 'state'), ...differing(before.state, after.state)];
}

function differing<T extends object>(before: T, after: T): readonly string[] {
  const values = new Map<string, unknown>(Object.entries(before));
  return Object.entries(after).flatMap(([field, value]) => (JSON.stringify(value) === JSON.stringify(values.get(field)) ? [] : [field]));
}
