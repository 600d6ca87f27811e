import { PATIENCE } from './patience.ts';
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PIER_COMMAND } from './clients.ts';
import { api, jsonOf, type ApiRequestOptions, type ApiResponse } from './http.ts';
import { marksOf, removeLeftovers, waitForNoLeftovers, type EngineMarks } from './leaks.ts';
import { startValidatingProxy, type ValidatingProxy } from './validating-proxy.ts';

/** How a daemon for a test is started. */
export interface DaemonOptions {
  /** Added to the daemon's environment, for example `PIER_FAILPOINTS`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further arguments of `pier daemon`. */
  readonly args?: readonly string[];
  /** A root directory of the test's own; the harness leaves it where it is. */
  readonly root?: string;
}

/** Where a test runs instead of on pier: the socket of another daemon, to try a scenario on what it was written after. */
const PEER_HOST = process.env['PIER_TEST_PEER_SOCKET'];
/** A directory that the peer sees at `PIER_TEST_PEER_MOUNT`. */
const PEER_SHARE = process.env['PIER_TEST_PEER_SHARE'] ?? tmpdir();
const PEER_MOUNT = process.env['PIER_TEST_PEER_MOUNT'] ?? PEER_SHARE;

/** True when the tests run on another daemon than pier's: what only pier promises is skipped. */
export const IS_PEER: boolean = PEER_HOST !== undefined;

const READY_TIMEOUT_MS = 20_000 * PATIENCE;
const STOP_TIMEOUT_MS = 20_000 * PATIENCE;

/** A daemon with a root of its own, a validating proxy before it, and a check at the end that it left nothing behind. */
export class TestDaemon implements AsyncDisposable {
  /** The test's directory; everything of it is below. */
  readonly directory: string;
  readonly root: string;
  readonly state: string;
  /** Where the daemon itself listens. */
  readonly directSocket: string;
  /** Where the validating proxy listens. */
  readonly socket: string;
  readonly marks: EngineMarks;
  readonly #options: DaemonOptions;
  #proxy: ValidatingProxy | undefined;
  #child: ChildProcess | undefined;
  #exitSignal: NodeJS.Signals | undefined;
  #log = '';

  constructor(directory: string, options: DaemonOptions) {
    this.directory = directory;
    this.root = options.root ?? join(directory, 'root');
    this.state = join(directory, 'state');
    this.directSocket = PEER_HOST ?? join(directory, 'd.sock');
    this.socket = join(directory, 'pier.sock');
    this.marks = marksOf(this.root, this.state);
    this.#options = options;
  }

  /** Value of DOCKER_HOST for clients; through the proxy. */
  get host(): string {
    return `unix://${this.socket}`;
  }

  /** Pid of the daemon's process; 0 when none runs. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** The signal that ended the last daemon process; `undefined` if it ended by itself or none has ended. */
  get exitSignal(): NodeJS.Signals | undefined {
    return this.#exitSignal;
  }

  /** Whether a daemon answers; always true of a peer. */
  get isRunning(): boolean {
    return IS_PEER || this.#child !== undefined;
  }

  /** All that the daemon printed. */
  get log(): string {
    return this.#log;
  }

