import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../../base/errors.ts';
import { CommandError } from '../command-error.ts';
import { ConfigFile } from './config-file.ts';
import { configDirectory } from './config-directory.ts';
import type { TlsMaterial } from '../../client/index.ts';
import type { FlagValues } from '../flag-values.ts';

/** Where pier's own daemon listens, and where it is started when it is needed. */
export const DEFAULT_HOST = 'unix:///run/pier/pier.sock';

/** The context that is in no store: what flags, environment and defaults say. */
const DEFAULT_CONTEXT = 'default';

/** Where to find a daemon. */
export interface ChosenEndpoint {
  readonly host: string;
  readonly tls?: TlsMaterial;
  /** Nobody named it: it is pier's own, which may be started. */
  readonly isOwn: boolean;
}

/** What the global flags, the environment and the configuration directory say of the daemon to talk to. */
export class ClientSettings {
  readonly configDirectory: string;
  readonly #globals: FlagValues;
  #config: ConfigFile | undefined;

  /**
   * @param globals The flags before the command.
   * @throws {CommandError} If they name both a host and a context.
   */
  constructor(globals: FlagValues) {
    this.#globals = globals;
    this.configDirectory = configDirectory(globals.string('config'));
    if (globals.list('host').length > 0 && globals.string('context') !== '') {
      throw new CommandError('conflicting options: cannot specify both --host and --context');
    }
  }

  /** The configuration file, read when it is first asked for. */
  get config(): ConfigFile {
    this.#config ??= ConfigFile.load(this.configDirectory, (message) => process.stderr.write(`${message}\n`));
    return this.#config;
  }

  /** The context in use: `--context`, then none for a host that is named, then `DOCKER_CONTEXT`, then the one chosen by `context use`. */
  get contextName(): string {
    const flag = this.#globals.string('context');
    if (flag !== '') return flag;
    if (this.#namedHost !== '') return DEFAULT_CONTEXT;
    return process.env['DOCKER_CONTEXT'] || this.config.text('currentContext') || DEFAULT_CONTEXT;
  }

  /** The endpoint of the default context: `-H`, `DOCKER_HOST`, or pier's own daemon, with TLS as flags and environment say. */
  get defaultEndpoint(): ChosenEndpoint {
    const named = this.#namedHost;
    const tls = this.#tls();
    const host = named === '' || named.includes('://') || named.startsWith('/') ? named : `tcp://${named}`;
    return { host: host || DEFAULT_HOST, isOwn: named === '', ...(tls !== undefined && { tls }) };
  }

  /**
   * The endpoint of the context in use.
   *
   * @throws {CommandError} If there is no such context.
   */
  async endpoint(): Promise<ChosenEndpoint> {
    const name = this.contextName;
    if (name === DEFAULT_CONTEXT) return this.defaultEndpoint;
    const { ContextStore } = await import('../context/context-store.ts');
    const store = new ContextStore(this.configDirectory);
    try {
      const { Host: host = DEFAULT_HOST, SkipTLSVerify: skipsVerification } = store.get(name).Endpoints['docker'] ?? {
        SkipTLSVerify: false,
      };
      const files = store.tlsFiles(name);
      const tls = { ca: files.get('ca.pem'), cert: files.get('cert.pem'), key: files.get('key.pem'), skipsVerification };
      return { host, isOwn: false, ...((files.size > 0 || skipsVerification) && { tls }) };
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      throw new CommandError(`Failed to initialize: unable to resolve docker endpoint: ${error.message}`, 1, { cause: error });
    }
  }

  /** The last of several `-H` counts. */
  get #namedHost(): string {
    return this.#globals.list('host').at(-1) ?? process.env['DOCKER_HOST'] ?? '';
  }

  /** What `--tls…` and `DOCKER_TLS…` ask for; `undefined` for a connection in clear text. */
  #tls(): TlsMaterial | undefined {
    const globals = this.#globals;
    const verifies = globals.has('tlsverify') ? globals.bool('tlsverify') : (process.env['DOCKER_TLS_VERIFY'] ?? '') !== '';
    if (!verifies && !globals.bool('tls') && (process.env['DOCKER_TLS'] ?? '') === '') return undefined;
    const directory = process.env['DOCKER_CERT_PATH'] || this.configDirectory;
    const read = (flag: string, file: string): Buffer | undefined =>
      readMaterial(globals.string(flag) || join(directory, file), globals.has(flag));
    return {
      ca: verifies ? read('tlscacert', 'ca.pem') : undefined,
      cert: read('tlscert', 'cert.pem'),
      key: read('tlskey', 'key.pem'),
      skipsVerification: !verifies,
    };
  }
}

/** A file that nobody named need not be there. */
function readMaterial(path: string, isNamed: boolean): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT') && !isNamed) return undefined;
    throw new CommandError(`Failed to initialize: unable to resolve docker endpoint: open ${path}: no such file or directory`, 1, {
      cause: error,
    });
  }
}
