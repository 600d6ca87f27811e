import { PATIENCE } from './patience.ts';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { IS_CI, PROJECT_DIR, SHARED } from './images.ts';

/** A command line client of the Docker API. */
export interface Client {
  /** `docker` is Docker's CLI 28.5, `machine-docker` whatever the machine has, `pier` this project's. */
  readonly name: 'docker' | 'machine-docker' | 'pier';
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What to give a client besides its arguments. */
export interface RunOptions {
  /** Value of DOCKER_HOST. */
  readonly host: string;
  /** Standard input; nothing when `undefined`. */
  readonly input?: string | Buffer | Readable;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The client is killed after this time and the run fails. @default {60_000} */
  readonly timeoutMs?: number;
}

/** What a client did. */
export interface RunOutcome {
  /** 128 + signal number when a signal ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const CACHE_DIR = process.env['PIER_TEST_CACHE'] ?? '/var/cache/pier-tests';

/** Set to the directory of a built package (with `bin/` and `dist/`) when the tests shall run that instead of the sources. */
const BUILT_PACKAGE = process.env['PIER_TEST_PACKAGE'];

/** Command line that runs this project's CLI, without arguments. */
export const PIER_COMMAND: readonly string[] =
  BUILT_PACKAGE === undefined
    ? [process.execPath, '--disable-warning=ExperimentalWarning', '--', join(PROJECT_DIR, 'src', 'cli', 'bin.ts')]
    : [process.execPath, '--', join(BUILT_PACKAGE, 'bin', 'pier.js')];

/** This project's own CLI. */
export function pierClient(): Client {
  return { name: 'pier', command: PIER_COMMAND, env: {} };
}

let docker: Promise<Client | undefined> | undefined;

/**
 * Docker's CLI 28.5, fetched on first use; `undefined` where it cannot be had.
 *
 * @throws {Error} under `CI=true` where it cannot be had.
 */
export function dockerClient(): Promise<Client | undefined> {
  docker ??= findDocker();
  return docker;
}

async function findDocker(): Promise<Client | undefined> {
  const directory = join(CACHE_DIR, 'clients');
  try {
    if (!existsSync(SHARED.clientsScript)) throw new Error(`not found: ${SHARED.clientsScript}`);
    await mkdir(directory, { recursive: true });
    await promisify(execFile)('flock', [`${directory}.lock`, 'bash', SHARED.clientsScript, directory]);
  } catch (error) {
    if (IS_CI) throw error;
    return undefined;
  }
  const env = { DOCKER_CONFIG: join(directory, 'config'), DOCKER_CLI_HINTS: 'false' };
  return { name: 'docker', command: [join(directory, 'root', 'usr', 'bin', 'docker')], env };
}

/** The Docker CLI that the machine came with, whatever its version; `undefined` if it has none. */
export function machineDockerClient(): Client | undefined {
  const path = ['/usr/local/bin/docker', '/usr/bin/docker'].find((candidate) => existsSync(candidate));
  return path === undefined ? undefined : { name: 'machine-docker', command: [path], env: { DOCKER_CLI_HINTS: 'false' } };
}

/** Starts a client without waiting for it; its standard streams are pipes. */
export function start(client: Client, args: readonly string[], options: RunOptions): ChildProcess {
  const [program = '', ...first] = client.command;
  const env = { ...process.env, ...client.env, DOCKER_HOST: options.host, NO_COLOR: '1', ...options.env };
  return spawn(program, [...first, ...args], { env, stdio: 'pipe', ...(options.cwd === undefined ? {} : { cwd: options.cwd }) });
}

/** Runs a client to its end. */
export async function run(client: Client, args: readonly string[], options: RunOptions): Promise<RunOutcome> {
  const child = start(client, args, options);
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('Cannot run a client: it has no pipes');
  const timeoutMs = options.timeoutMs ?? 60_000 * PATIENCE;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  const exited = exitOf(child);
  // A client that ends early breaks the pipe; what it said matters, not that.
  stdin.on('error', () => undefined);
  if (options.input instanceof Readable) void pipeline(options.input, stdin).catch(() => undefined);
  else stdin.end(options.input);
  const [out, err, exitCode] = await Promise.all([textOf(stdout), textOf(stderr), exited]);
  clearTimeout(timer);
  if (isLate)
    throw new Error(`Cannot finish "${client.name} ${args.join(' ')}" within ${timeoutMs} ms: it printed ${JSON.stringify(out + err)}`);
  return { exitCode, stdout: out, stderr: err };
}

/** Resolves with a child's exit code, 128 + number for a signal. */
export function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : signal === 'SIGTERM' ? 143 : 128)));
  });
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
