/**
 * conmon, the process that stays with a container: it holds its streams, writes its log and records its exit code, so
 * that all three survive the engine.
 *
 * ```
 * startMonitor() ─► conmon ─► runtime create ─► pid on the sync pipe (container created, not started)
 *                     └── the process ends ─► drains its output ─► <exitDir>/<id> (exit code)
 * ```
 *
 * @module
 */
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { PierError, isErrno } from '../base/errors.ts';
import { isProcessAlive, openPipe, processStartTicks, readablePipe, signalProcess, spawnProcess } from '../linux/index.ts';
import { endsWithin, inheritedEnvironment, runtimeHangs } from './runtime.ts';
import type { Runtime } from './runtime.ts';

/** What a monitor watches over. */
export interface MonitorSpec {
  readonly id: string;
  /** Directory with `config.json`; conmon makes `attach` and `ctl` in it. */
  readonly bundleDir: string;
  /** CRI-format log, appended to. */
  readonly logPath: string;
  /** Where the exit code will be written, in a file named by the id. */
  readonly exitDir: string;
  readonly tty: boolean;
  readonly stdin: boolean;
  /** Whether a client that goes away leaves standard input open. */
  readonly leaveStdinOpen: boolean;
}

/** A container that is created and waits for its start. */
export interface MonitoredProcess {
  readonly pid: number;
  readonly monitorPid: number;
}

/** Child descriptor of the sync pipe: any above the standard three. */
const SYNC_FD = 3;
const PID_FILE = 'pid';
const MONITOR_PID_FILE = 'monitor.pid';

/**
 * Starts a monitor and lets it create the container.
 *
 * @throws {PierError} `Internal`, reason `runtime.create-failed`, facts `{ detail }` with the runtime's own words; `Unavailable`,
 * reason `runtime.hung`, facts `{ verb, detail }`, if it takes longer than it may.
 */
export async function startMonitor(monitorPath: string, runtime: Runtime, spec: MonitorSpec): Promise<MonitoredProcess> {
  const sync = openPipe();
  const started = (() => {
    try {
      return spawnProcess({
        file: monitorPath,
        args: monitorArguments(runtime, spec),
        env: [...inheritedEnvironment(), `_OCI_SYNCPIPE=${SYNC_FD}`],
        fds: { [SYNC_FD]: sync.writeFd },
        // It makes an empty file "oom" where it is when the kernel kills for want of memory, and holds the directory for as long as it lives.
        cwd: spec.bundleDir,
      });
    } catch (error) {
      closeSync(sync.readFd);
      throw error;
    } finally {
      closeSync(sync.writeFd);
    }
  })();
  const pipe = readablePipe(sync.readFd);
  const replied = Promise.all([readReply(pipe), started.exited]);
  if (!(await endsWithin(replied, runtime.verbLimitMs))) {
    pipe.destroy();
    replied.catch(() => undefined);
    await endMonitor(spec.bundleDir, spec.id);
    throw runtimeHangs(runtime, 'create');
  }
  const [reply] = await replied;
  if (reply.pid <= 0) {
    throw new PierError('Internal', `Cannot create container "${spec.id}": ${reply.message}`, {
      reason: 'runtime.create-failed',
      facts: { detail: reply.message },
    });
  }
  return { pid: reply.pid, monitorPid: readMonitorPid(spec.bundleDir) ?? 0 };
}

/** The pid that a monitor left in its bundle; `undefined` if there is none. It may have ended since. */
export function readMonitorPid(bundleDir: string): number | undefined {
  return readPidFile(join(bundleDir, MONITOR_PID_FILE));
}

/** The pid of the container's process 1 as the runtime left it in the bundle; `undefined` if it was never created. */
export function readContainerPid(bundleDir: string): number | undefined {
  return readPidFile(join(bundleDir, PID_FILE));
}

/** The exit code that a monitor recorded; `undefined` while there is none. */
export function readExitCode(exitDir: string, id: string): number | undefined {
  return readPidFile(join(exitDir, id));
}

