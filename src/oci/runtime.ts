/**
 * OCI runtimes: programs that speak runc's command line.
 *
 * @module
 */
import { existsSync, openSync, closeSync, rmSync, unlinkSync, writeSync, constants } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PierError } from '../base/errors.ts';
import { traceStep } from '../base/trace.ts';
import { closeQuietly, openPipe, readablePipe, spawnProcess } from '../linux/index.ts';

/** A runtime that was found on this machine. */
export interface Runtime {
  /** The name it is registered under: `crun`. */
  readonly name: string;
  /** Absolute path of the program. */
  readonly path: string;
  /** Arguments before the verb: `--root DIR` and those of the registration. */
  readonly globalArguments: readonly string[];
  /** First line of `--version`. */
  readonly version: string;
  /** Takes a compiled seccomp filter in an annotation and starts when `exec.fifo` is written: crun. */
  readonly isCrun: boolean;
  /** Where it keeps its own state, a directory for each container. */
  readonly stateDir: string;
  /** How long one of its verbs may take. */
  readonly verbLimitMs: number;
}

/**
 * Far more than any verb takes on a machine that is merely busy: a runtime that hangs must not hold the container, and all
 * who want something of it, for ever.
 */
const VERB_LIMIT_MS = 120_000;

/** More than this of a command's output is dropped. */
const OUTPUT_LIMIT_BYTES = 1 << 20;

/**
 * Runs one of the runtime's verbs to its end.
 *
 * @param args Verb and what follows it.
 * @returns What it printed to stdout.
 * @throws {PierError} `Internal`, reason `runtime.failed`, facts `{ verb, detail }`, if it exits with anything but 0; `Unavailable`,
 * reason `runtime.hung`, facts as well, if it takes longer than it may. Then it is ended.
 */
export async function runRuntime(runtime: Runtime, args: readonly string[]): Promise<string> {
  const outcome = await capture(runtime.path, [...runtime.globalArguments, ...args], runtime.verbLimitMs);
  if (outcome === undefined) throw runtimeHangs(runtime, args[0] ?? '');
  const { code, stdout, stderr } = outcome;
  if (code === 0) return stdout;
  const detail = stderr.trim() === '' ? `it exited with code ${code}` : stderr.trim();
  throw new PierError('Internal', `Cannot ${args[0]} with runtime "${runtime.name}": ${detail}`, {
    reason: 'runtime.failed',
    facts: { verb: args[0] ?? '', detail },
  });
}

/** The error for a verb that does not end. */
export function runtimeHangs({ name, verbLimitMs }: Runtime, verb: string): PierError {
  const detail = `the runtime "${name}" did not finish "${verb}" within ${verbLimitMs / 1000} seconds and was ended`;
  return new PierError('Unavailable', `Cannot ${verb} container: ${detail}`, { reason: 'runtime.hung', facts: { verb, detail } });
}

/** What a program said, and how it ended. */
export interface Captured {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program with an empty stdin and collects what it says. A death by signal is code 255.
 *
 * @param limitMs Then it is killed, with all that it started in its session, and the result is `undefined`.
 */
export async function capture(file: string, args: readonly string[]): Promise<Captured>;
export async function capture(file: string, args: readonly string[], limitMs: number): Promise<Captured | undefined>;
export async function capture(file: string, args: readonly string[], limitMs?: number): Promise<Captured | undefined> {
  const out = openPipe();
  const err = openPipe();
  const child = (() => {
    try {
      const fds = { 1: out.writeFd, 2: err.writeFd };
      return spawnProcess({ file, args, env: inheritedEnvironment(), fds, leadsSession: limitMs !== undefined });
    } catch (error) {
      closeQuietly(out.readFd, err.readFd);
      throw error;
    } finally {
      closeQuietly(out.writeFd, err.writeFd);
    }
  })();
  const pipes = [readablePipe(out.readFd), readablePipe(err.readFd)] as const;
  const ended = Promise.all([readText(pipes[0]), readText(pipes[1]), child.exited]);
  if (limitMs !== undefined && !(await endsWithin(ended, limitMs))) {
    killSession(child.pid);
    for (const pipe of pipes) pipe.destroy();
    // Nobody waits for what the kernel does not let die.
    ended.catch(() => undefined);
    child.unref();
    return undefined;
  }
  const [stdout, stderr, status] = await ended;
  return { code: status.code ?? 255, stdout, stderr };
}

/** Waits for an end, but not for ever. A failure is an end, too. */
export async function endsWithin(end: Promise<unknown>, limitMs: number): Promise<boolean> {
  const limit = new AbortController();
  const signal = limit.signal;
  try {
    const late = delay(limitMs, false, { signal, ref: false });
    return await Promise.race([
      end.then(
        () => true,
        () => true,
      ),
      late,
    ]);
  } finally {
    limit.abort();
  }
}

/** The leader is not waited for yet, so its number is nobody else's. */
function killSession(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended at this moment.
  }
}

