/**
 * Probes: short processes in a container that are run again and again, so everything that is not needed is left out. The
 * process is described once in a file, both outputs share a pipe, and nobody watches for its start.
 *
 * @module
 */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  childrenOf,
  closeQuietly,
  openPipe,
  pidsWithArgument,
  processGroup,
  processStartTicks,
  readablePipe,
  signalGroup,
  signalProcess,
  spawnProcess,
} from '../linux/index.ts';
import { lastMessage } from './exec.ts';
import { inheritedEnvironment } from './runtime.ts';
import type { Socket } from 'node:net';
import type { SpawnedProcess } from '../linux/index.ts';
import type { Runtime } from './runtime.ts';

const SIGKILL = 9;
const SIGNAL_BASE = 128;
/** What is kept of the output; further bytes are read and dropped. */
const OUTPUT_LIMIT_BYTES = 4096;
/** A runtime that takes longer to start a process hangs. */
const START_LIMIT_MS = 30_000;
/** How often a start is looked for that takes longer than the probe itself may. */
const START_POLL_MS = 50;
/** After a process has ended, what it left behind may hold its output open: it is waited for no longer than this. */
const DRAIN_LIMIT_MS = 2000;
/** What a timer can hold, 24 days: a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Name of the process description in a probe's directory. */
export const PROBE_PROCESS_FILE = 'process.json';
const PID_FILE = 'pid';
const LOG_FILE = 'log';

/** What to run. */
export interface ProbeSpec {
  readonly containerId: string;
  /** Holds {@linkcode PROBE_PROCESS_FILE}. One probe at a time. */
  readonly dir: string;
  /** Counted from the moment at which the process runs. */
  readonly timeoutMs: number;
}

/** How a probe ended. */
export interface ProbeOutcome {
  /** 128 + signal for a death by signal. */
  readonly exitCode: number;
  readonly output: Buffer;
  /** There was more of it. */
  readonly isOutputCut: boolean;
  /** It was killed because its time was over. */
  readonly isTimedOut: boolean;
  /** The runtime's words when it could not start the process; `undefined` when it ran. */
  readonly startError: string | undefined;
}

/** A probe that runs. */
export interface Probe {
  /** Never rejects. */
  readonly outcome: Promise<ProbeOutcome>;
  /** Kills it, with what it has started. */
  kill(): void;
}

/** Starts a probe in a running container. @throws {SyscallError} if the runtime itself cannot be started. */
export function startProbe(runtime: Runtime, spec: ProbeSpec): Probe {
  const { dir, containerId } = spec;
  const args = [...runtime.globalArguments, '--log', join(dir, LOG_FILE), '--log-format', 'json', 'exec'];
  args.push('--process', join(dir, PROBE_PROCESS_FILE), '--pid-file', join(dir, PID_FILE), containerId);
  const pipe = openPipe();
  try {
    const fds = { 1: pipe.writeFd, 2: pipe.writeFd };
    // Not in the engine's group: groups are what is killed here.
    const child = spawnProcess({ file: runtime.path, args, env: inheritedEnvironment(), fds, leadsSession: true });
    child.unref();
    return new RunningProbe(child, pipe.readFd, spec);
  } catch (error) {
    closeQuietly(pipe.readFd);
    throw error;
  } finally {
    closeQuietly(pipe.writeFd);
  }
}

/** Kills the probe that an engine left when it died, if it runs still. @param isOurs Tells whether a pid is in the container. */
export function endLeftoverProbe(dir: string, isOurs: (pid: number) => boolean): void {
  const pid = readPid(dir);
  if (pid > 0) {
    if (isOurs(pid)) killGroupOf(pid);
    return;
  }
  // The runtime may be about to write it: the process runs already then.
  for (const runtimePid of pidsWithArgument(join(dir, PID_FILE))) killStarting(runtimePid);
}

class RunningProbe implements Probe {
  readonly outcome: Promise<ProbeOutcome>;
  readonly #child: SpawnedProcess;
  readonly #spec: ProbeSpec;
  readonly #spawnedMs = Date.now();
  readonly #output: CappedOutput;
  #timer: NodeJS.Timeout;
  #isTimedOut = false;
  #hasEnded = false;