/** conmon's message on its control fifo, which has three numbers always. */
const REOPEN_LOG = '2 0 0\n';

/**
 * Tells a monitor to go on with a new log: it opens the log's path with `.tmp` after it, made or emptied, and renames that
 * to the log's path, over what is there.
 *
 * @returns `false` if no monitor listens.
 */
export function reopenLog(bundleDir: string): boolean {
  let fd: number;
  try {
    // Non-blocking: a monitor that has gone must not hold anybody up.
    fd = openSync(join(bundleDir, 'ctl'), constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, 'ENXIO') || isErrno(error, 'ENOENT')) return false;
    throw error;
  }
  try {
    writeSync(fd, REOPEN_LOG);
    return true;
  } finally {
    closeSync(fd);
  }
}

function monitorArguments(runtime: Runtime, spec: MonitorSpec): string[] {
  const args = ['--api-version', '1', '-c', spec.id, '-u', spec.id, '-n', spec.id, '-r', runtime.path, '-b', spec.bundleDir];
  args.push('-p', join(spec.bundleDir, PID_FILE), '-P', join(spec.bundleDir, MONITOR_PID_FILE), '-l', `k8s-file:${spec.logPath}`);
  args.push('--exit-dir', spec.exitDir, '--full-attach', '--no-sync-log', '--log-level', 'error');
  for (const argument of runtime.globalArguments) args.push('--runtime-arg', argument);
  if (spec.tty) args.push('-t');
  if (spec.stdin) args.push('-i');
  if (spec.leaveStdinOpen) args.push('--leave-stdin-open');
  return args;
}

async function readReply(pipe: AsyncIterable<unknown>): Promise<{ readonly pid: number; readonly message: string }> {
  let text = '';
  for await (const chunk of pipe) {
    text += String(chunk);
    // The monitor keeps the pipe open for the container's life: one line is the whole reply.
    if (text.includes('\n')) break;
  }
  try {
    const reply: unknown = JSON.parse(text);
    if (typeof reply === 'object' && reply !== null && 'data' in reply && typeof reply.data === 'number') {
      return { pid: reply.data, message: 'message' in reply ? plainWords(String(reply.message)) : 'the runtime gave no reason' };
    }
  } catch {
    // Falls through: an unreadable reply is no reply.
  }
  return { pid: -1, message: text === '' ? 'the monitor ended without a reply' : `the monitor replied ${JSON.stringify(text)}` };
}

/** runc's words without what its logger puts around them. */
function plainWords(message: string): string {
  const quoted = /\bmsg=("(?:[^"\\]|\\.)*")\s*$/.exec(message)?.[1];
  try {
    return quoted === undefined ? message.trim() : String(JSON.parse(quoted));
  } catch {
    // Quoted as only Go quotes.
    return message.trim();
  }
}

function readPidFile(path: string): number | undefined {
  try {
    const number = Number(readFileSync(path, 'utf8').trim());
    return Number.isInteger(number) ? number : undefined;
  } catch {
    return undefined;
  }
}

const SIGKILL = 9;
const POLL_MS = 1;
/** Longer than any process takes to die of SIGKILL, unless the kernel holds it. */
const DEATH_LIMIT_MS = 2000;

/**
 * Ends a monitor whose container shall not be, so that it creates and records nothing any more. Its runtime, if one is
 * still creating the container, dies with it.
 *
 * @param id Told apart from a stranger with the same pid by its command line.
 */
export async function endMonitor(bundleDir: string, id: string): Promise<void> {
  const pid = readMonitorPid(bundleDir);
  const ticks = pid === undefined ? undefined : processStartTicks(pid);
  if (pid === undefined || ticks === undefined || !commandLineOf(pid).includes(id)) return;
  signalProcess(pid, ticks, SIGKILL);
  for (let waitedMs = 0; waitedMs < DEATH_LIMIT_MS && isProcessAlive(pid, ticks); waitedMs += POLL_MS) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
