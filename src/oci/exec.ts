/**
 * Running a further process in a container, as a child of this process (through the runtime).
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { runtimeJson } from './runtime-json.ts';
import type { FSWatcher } from 'node:fs';
import { join } from 'node:path';
import {
  ConsoleSocket,
  TerminalMaster,
  closeQuietly,
  openPipe,
  openRawTerminal,
  readablePipe,
  spawnProcess,
  writablePipe,
} from '../linux/index.ts';
import { inheritedEnvironment } from './runtime.ts';
import type { Socket } from 'node:net';
import type { ExitStatus, Pipe } from '../linux/index.ts';
import type { Runtime } from './runtime.ts';
import type { RuntimeProcess } from './runtime-spec.ts';

/** What to run. */
export interface ExecProcessSpec {
  readonly containerId: string;
  readonly process: RuntimeProcess;
  /** Directory of this exec's own; made here, removed at its end. Its path is short: it holds a socket. */
  readonly dir: string;
  /** Without them /dev/null. A terminal always has both. */
  readonly stdin: boolean;
  readonly output: boolean;
}

/** A process that runs, or that could not be run. */
export interface ExecProcess {
  /** `undefined` for a terminal, and where it was not asked for. */
  readonly stdin: Socket | undefined;
  readonly stdout: Socket | undefined;
  readonly stderr: Socket | undefined;
  /** Resolves with the terminal once the runtime has passed it; `undefined` where none was asked for, or it came to nothing. */
  readonly terminal: Promise<TerminalMaster | undefined>;
  /** Resolves once it is known whether the process runs (or has run). Until then stderr may hold the runtime's own words. */
  readonly started: Promise<boolean>;
  /** Resolves with the outcome; never rejects. */
  readonly exited: Promise<ExecOutcome>;
  /** Host pid; 0 until the process runs. */
  readonly pid: () => number;
  /** Lets go of its pipes and of the event loop; the process goes on as far as it can without. */
  readonly release: () => void;
}

/** How an exec ended. */
export interface ExecOutcome {
  /** The process's exit code, 128 + signal for a death by signal. */
  readonly exitCode: number;
  /** The runtime's words when it could not start the process; `undefined` when it ran. */
  readonly startError: string | undefined;
}

const SIGNAL_BASE = 128;

/** Starts a process in a running container. @throws {SyscallError} if the runtime itself cannot be started; nothing is left then. */
export function startExec(runtime: Runtime, spec: ExecProcessSpec): ExecProcess {
  using held = new DisposableStack();
  mkdirSync(spec.dir, { recursive: true, mode: 0o700 });
  held.defer(() => rmSync(spec.dir, { recursive: true, force: true }));
  const files = { process: join(spec.dir, 'process.json'), pid: join(spec.dir, 'pid'), log: join(spec.dir, 'log') };
  writeFileSync(files.process, runtimeJson(spec.process, spec.process), { mode: 0o600 });
  const isTerminal = spec.process.terminal === true;
  const console = isTerminal && runtime.isCrun ? held.use(new ConsoleSocket(join(spec.dir, 'tty'))) : undefined;
  // runc hands a terminal out only where it does not stay, and then nobody learns the exit code. So it gets one of its
  // own, which it relays to that of the process: input, output, size and hang-up.
  const relay = isTerminal && !runtime.isCrun ? held.adopt(openRawTerminal(), ({ master }) => master.close()) : undefined;
  if (spec.process.consoleSize !== undefined) relay?.master.resize(spec.process.consoleSize);
  const args = [...runtime.globalArguments, '--log', files.log, '--log-format', 'json', 'exec'];
  args.push('--process', files.process, '--pid-file', files.pid);
  if (console !== undefined) args.push('--console-socket', console.path);
  args.push(spec.containerId);
  const pipes = held.adopt(new ExecPipes(isTerminal ? { stdin: false, output: false } : spec), (made) => made.close());
  const pidFile = held.adopt(new FileWatch(spec.dir, files.pid), (watching) => watching.close());
  const child = (() => {
    try {
      const standard = relay === undefined ? { fds: pipes.childEnds } : { terminalPath: relay.path };
      return spawnProcess({ file: runtime.path, args, env: inheritedEnvironment(), ...standard });
    } finally {
      closeQuietly(...Object.values(pipes.childEnds));
    }
  })();
  // It runs: everything now ends with it.
  held.move();
  const terminal = relay === undefined ? receiveTerminal(console, child.exited) : Promise.resolve(relay.master);
  const started = Promise.race([pidFile.appeared, child.exited.then(() => existsSync(files.pid))]);
  const exited = Promise.all([child.exited, terminal, started]).then(([status, , hasRun]) => {
    pidFile.close();
    return outcome(status, hasRun, files.log, spec.dir);
  });
  const streams = pipes.streams();
  const release = (): void => {
    for (const stream of Object.values(streams)) stream?.destroy();
    pidFile.close();
    child.unref();
  };
  return { ...streams, terminal, started, exited, pid: () => readPid(files.pid), release };
}

