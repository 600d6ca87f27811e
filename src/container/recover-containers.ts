/**
 * Making the containers that an engine left true again, when the next one opens.
 *
 * What runs is adopted. What ended meanwhile is recorded with its exit code. What was half done is undone: a start that
 * nobody was told of, a removal that had begun, files without a row.
 *
 * @module
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from '../base/errors.ts';
import { timestamp } from '../base/timestamp.ts';
import { isProcessEnding, processStartTicks } from '../linux/index.ts';
import { isWaitingForStart, readContainerPid, readMonitorPid, runtimeKnows } from '../oci/index.ts';
import { removeBundle, removeMountPoint } from './bundle.ts';
import { endLocked, readExitRecord, tearDown, unseenExit } from './end-container.ts';
import { healthAtStart, healthUnwatched } from './health.ts';
import { endLeftoverProbes } from './health-probers.ts';
import { MONITOR_LOST } from './monitor-watch.ts';
import { thawLeftover } from './commit-container.ts';
import { openMonitorShelter, shelterMonitor } from './monitor-shelter.ts';
import { ProcessInput } from './process-input.ts';
import { shallRestart } from './restart-supervisor.ts';
import { hasProcess } from './signal-container.ts';
import { cgroupOf } from './container-cgroup.ts';
import type { Container } from './container.ts';
import type { ContainerContext } from './container-context.ts';
import type { ContainerLifeCycle } from './container-life-cycle.ts';

/** Longer than any end takes, unless the kernel holds the process. */
const END_LIMIT_MS = 5000;
const END_POLL_MS = 10;
const CONTAINER_ID = /^[0-9a-f]{64}$/;

/** Recovers all containers of an engine's root. */
export async function recoverContainers(context: ContainerContext, lifeCycle: ContainerLifeCycle): Promise<void> {
  openMonitorShelter(context.host);
  const containers = [...context.index.all()];
  const adopted = new Set<string>();
  for (const container of containers) {
    await letEnd(context, container);
    if (adopt(context, container)) adopted.add(container.id);
  }
  await context.networks.recover(adopted);
  for (const container of containers) {
    if (adopted.has(container.id)) continue;
    await attempt(context, container.id, () => settle(context, lifeCycle, container));
  }
  for (const id of adopted) await attempt(context, id, () => thawLeftover(context, lifeCycle, id));
  await sweep(context);
}

/** One thing that cannot be put in order must not keep an engine with all its other containers from opening. */
async function attempt(context: ContainerContext, what: string, work: () => Promise<void> | void): Promise<void> {
  try {
    await work();
  } catch (error) {
    context.logger.error('what an earlier engine left could not be put in order', { what, error });
  }
}

/** What is ending already is not adopted: the monitor is about to record the end. */
async function letEnd(context: ContainerContext, { id }: Container): Promise<void> {
  const pid = readContainerPid(context.paths.bundle(id)) ?? 0;
  if (pid === 0 || !isProcessEnding(pid)) return;
  for (let waitedMs = 0; waitedMs < END_LIMIT_MS && readExitRecord(context, id) === undefined; waitedMs += END_POLL_MS)
    await delay(END_POLL_MS);
}

/**
 * Takes a container over whose process runs.
 *
 * @returns `false` if none does, or only one that waits for a start that nobody was told of.
 */
