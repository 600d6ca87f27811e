/**
 * What happens when a container's process has ended.
 *
 * Order: row (exited, with its code), waiters, then what the run left: cgroup, runtime state, bundle, sandbox, exit
 * file. The row is first, so a crash in the middle leaves only things that recovery removes.
 *
 * @module
 */
import { rmSync, statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { failpoint } from '../base/failpoint.ts';
import { formatNs, timestamp } from '../base/timestamp.ts';
import { deleteContainer, endMonitor, forgetContainer, readExitCode } from '../oci/index.ts';
import { removeBundle } from './bundle.ts';
import { healthUnwatched } from './health.ts';
import { mayHaveHooks } from './requested-devices.ts';
import { emitNetworkEvent } from './network-events.ts';
import { cgroupOf } from './container-cgroup.ts';
import type { Container } from './container.ts';
import type { ContainerContext } from './container-context.ts';

/** Docker's exit code for an end that nobody saw. */
export const EXIT_UNKNOWN = 255;

/** How a process ended, as far as it is known. */
export interface ExitRecord {
  readonly exitCode: number;
  readonly finishedAt: string;
  /** Why the code is not the process's own; empty otherwise. */
  readonly error: string;
}

/** What the monitor recorded of a container's end; `undefined` while there is no record. */
export function readExitRecord(context: ContainerContext, id: string): ExitRecord | undefined {
  const exitCode = readExitCode(context.paths.exitDir, id);
  if (exitCode === undefined) return undefined;
  const stat = statSync(context.paths.exitFile(id), { bigint: true, throwIfNoEntry: false });
  return { exitCode, finishedAt: stat === undefined ? timestamp() : formatNs(stat.mtimeNs), error: '' };
}

/** The record for an end whose monitor is gone. */
export function unseenExit(): ExitRecord {
  return { exitCode: EXIT_UNKNOWN, finishedAt: timestamp(), error: 'the exit code is unknown: the monitor (conmon) was killed' };
}

/**
 * Records the end of a container's process and takes down what the run left. The caller holds its lock.
 *
 * @param isStop A person stopped it: Docker says so before it tells of the death.
 * @returns The container as it is now.
 */
export async function endLocked(
  context: ContainerContext,
  container: Container,
  record: ExitRecord,
  { isStop = false }: { readonly isStop?: boolean } = {},
): Promise<Container> {
  const isOomKilled = wasOomKilled(context, container);
  const ended = context.index.update(container.id, {
    endpoints: [],
    state: {
      ...container.state,
      status: 'exited',
      pid: 0,
      pidStartTicks: 0,
      monitorPid: 0,
      monitorStartTicks: 0,
      isMonitorLost: false,
      exitCode: record.exitCode,
      isOomKilled,
      error: record.error,
      finishedAt: record.finishedAt,
      health: healthUnwatched(container),
    },
  });
  try {
    failpoint('container.end.recorded');
    const ranSec = Math.max(
      0,
      Math.trunc((Date.parse(record.finishedAt) - Date.parse(container.state.startedAt ?? record.finishedAt)) / 1000),
    );
    if (isOomKilled) context.emit({ action: 'oom', container: ended, attributes: {} });
    emitNetworkEvent(context, 'disconnect', ended);
    if (isStop) context.emit({ action: 'stop', container: ended, attributes: {} });
    context.emit({ action: 'die', container: ended, attributes: { exitCode: String(record.exitCode), execDuration: String(ranSec) } });
  } finally {
    // The row says it: whatever fails now, who waits for the end must not wait for ever.
    context.runs.end(container.id, { exitCode: record.exitCode, error: record.error });
  }
  await letOthersBeServed();
  try {
    await tearDown(context, ended);
  } catch (error) {
    // The next start, or the removal, takes down what is left; policies are followed all the same.
    context.logger.error('what a run left could not be taken down', { container: container.id, error });
  }
  failpoint('container.end.torn-down');
  return ended;
}

/** Takes down whatever a run left, or a start that came to nothing. Succeeds where there is nothing; also after a crash. */
export async function tearDown(context: ContainerContext, container: Container): Promise<void> {
  const { id } = container;
  const cgroup = cgroupOf(context.host, container);
  // Without an exit record the monitor may be creating the container still, or be about to record an end that would be
  // taken for the next run's: it goes first, and takes a runtime that it started along.
  if (readExitCode(context.paths.exitDir, id) === undefined) await endMonitor(context.paths.bundle(id), id);
  const runtime = context.host.runtimes.get(container.runtime);
  const { cgroups } = context.host;
  // With its process 1 gone a PID namespace is empty: what is left of the cgroup is directories.
  if (cgroups.processes(cgroup).length > 0) {
    if (runtime !== undefined) await deleteContainer(runtime, id);
    await cgroups.kill(cgroup);
  }
  await cgroups.remove(cgroup);
  await letOthersBeServed();
  // Only the runtime runs the hooks that come after the end.
  if (runtime?.isCrun === true && !mayHaveHooks(container)) forgetContainer(runtime, id);
  else if (runtime !== undefined) await deleteContainer(runtime, id);
  failpoint('container.teardown.runtime');
  removeBundle(context.paths, id);
  failpoint('container.teardown.bundle');
  await letOthersBeServed();
  await context.networks.releaseSandbox(id);
  rmSync(context.paths.exitFile(id), { force: true });
}

/**
 * Each step of taking down blocks for some milliseconds. Between them those who waited for the end hear of it, and the
 * last output reaches who is attached.
 */
async function letOthersBeServed(): Promise<void> {
  await nextTurn();
}

function wasOomKilled(context: ContainerContext, container: Container): boolean {
  if (container.spec.resources.memoryBytes === 0) return false;
  return context.host.cgroups.wasOomKilled(cgroupOf(context.host, container));
}