/** The pipes of an exec without a terminal. */
class ExecPipes {
  /** Descriptor in the child → its end here. */
  readonly childEnds: Record<number, number> = {};
  readonly #own: (number | undefined)[] = [undefined, undefined, undefined];

  constructor({ stdin, output }: { readonly stdin: boolean; readonly output: boolean }) {
    try {
      if (stdin) this.#add(0, openPipe());
      if (output) {
        this.#add(1, openPipe());
        this.#add(2, openPipe());
      }
    } catch (error) {
      this.close();
      closeQuietly(...Object.values(this.childEnds));
      throw error;
    }
  }

  streams(): Pick<ExecProcess, 'stdin' | 'stdout' | 'stderr'> {
    const [stdin, stdout, stderr] = this.#own;
    return {
      stdin: stdin === undefined ? undefined : writablePipe(stdin),
      stdout: stdout === undefined ? undefined : readablePipe(stdout),
      stderr: stderr === undefined ? undefined : readablePipe(stderr),
    };
  }

  close(): void {
    closeQuietly(...this.#own.filter((fd) => fd !== undefined));
  }

  #add(descriptor: number, { readFd, writeFd }: Pipe): void {
    this.childEnds[descriptor] = descriptor === 0 ? readFd : writeFd;
    this.#own[descriptor] = descriptor === 0 ? writeFd : readFd;
  }
}

/** Waits for a file to appear in a directory. */
class FileWatch {
  readonly appeared: Promise<boolean>;
  readonly #watcher: FSWatcher;

  constructor(directory: string, path: string) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.appeared = promise;
    this.#watcher = watch(directory, () => {
      if (existsSync(path)) resolve(true);
    });
    this.#watcher.on('error', () => {});
  }

  close(): void {
    this.#watcher.close();
  }
}

async function receiveTerminal(console: ConsoleSocket | undefined, exited: Promise<unknown>): Promise<TerminalMaster | undefined> {
  if (console === undefined) return undefined;
  using socket = console;
  const abort = new AbortController();
  void exited.then(() => abort.abort());
  try {
    return new TerminalMaster(await socket.receiveTerminal(abort.signal));
  } catch {
    // The runtime died, or it brought none: then there is nothing to show, and no reason to take the engine down.
    return undefined;
  }
}

function outcome(status: ExitStatus, hasRun: boolean, logPath: string, dir: string): ExecOutcome {
  let log = '';
  try {
    if (!hasRun && existsSync(logPath)) log = lastMessage(readFileSync(logPath, 'utf8'));
    rmSync(dir, { recursive: true, force: true });
  } catch (error) {
    // How it ended is known all the same; the directory is swept when the next engine opens.
    log = String(error);
  }
  const exitCode = status.code ?? SIGNAL_BASE;
  return { exitCode, startError: hasRun ? undefined : log === '' ? `the runtime exited with code ${exitCode}` : log };
}

/** The runtime's last word in a log of JSON lines; the text as it is if it is something else. */
export function lastMessage(log: string): string {
  const line = log.trim().split('\n').at(-1) ?? '';
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry === 'object' && entry !== null && 'msg' in entry) return String(entry.msg);
  } catch {
    // Falls through.
  }
  return line;
}

function readPid(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return 0;
  }
}