  constructor(child: SpawnedProcess, readFd: number, spec: ProbeSpec) {
    this.#child = child;
    this.#spec = spec;
    this.#output = new CappedOutput(readablePipe(readFd));
    this.#timer = this.#lookAfter(spec.timeoutMs);
    this.outcome = this.#wait();
  }

  kill(): void {
    if (this.#hasEnded) return;
    // Without a pid the runtime is starting it still.
    if (!killGroupOf(readPid(this.#spec.dir))) killStarting(this.#child.pid);
  }

  async #wait(): Promise<ProbeOutcome> {
    const status = await this.#child.exited;
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    await this.#output.end();
    const { dir } = this.#spec;
    const hasRun = readPid(dir) > 0;
    const startError = hasRun ? undefined : startErrorIn(dir, this.#isTimedOut);
    for (const name of [PID_FILE, LOG_FILE]) rmSync(join(dir, name), { force: true });
    return {
      exitCode: status.code ?? SIGNAL_BASE + SIGKILL,
      output: this.#output.content(),
      isOutputCut: this.#output.isCut,
      isTimedOut: hasRun && this.#isTimedOut,
      startError,
    };
  }

  #lookAfter(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#look(), Math.min(Math.ceil(ms), LONGEST_TIMER_MS)).unref();
  }

  /** The limit is the process's own: how long the runtime took to start it does not count. */
  #look(): void {
    const startedMs = pidFileTime(this.#spec.dir);
    const leftMs =
      startedMs === undefined
        ? Math.min(START_POLL_MS, this.#spawnedMs + START_LIMIT_MS - Date.now())
        : startedMs + this.#spec.timeoutMs - Date.now();
    if (leftMs > 0) {
      this.#timer = this.#lookAfter(leftMs);
      return;
    }
    this.#isTimedOut = true;
    this.kill();
  }
}

/** Reads an output to its end and keeps its beginning. */
class CappedOutput {
  readonly #chunks: Buffer[] = [];
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #keptBytes = 0;
  isCut = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (chunk: Buffer) => this.#keep(chunk));
    socket.on('error', () => {});
    socket.unref();
  }

  /** Waits for the end of the output, unless it does not come. */
  async end(): Promise<void> {
    const limit = setTimeout(() => this.#socket.destroy(), DRAIN_LIMIT_MS).unref();
    await this.#closed;
    clearTimeout(limit);
  }

  content(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  #keep(chunk: Buffer): void {
    const kept = chunk.subarray(0, OUTPUT_LIMIT_BYTES - this.#keptBytes);
    this.#keptBytes += kept.length;
    if (kept.length > 0) this.#chunks.push(kept);
    if (kept.length < chunk.length) this.isCut = true;
  }
}

/** A shell that is killed does not take its children along: they are in its group, which runtimes make anew for an exec. */
function killGroupOf(pid: number): boolean {
  const group = pid > 0 ? processGroup(pid) : undefined;
  return group !== undefined && group !== processGroup(process.pid) && signalGroup(group, SIGKILL);
}

/** Kills what a runtime is starting. It stays itself where it can, to wait for its child: a container does not end before that. */
function killStarting(runtimePid: number): void {
  const children = childrenOf(runtimePid);
  for (const child of children) {
    const ticks = processStartTicks(child);
    const group = processGroup(child);
    if (ticks === undefined || group === undefined) continue;
    if (group === processGroup(runtimePid)) signalProcess(child, ticks, SIGKILL);
    else signalGroup(group, SIGKILL);
  }
  if (children.length === 0) signalGroup(runtimePid, SIGKILL);
}

function startErrorIn(dir: string, isTimedOut: boolean): string {
  if (isTimedOut) return `the runtime did not start it within ${START_LIMIT_MS / 1000} seconds`;
  try {
    return lastMessage(readFileSync(join(dir, LOG_FILE), 'utf8')) || 'the runtime gave no reason';
  } catch {
    return 'the runtime gave no reason';
  }
}

function pidFileTime(dir: string): number | undefined {
  return statSync(join(dir, PID_FILE), { throwIfNoEntry: false })?.mtimeMs;
}

function readPid(dir: string): number {
  try {
    return Number(readFileSync(join(dir, PID_FILE), 'utf8')) || 0;
  } catch {
    return 0;
  }
}