function adopt(context: ContainerContext, container: Container): boolean {
  const { id, state } = container;
  const bundle = context.paths.bundle(id);
  const runtime = context.host.runtimes.get(container.runtime);
  const wasRecorded = hasProcess(container);
  if (state.status === 'removing' || state.status === 'dead') return false;
  // Without its runtime only the row tells that a container was started: it goes on, it cannot be paused or exec'd into.
  if (runtime === undefined ? !wasRecorded : !runtimeKnows(runtime, id) || isWaitingForStart(runtime, id)) return false;
  const pid = readContainerPid(bundle) ?? 0;
  const pidStartTicks = processStartTicks(pid);
  if (pidStartTicks === undefined || readExitRecord(context, id) !== undefined) return false;
  // The row of a start that was acknowledged names the process; a pid of another age is a stranger's.
  if (wasRecorded && state.pidStartTicks !== pidStartTicks) return false;
  // No row names it: that it is in the container's cgroup tells it from a stranger that has its pid after a reboot.
  if (!wasRecorded && !context.host.cgroups.processes(cgroupOf(context.host, container)).includes(pid)) return false;
  const monitorPid = readMonitorPid(bundle) ?? 0;
  const monitorStartTicks = processStartTicks(monitorPid);
  const isMonitorLost = monitorStartTicks === undefined || (wasRecorded && state.monitorStartTicks !== monitorStartTicks);
  const sandbox = context.networks.sandbox(id);
  const isFrozen = context.host.cgroups.isFrozen(cgroupOf(context.host, container));
  const adopted = context.index.update(id, {
    endpoints: sandbox?.endpoints ?? [],
    execIds: [],
    state: {
      ...state,
      status: isFrozen ? 'paused' : 'running',
      pid,
      pidStartTicks,
      monitorPid: isMonitorLost ? 0 : monitorPid,
      monitorStartTicks: isMonitorLost ? 0 : monitorStartTicks,
      isMonitorLost,
      error: isMonitorLost ? MONITOR_LOST : '',
      ...(isFrozen ? { health: healthUnwatched(container) } : {}),
      ...(wasRecorded
        ? {}
        : { health: healthAtStart(container), startedAt: timestamp(), exitCode: 0, isOomKilled: false, isStoppedByUser: false }),
    },
  });
  const run = context.runs.current(id);
  context.logs.begin(adopted, run);
  run.begin(new ProcessInput(bundle, container.spec.stdinOnce && !container.spec.tty));
  shelterMonitor(context, adopted);
  return true;
}

/** Brings a container that does not run to rest, and does what its policy says. */
async function settle(context: ContainerContext, lifeCycle: ContainerLifeCycle, container: Container): Promise<void> {
  const { id, state } = container;
  if (state.status === 'removing' || state.status === 'dead') {
    await lifeCycle.removeLeftover(container);
    return;
  }
  let current = container;
  if (hasProcess(container)) current = await endLocked(context, container, readExitRecord(context, id) ?? unseenExit());
  else if (existsSync(context.paths.bundle(id)) || existsSync(context.paths.exitFile(id))) await tearDown(context, container);
  const isWaiting = state.status === 'restarting';
  // The last engine may have died between the record of the end and the removal.
  const isOwedRemoval = current.spec.autoRemove && current.state.startedAt !== undefined;
  if (isWaiting) lifeCycle.resumeRestart(current);
  else if (hasProcess(container) && shallRestart(current)) lifeCycle.scheduleRestart(current);
  else if (startsWithEngine(current)) lifeCycle.startWithEngine(current);
  else if (isOwedRemoval) await lifeCycle.removeLeftover(current);
}

/** `always` starts with the engine even what a person had stopped. */
function startsWithEngine({ spec, state }: Container): boolean {
  if (state.startedAt === undefined) return false;
  return spec.restartPolicy.name === 'always' || (spec.restartPolicy.name === 'unless-stopped' && !state.isStoppedByUser);
}

/** Removes what belongs to no container. */
async function sweep(context: ContainerContext): Promise<void> {
  const { index, paths, layers, images, host } = context;
  const isStray = (id: string): boolean => index.byId(id) === undefined;
  // Anything else there is somebody's --cgroup-parent, and may hold containers that run.
  for (const name of host.cgroups.list(host.cgroupParent).filter((found) => CONTAINER_ID.test(found) && isStray(found))) {
    const path = `${host.cgroupParent}/${name}`;
    await attempt(context, path, async () => {
      await host.cgroups.kill(path);
      await host.cgroups.remove(path);
    });
  }
  for (const id of entries(paths.bundlesDir).filter(isStray)) await attempt(context, paths.bundle(id), () => removeBundle(paths, id));
  await attempt(context, 'probes', () => endLeftoverProbes(context));
  // An export of the last engine's may have left a container's own root file system mounted there.
  for (const name of entries(paths.execsDir)) {
    const path = join(paths.execsDir, name);
    await attempt(context, path, () => removeMountPoint(path));
  }
  for (const directory of [...[...host.runtimes.values()].map(({ stateDir }) => stateDir), paths.rootDir, paths.exitDir]) {
    for (const id of entries(directory).filter(isStray)) {
      await attempt(context, join(directory, id), () => rmSync(join(directory, id), { recursive: true, force: true }));
    }
  }
  const strayLayers = layers.writableKeys().filter((name) => CONTAINER_ID.test(name) && isStray(name));
  for (const key of strayLayers) {
    await attempt(context, `layer ${key}`, async () => {
      await layers.remove(key).catch((error: unknown) => {
        if (!hasCode(error, 'NotFound')) throw error;
      });
    });
  }
  // The layers of images that are gone stayed for them.
  if (strayLayers.length > 0) await attempt(context, 'images', () => images.sweep());
}

function entries(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