  /** Starts the daemon's process and waits until it answers. */
  async start(env: Readonly<Record<string, string>> = this.#options.env ?? {}): Promise<void> {
    this.#proxy ??= await startValidatingProxy(this.socket, this.directSocket);
    if (IS_PEER) return;
    const [program = '', ...first] = PIER_COMMAND;
    const args = [
      ...first,
      'daemon',
      '--root',
      this.root,
      '--state',
      this.state,
      '-H',
      `unix://${this.directSocket}`,
      ...(this.#options.args ?? []),
    ];
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#exitSignal = undefined;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
    child.once('exit', (code, signal) => {
      this.#exitSignal = signal ?? undefined;
      this.#log += `[the daemon ended: ${signal ?? code}]\n`;
      if (this.#child === child) this.#child = undefined;
    });
    await this.#ready(child);
  }

  /** SIGKILL, and waits until the process is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGKILL and a new daemon on the same root. */
  async killAndRestart(env: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.kill();
    await this.start(env);
  }

  /** An orderly end. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Resolves when the daemon's process is gone by itself, for example at a failpoint. */
  async ended(timeoutMs: number = 30_000 * PATIENCE): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await once(child, 'exit', { signal: AbortSignal.timeout(timeoutMs) });
  }

  /** One request through the validating proxy. */
  async api(method: string, path: string, options?: ApiRequestOptions): Promise<ApiResponse> {
    return await api(this.socket, method, path, options);
  }

  /** One request, its JSON, and the status it must have. */
  async json<T>(method: string, path: string, options: ApiRequestOptions & { readonly status?: number } = {}): Promise<T> {
    const response = await this.api(method, path, options);
    assert.equal(response.status, options.status ?? 200, `${method} ${path}: ${response.body.toString()}`);
    return jsonOf<T>(response);
  }

  /** A directory that a bind mount can name: its path for the test and its path for the daemon. */
  async bindDirectory(): Promise<{ readonly here: string; readonly there: string }> {
    const here = await mkdtemp(join(IS_PEER ? PEER_SHARE : this.directory, 'bind-'));
    return { here, there: IS_PEER ? here.replace(PEER_SHARE, PEER_MOUNT) : here };
  }

  /** Fails if a response since the last call was not as the API's description says. */
  assertResponsesValid(): void {
    const violations = this.#proxy?.takeViolations() ?? [];
    assert.deepEqual(violations, [], 'responses are not as the description of the API says');
  }

  /** Removes every container, through the API. */
  async removeAllContainers(): Promise<void> {
    const containers = jsonOf<{ Id: string }[]>(await api(this.directSocket, 'GET', '/containers/json?all=1'));
    await Promise.all(containers.map(({ Id }) => api(this.directSocket, 'DELETE', `/containers/${Id}?force=1&v=1`)));
  }

  /** Removes every image that no container uses, through the API. */
  async removeAllImages(): Promise<void> {
    await api(this.directSocket, 'POST', `/images/prune?filters=${encodeURIComponent('{"dangling":{"false":true}}')}`);
  }

  /** Takes away by force what a daemon that never answered has made. */
  async abandon(): Promise<void> {
    await this.kill();
    await this.#proxy?.[Symbol.asyncDispose]();
    if (!IS_PEER) await removeLeftovers(this.marks);
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Ends everything, then fails if something is left on the machine. */
  async [Symbol.asyncDispose](): Promise<void> {
    const problems: string[] = [];
    try {
      await this.#cleanUp(problems);
    } catch (error) {
      problems.push(`cleaning up failed: ${String(error)}`);
    }
    if (!IS_PEER) {
      const left = await waitForNoLeftovers(this.marks);
      problems.push(...left.map((line) => `left over: ${line}`));
      if (left.length > 0) await removeLeftovers(this.marks);
    }
    problems.push(...(this.#proxy?.takeViolations() ?? []));
    await this.#proxy?.[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
    if (problems.length > 0) console.error(`The daemon's log:\n${this.#log.slice(-20_000)}`);
    assert.deepEqual(problems, [], 'the daemon ended cleanly and left nothing behind');
  }

  async #cleanUp(problems: string[]): Promise<void> {
    if (IS_PEER) {
      await this.removeAllContainers();
      await this.removeAllImages();
      return;
    }
    if (this.#child === undefined && existsSync(this.root)) await this.start({});
    if (this.#child === undefined) return;
    await this.removeAllContainers();
    const child = this.#child;
    await this.stop();
    if (child.exitCode !== 0) problems.push(`the daemon's exit code after SIGTERM is ${child.exitCode ?? child.signalCode}`);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, 'exit', { signal: AbortSignal.timeout(STOP_TIMEOUT_MS) });
    child.kill(signal);
    try {
      await exited;
    } catch {
      child.kill('SIGKILL');
      throw new Error(`Cannot end the daemon with ${signal}: it runs on after ${STOP_TIMEOUT_MS} ms\n${this.#log.slice(-4000)}`);
    }
  }

  async #ready(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (Date.now() < deadline) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`Cannot start the daemon: it ended\n${this.#log.slice(-4000)}`);
      const status = await api(this.directSocket, 'GET', '/_ping', { version: '' }).then(
        (response) => response.status,
        () => 0,
      );
      if (status === 200) return;
      await sleep(20);
    }
    throw new Error(`Cannot start the daemon: no answer within ${READY_TIMEOUT_MS} ms\n${this.#log.slice(-4000)}`);
  }
}

/** Starts a daemon on a new root. Use it with `await using`, or through {@linkcode useDaemon}. */
export async function startDaemon(options: DaemonOptions = {}): Promise<TestDaemon> {
  const daemon = await makeDaemon(options);
  try {
    await daemon.start();
    return daemon;
  } catch (error) {
    await daemon.abandon();
    throw error;
  }
}

/** A daemon that is not started yet. */
export async function makeDaemon(options: DaemonOptions = {}): Promise<TestDaemon> {
  // Short: sockets below it have at most 107 bytes of path.
  const directory = await mkdtemp(join(tmpdir(), 'pt-'));
  await mkdir(join(directory, 'state'));
  return new TestDaemon(directory, options);
}
