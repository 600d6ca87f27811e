/**
 * OCI runtimes: programs that speak runc's command line.
 *
 * @module
 */
import { existsSync, openSync, closeSync, rmSync, unlinkSync, writeSync, constants } from 'node:fs';
import { join } from 'node:path';
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
}

/** More than this of a command's output is dropped. */
const OUTPUT_LIMIT_BYTES = 1 << 20;

/**
 * Runs one of the runtime's verbs to its end.
 *
 * @param args Verb and what follows it.
 * @returns What it printed to stdout.
 * @throws {PierError} `Internal`, reason `runtime.failed`, facts `{ verb, detail }`, if it exits with anything but 0.
 */
export async function runRuntime(runtime: Runtime, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await capture(runtime.path, [...runtime.globalArguments, ...args]);
  if (code === 0) return stdout;
  const detail = stderr.trim() === '' ? `it exited with code ${code}` : stderr.trim();
  throw new PierError('Internal', `Cannot ${args[0]} with runtime "${runtime.name}": ${detail}`, {
    reason: 'runtime.failed',
    facts: { verb: args[0] ?? '', detail },
  });
}

/** Runs a program with an empty stdin and collects what it says. A death by signal is code 255. */
export async function capture(
  file: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const out = openPipe();
  const err = openPipe();
  const child = (() => {
    try {
      return spawnProcess({ file, args, env: inheritedEnvironment(), fds: { 1: out.writeFd, 2: err.writeFd } });
    } catch (error) {
      closeQuietly(out.readFd, err.readFd);
      throw error;
    } finally {
      closeQuietly(out.writeFd, err.writeFd);
    }
  })();
  const [stdout, stderr, status] = await Promise.all([readText(out.readFd), readText(err.readFd), child.exited]);
  return { code: status.code ?? 255, stdout, stderr };
}

/** PATH alone: what runtimes and monitors need to find their helpers; nothing of the engine's own environment leaks. */
export function inheritedEnvironment(): readonly string[] {
  return [`PATH=${process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'}`];
}

/**
 * Lets a created container run. For crun a byte into its fifo does what `crun start` does (there are no poststart
 * hooks in our bundles), without a process of 5 ms.
 *
 * @throws {PierError} `Internal`, reason `runtime.failed`.
 */
export async function startContainer(runtime: Runtime, id: string): Promise<void> {
  if (!runtime.isCrun) {
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

async function readText(fd: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const pipe: AsyncIterable<Buffer> = readablePipe(fd);
  for await (const chunk of pipe) {
    size += chunk.length;
    if (size <= OUTPUT_LIMIT_BYTES) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
