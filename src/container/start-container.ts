/**
 * Starting a container.
 *
 * Order: exit file of an earlier run away, root file system, sandbox, bundle, monitor (container created), release
 * (container runs), row. Up to the release a crash leaves a container that never ran: recovery takes it down. After it
 * recovery finds a live process and adopts it. So the row comes last, and an acknowledged start is never lost.
 *
 * @module
 */
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { PierError, findPierError } from '../base/errors.ts';
import { failpoint } from '../base/failpoint.ts';
import { timestamp } from '../base/timestamp.ts';
import { processStartTicks } from '../linux/index.ts';
import { startContainer as releaseContainer, startMonitor } from '../oci/index.ts';
import { mountRootfs, mountShm, writeBundle } from './bundle.ts';
import { tearDown } from './end-container.ts';
import { healthAtStart } from './health.ts';
import { createForward } from './log/forward/create-forward.ts';
import { hasShareableShm, joinNamespaces } from './join-namespaces.ts';
import { logAttributes, logLimits } from './log/log-plan.ts';
import { shelterMonitor } from './monitor-shelter.ts';
import { emitNetworkEvent } from './network-events.ts';
import { mayHaveHooks } from './requested-devices.ts';
import { ProcessInput } from './process-input.ts';
import type { MonitoredProcess, Runtime } from '../oci/index.ts';
import type { Sandbox } from '../network/index.ts';
import type { Container } from './container.ts';
import type { ContainerContext } from './container-context.ts';

/** Exit codes that shells and Docker use for commands that could not be run. */
const EXIT_NOT_FOUND = 127;
const EXIT_NOT_EXECUTABLE = 126;
const EXIT_START_FAILED = 128;

/**
 * Starts a container that does not run. The caller holds its lock.
 *
 * @param restartCount How many starts of it the restart policy has made, with this one.
 * @throws {PierError} As {@linkcode ContainerService.start}; then nothing is left behind and the state says why.
 */
export async function startLocked(context: ContainerContext, id: string, restartCount: number): Promise<void> {
  const before = context.index.get(id);
  refuseUnlessStartable(before);
  const container = { ...before, state: { ...before.state, restartCount } };
  const run = context.runs.current(id);
  using held = new DisposableStack();
  try {
    const runtime = runtimeOf(context, container);
    checkLogOptions(container);
    const forward = createForward(container);
    if (forward !== undefined) await held.use(forward).connect();
    const { process, sandbox } = await createProcess(context, container, runtime);
    failpoint('container.start.created');
    // Ticks are read before the release: afterwards the process may be gone at any moment.
    const pidStartTicks = processStartTicks(process.pid) ?? 0;
    const monitorStartTicks = processStartTicks(process.monitorPid) ?? 0;
    await releaseContainer(runtime, id, { hasHooks: mayHaveHooks(container) });
    failpoint('container.start.released');
    const started = context.index.update(id, {
      endpoints: sandbox?.endpoints ?? [],
      state: {
        ...container.state,
        status: 'running',
        ...process,
        pidStartTicks,
        monitorStartTicks,
        isMonitorLost: false,
        exitCode: 0,
        isOomKilled: false,
        error: '',
        startedAt: timestamp(),
        finishedAt: container.state.finishedAt,
        isStoppedByUser: false,
        isPausedForCommit: false,
        health: healthAtStart(container),
      },
    });
    failpoint('container.start.recorded');
    held.move();
    context.logs.begin(started, run, forward);
    run.begin(new ProcessInput(context.paths.bundle(id), container.spec.stdinOnce && !container.spec.tty));
    emitNetworkEvent(context, 'connect', started);
    context.emit({ action: 'start', container: started, attributes: {} });
    shelterMonitor(context, started);
  } catch (error) {
    throw await startFailed(context, container, error);
  }
}

function refuseUnlessStartable(container: Container): void {
  const { status } = container.state;
  const { id } = container;
  switch (status) {
    case 'running':
      throw new PierError('NotModified', `Cannot start container "${id}": it runs`, { reason: 'container.already-running', facts: { id } });
    case 'paused':
      throw new PierError('Conflict', `Cannot start container "${id}": it is paused`, { reason: 'container.start-paused', facts: { id } });
    case 'removing':
    case 'dead':
      throw new PierError('Conflict', `Cannot start container "${id}": it is being removed`, {
        reason: 'container.marked-for-removal',
        facts: { id },
      });
    case 'created':
    case 'exited':
    case 'restarting':
  }
}