/** PATH alone: what runtimes and monitors need to find their helpers; nothing of the engine's own environment leaks. */
export function inheritedEnvironment(): readonly string[] {
  return [`PATH=${process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'}`];
}

/**
 * Lets a created container run. For crun a byte into its fifo does what `crun start` does where there are no hooks, without
 * a process of 5 ms.
 *
 * @throws {PierError} `Internal`, reason `runtime.failed`.
 */
export async function startContainer(runtime: Runtime, id: string, { hasHooks }: { readonly hasHooks: boolean }): Promise<void> {
  if (!runtime.isCrun || hasHooks) {
    await runRuntime(runtime, ['start', id]);
    return;
  }
  const fifo = execFifo(runtime, id);
  try {
    // Non-blocking: without a reader the container has died already, and open fails with ENXIO.
    const fd = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      // In this order: a fifo that is gone says that the container was let go, which a crash in between must not make untrue.
      traceStep('release', () => ({ fifo, runtime: runtime.name }));
      writeSync(fd, Buffer.alloc(1));
      unlinkSync(fifo);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new PierError('Internal', `Cannot start container "${id}": it does not wait for its start`, {
      cause: error,
      reason: 'runtime.failed',
      facts: { verb: 'start', detail: 'the container does not wait for its start' },
    });
  }
}

/** Tells whether a container was created and never started. */
export function isWaitingForStart(runtime: Runtime, id: string): boolean {
  return existsSync(execFifo(runtime, id));
}

/**
 * Removes what the runtime remembers of a container, killing what still runs. Succeeds if there is nothing.
 *
 * @throws {PierError} `Internal`, reason `runtime.failed`.
 */
export async function deleteContainer(runtime: Runtime, id: string): Promise<void> {
  if (!existsSync(join(runtime.stateDir, id))) return;
  await runRuntime(runtime, ['delete', '--force', id]);
}

/** Forgets a container whose processes and cgroups are gone already: the part of `delete` that is left then. */
export function forgetContainer(runtime: Runtime, id: string): void {
  rmSync(join(runtime.stateDir, id), { recursive: true, force: true });
}

function execFifo(runtime: Runtime, id: string): string {
  // runc keeps one of the same name.
  return join(runtime.stateDir, id, 'exec.fifo');
}

/** What is asked for a runtime by name. */
export interface RuntimeRegistration {
  readonly path: string;
  readonly args?: readonly string[];
  /** How long one of its verbs may take, in milliseconds. @default {120_000} */
  readonly verbLimitMs?: number;
}

/**
 * Looks a runtime up on this machine.
 *
 * @param stateRoot Runtimes keep their state in a directory of their name below it.
 * @returns `undefined` if there is no such program.
 */
export async function probeRuntime(name: string, registration: RuntimeRegistration, stateRoot: string): Promise<Runtime | undefined> {
  const path = findProgram(registration.path);
  if (path === undefined) return undefined;
  const { code, stdout } = await capture(path, ['--version']);
  if (code !== 0) return undefined;
  const version = stdout.split('\n')[0]?.trim() ?? '';
  const stateDir = join(stateRoot, name);
  return {
    name,
    path,
    globalArguments: ['--root', stateDir, ...(registration.args ?? [])],
    version,
    isCrun: version.startsWith('crun '),
    stateDir,
    verbLimitMs: registration.verbLimitMs ?? VERB_LIMIT_MS,
  };
}

/** Finds a program by name on the usual path, or checks an absolute one. */
export function findProgram(name: string): string | undefined {
  if (name.startsWith('/')) return existsSync(name) ? name : undefined;
  const path = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
  return path
    .split(':')
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find((candidate) => existsSync(candidate));
}

/** The runtime's own record of what it was asked to run; `undefined` if it knows no such container. */
export function runtimeKnows(runtime: Runtime, id: string): boolean {
  return existsSync(join(runtime.stateDir, id));
}

async function readText(pipe: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of pipe) {
    size += chunk.length;
    if (size <= OUTPUT_LIMIT_BYTES) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
