import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isErrno } from '../../base/errors.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** Environment variables for proxies, by the member of `config.json` that holds them. */
const PROXY_VARIABLES: Readonly<Record<string, string>> = {
  httpProxy: 'HTTP_PROXY',
  httpsProxy: 'HTTPS_PROXY',
  noProxy: 'NO_PROXY',
  ftpProxy: 'FTP_PROXY',
  allProxy: 'ALL_PROXY',
};

/**
 * The client's `config.json`, which it shares with Docker's. Members that are not known here are kept when it is saved.
 */
export class ConfigFile {
  readonly path: string;
  readonly #members: JsonObject;

  private constructor(path: string, members: JsonObject) {
    this.path = path;
    this.#members = members;
  }

  /**
   * Reads the file of a configuration directory; one that is not there is empty.
   *
   * @param warn Told what is wrong with a file that cannot be read; it then counts as empty.
   */
  static load(directory: string, warn: (message: string) => void): ConfigFile {
    const path = join(directory, 'config.json');
    try {
      const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
      if (isObject(parsed)) return new ConfigFile(path, parsed);
      warn(`WARNING: Error loading config file: ${path}: it holds no object`);
    } catch (error) {
      if (!isErrno(error, 'ENOENT'))
        warn(`WARNING: Error loading config file: ${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
    return new ConfigFile(path, {});
  }

  /** A member that is a text; empty if it is not there. */
  text(member: string): string {
    const value = this.#members[member];
    return typeof value === 'string' ? value : '';
  }

  /** `HttpHeaders`: sent with every request. The client's own name is not for others to choose. */
  get httpHeaders(): Readonly<Record<string, string>> {
    return Object.fromEntries(textMembers(this.#members['HttpHeaders']).filter(([name]) => name.toLowerCase() !== 'user-agent'));
  }

  /**
   * The variables that tell new containers of the proxies, in capital and small letters as programs want them.
   *
   * @param host The daemon's address, for which there may be proxies of its own.
   * @param given Names of variables that are set already: they are left alone.
   */
  proxyEnvironment(host: string, given: ReadonlySet<string>): readonly string[] {
    const proxies = this.#members['proxies'];
    if (!isObject(proxies)) return [];
    return textMembers(Object.hasOwn(proxies, host) ? proxies[host] : proxies['default']).flatMap(([member, value]) => {
      const variable = Object.hasOwn(PROXY_VARIABLES, member) ? PROXY_VARIABLES[member] : undefined;
      if (variable === undefined || value === '') return [];
      return [variable, variable.toLowerCase()].filter((name) => !given.has(name)).map((name) => `${name}=${value}`);
    });
  }

  /**
   * Writes the file with one member changed, in one step; a symbolic link stays one.
   *
   * @param value `undefined` removes it.
   */
  save(member: string, value: string | undefined): void {
    // Docker writes this one always, and reads a file without it as one of its oldest.
    const members: Record<string, unknown> = { auths: {}, ...this.#members, [member]: value };
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const target = realPath(this.path);
    const temporary = `${target}.${process.pid}`;
    try {
      writeFileSync(temporary, JSON.stringify(members, null, '\t'), { mode: 0o600, flag: 'wx' });
      renameSync(temporary, target);
    } finally {
      rmSync(temporary, { force: true });
    }
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return path;
    throw error;
  }
}

function textMembers(value: unknown): readonly (readonly [string, string])[] {
  if (!isObject(value)) return [];
  return Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