/** Docker's log drivers read their options when the container starts. */
function checkLogOptions(container: Container): void {
  logLimits(container);
  logAttributes(container);
}

function runtimeOf(context: ContainerContext, container: Container): Runtime {
  const runtime = context.host.runtimes.get(container.runtime);
  if (runtime !== undefined) return runtime;
  throw new PierError('Unavailable', `Cannot start container "${container.id}": runtime "${container.runtime}" is not installed`, {
    reason: 'container.no-runtime',
    facts: { runtime: container.runtime },
  });
}

async function createProcess(
  context: ContainerContext,
  container: Container,
  runtime: Runtime,
): Promise<{ readonly process: MonitoredProcess; readonly sandbox: Sandbox | undefined }> {
  const { paths, networks, host, layers } = context;
  const { id, spec } = container;
  const joined = joinNamespaces(context, container);
  rmSync(paths.exitFile(id), { force: true });
  mkdirSync(paths.bundle(id), { recursive: true, mode: 0o700 });
  mountRootfs(layers.writable(id), paths.rootfs(id));
  if (hasShareableShm(container)) mountShm(paths.shm(id), spec.shmSizeBytes);
  failpoint('container.start.mounted');
  const sandbox = spec.networkMode === 'host' ? undefined : await networks.createSandbox(id, spec.networkMode);
  failpoint('container.start.networked');
  await writeBundle({ container, sandbox, host, paths, joined });
  // The log is there before anybody looks for it.
  closeSync(openSync(container.logPath, 'a', 0o640));
  failpoint('container.start.bundled');
  const process = await startMonitor(host.monitorPath, runtime, {
    id,
    bundleDir: paths.bundle(id),
    logPath: container.logPath,
    exitDir: paths.exitDir,
    tty: spec.tty,
    stdin: spec.openStdin,
    leaveStdinOpen: spec.tty || !spec.stdinOnce,
  });
  joined.verify(process.pid);
  return { process, sandbox };
}

async function startFailed(context: ContainerContext, container: Container, cause: unknown): Promise<unknown> {
  const error = explain(container, cause);
  const exitCode = exitCodeFor(error);
  try {
    await tearDown(context, container);
  } catch (tearDownError) {
    context.logger.error('a start failed, and so did taking it down', { container: container.id, error: tearDownError });
  }
  try {
    context.index.update(container.id, {
      endpoints: [],
      state: {
        ...container.state,
        status: container.state.status === 'restarting' ? 'exited' : container.state.status,
        exitCode,
        ...describeFailure(error),
      },
    });
  } catch (updateError) {
    // A full disk, perhaps: what failed first says more.
    context.logger.error('a failed start could not be recorded', { container: container.id, error: updateError });
  }
  context.runs.end(container.id, { exitCode, error: '' });
  emitNetworkEvent(context, 'disconnect', container);
  return error;
}

function describeFailure(error: unknown): Pick<Container['state'], 'error' | 'failure'> {
  const text = error instanceof Error ? error.message : String(error);
  const known = findPierError(error);
  return { error: text, failure: known?.reason === undefined ? undefined : { text, reason: known.reason, facts: known.facts } };
}

/** Finds out from the runtime's words what a client can act on. crun's and runc's texts, which have not changed in years. */
function explain(container: Container, cause: unknown): unknown {
  const pierError = findPierError(cause);
  const detail = pierError?.facts['detail'];
  if (detail === undefined || pierError?.reason?.startsWith('runtime.') !== true) return cause;
  const reason = /executable file (?:.* )?not found|no such file or directory: exec|stat .*: no such file/i.test(detail)
    ? 'container.command-not-found'
    : /permission denied|is a directory|exec format error|open executable/i.test(detail)
      ? 'container.command-not-executable'
      : 'container.start-failed';
  return new PierError(
    reason === 'container.start-failed' ? 'Internal' : 'InvalidArgument',
    `Cannot start container "${container.id}": ${detail}`,
    {
      cause,
      reason,
      facts: { id: container.id, command: container.argv[0] ?? '', detail },
    },
  );
}

function exitCodeFor(error: unknown): number {
  switch (findPierError(error)?.reason) {
    case 'container.command-not-found':
      return EXIT_NOT_FOUND;
    case 'container.command-not-executable':
      return EXIT_NOT_EXECUTABLE;
    case undefined:
    default:
      return EXIT_START_FAILED;
  }
}
