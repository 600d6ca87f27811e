import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../../base/errors.ts';
import { CommandError } from '../command-error.ts';

/** The context that is in no store: what flags, environment and defaults say. */
export const DEFAULT_CONTEXT = 'default';

/** The files of an endpoint's TLS material. */
export const TLS_FILES = ['ca.pem', 'cert.pem', 'key.pem'] as const;

/** PEM texts by file name. */
export type TlsFiles = ReadonlyMap<string, Buffer>;

/** A context as it is stored: Docker's own form. Members that are not known here are kept. */
export interface StoredContext {
  readonly Name: string;
  readonly Metadata: Readonly<Record<string, unknown>> & { readonly Description?: string };
  readonly Endpoints: Readonly<Record<string, Endpoint>>;
}

/** An endpoint of a context; `docker` is the one that counts. */
export interface Endpoint {
  readonly Host?: string;
  readonly SkipTLSVerify: boolean;
}

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/;
const META_FILE = 'meta.json';

/** Contexts in a configuration directory, in the layout of Docker's client: `contexts/{meta,tls}/SHA256-OF-NAME`. */
export class ContextStore {
  readonly #directory: string;

  /** @param configDirectory From {@linkcode configDirectory}. */
  constructor(configDirectory: string) {
    this.#directory = join(configDirectory, 'contexts');
  }

  /** @throws {CommandError} If no context may have this name. */
  static checkName(name: string): void {
    if (name === '') throw new CommandError('context name cannot be empty');
    if (name === DEFAULT_CONTEXT) throw new CommandError('"default" is a reserved context name');
    if (!NAME.test(name)) {
      throw new CommandError(`context name "${name}" is invalid, names are validated against regexp "${NAME.source}"`);
    }
  }

  metadataPath(name: string): string {
    return join(this.#directory, 'meta', idOf(name));
  }

  tlsPath(name: string): string {
    return join(this.#directory, 'tls', idOf(name));
  }

  exists(name: string): boolean {
    return statSync(join(this.metadataPath(name), META_FILE), { throwIfNoEntry: false }) !== undefined;
  }

  /** @throws {CommandError} If there is none of this name, or its file is broken. */
  get(name: string): StoredContext {
    const path = join(this.metadataPath(name), META_FILE);
    try {
      return parse(path, name);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      throw new CommandError(`context "${name}": context not found: open ${path}: no such file or directory`, 1, { cause: error });
    }
  }

  /** All contexts that can be read, by name. */
  list(): readonly StoredContext[] {
    const directory = join(this.#directory, 'meta');
    let ids: readonly string[];
    try {
      ids = readdirSync(directory);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
    return ids.map((id) => parse(join(directory, id, META_FILE), '')).toSorted((a, b) => (a.Name < b.Name ? -1 : 1));
  }

  /** TLS material of the endpoint `docker`. */
  tlsFiles(name: string): TlsFiles {
    const files = new Map<string, Buffer>();
    for (const file of TLS_FILES) {
      try {
        files.set(file, readFileSync(join(this.tlsPath(name), 'docker', file)));
      } catch (error) {
        if (!isErrno(error, 'ENOENT')) throw error;
      }
    }
    return files;
  }

  /**
   * Writes a context: TLS material first, so that none is ever there without it.
   *
   * @param tls `undefined` leaves what is there.
   */
  save(context: StoredContext, tls: TlsFiles | undefined): void {
    if (tls !== undefined) {
      rmSync(this.tlsPath(context.Name), { recursive: true, force: true });
      const directory = join(this.tlsPath(context.Name), 'docker');
      if (tls.size > 0) mkdirSync(directory, { recursive: true, mode: 0o700 });
      for (const [file, bytes] of tls) writeFileSync(join(directory, file), bytes, { mode: 0o600 });
    }
    const directory = this.metadataPath(context.Name);
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    const temporary = join(directory, `.${META_FILE}.${process.pid}`);
    writeFileSync(temporary, JSON.stringify(context), { mode: 0o644 });
    renameSync(temporary, join(directory, META_FILE));
  }

  remove(name: string): void {
    rmSync(this.metadataPath(name), { recursive: true });
    rmSync(this.tlsPath(name), { recursive: true, force: true });
  }
}

function idOf(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

/** Reads a context's file. @throws {CommandError} If it is none. */
function parse(path: string, name: string): StoredContext {
  const text = readFileSync(path, 'utf8');
  try {
    return parseContext(text, name);
  } catch (error) {
    throw new CommandError(`parsing ${path}: ${error instanceof Error ? error.message : String(error)}`, 1, { cause: error });
  }
}

/**
 * Reads a context from its JSON, as far as it is understood.
 *
 * @param name For one whose file names none.
 * @throws {SyntaxError} If it is no JSON object.
 */
export function parseContext(text: string, name: string): StoredContext {
  const parsed: unknown = JSON.parse(text);
  if (!isObject(parsed)) throw new SyntaxError('it holds no object');
  const { Name: ownName, Metadata: metadata, Endpoints: endpoints } = parsed;
  return {
    ...parsed,
    Name: typeof ownName === 'string' ? ownName : name,
    Metadata: isObject(metadata) ? metadata : {},
    Endpoints: Object.fromEntries(
      Object.entries(isObject(endpoints) ? endpoints : {}).map(([key, value]) => [key, toEndpoint(isObject(value) ? value : {})]),
    ),
  };
}

function toEndpoint(value: Readonly<Record<string, unknown>>): Endpoint {
  const { Host: host, SkipTLSVerify: skips } = value;
  return { ...value, ...(typeof host === 'string' && { Host: host }), SkipTLSVerify: skips === true };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
