/**
 * Changing the limits of a container, whether it runs or not.
 *
 * Order: the cgroup's files, by the runtime, then the row. A crash in between leaves a running container with limits that
 * nobody was told of; its next start has the recorded ones.
 *
 * @module
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PierError } from '../base/errors.ts';
import { failpoint } from '../base/failpoint.ts';
import { runRuntime, runtimeLimits } from '../oci/index.ts';
import { cgroupOf } from './container-cgroup.ts';
import { hasProcess } from './signal-container.ts';
import type { ResourceLimits } from '../oci/index.ts';
import type { Container } from './container.ts';
import type { ContainerContext } from './container-context.ts';
import type { ContainerUpdate } from './container-service.ts';

/** Changes a container. The caller holds its lock. @throws {PierError} As {@linkcode ContainerService.update}; then nothing has changed. */
export async function updateLocked(context: ContainerContext, id: string, change: ContainerUpdate): Promise<Container> {
  const before = context.index.get(id);
  const { status } = before.state;
  if (status === 'removing' || status === 'dead') {
    throw new PierError('Conflict', `Cannot update container "${id}": it is being removed`, {
      reason: 'container.update-removing',
      facts: { id },
    });
  }
  const { restartPolicy = before.spec.restartPolicy } = change;
  if (before.spec.autoRemove && restartPolicy.name !== 'no') {
    throw new PierError('InvalidArgument', `Cannot update container "${id}": it is removed at its end`, {
      reason: 'container.update-auto-remove',
      facts: { id },
    });
  }
  const resources = { ...before.spec.resources, ...change.resources };
  if (hasProcess(before) && change.resources !== undefined) await applyLimits(context, before, resources, change.resources);
  failpoint('container.update.applied');
  return context.index.update(id, { spec: { ...before.spec, restartPolicy, resources } });
}

async function applyLimits(
  { host, paths }: ContainerContext,
  container: Container,
  resources: ResourceLimits,
  change: Partial<ResourceLimits>,
): Promise<void> {
  const runtime = host.runtimes.get(container.runtime);
  if (runtime === undefined) {
    throw new PierError('Unavailable', `Cannot update container "${container.id}": runtime "${container.runtime}" is not installed`, {
      reason: 'container.no-runtime',
      facts: { runtime: container.runtime },
    });
  }
  const { cgroups } = host;
  const limits = runtimeLimits(resources, { cgroupVersion: cgroups.version, hasSwapAccounting: cgroups.hasSwapAccounting });
  // In the bundle, so that it goes with the run if the engine dies here.
  const file = join(paths.bundle(container.id), 'update.json');
  writeFileSync(file, JSON.stringify(limits), { mode: 0o600 });
  try {
    await runRuntime(runtime, ['update', '--resources', file, container.id]);
  } finally {
    rmSync(file, { force: true });
  }
  // Nothing about a limit leaves the old one, and runtimes differ in how its absence is said.
  const cgroup = cgroupOf(host, container);
  if (change.pidsLimit === 0) cgroups.write('pids', cgroup, 'pids.max', 'max');
  if ((change.cpuQuotaUs ?? 0) < 0) {
    if (cgroups.version === 1) cgroups.write('cpu', cgroup, 'cpu.cfs_quota_us', '-1');
    else cgroups.write('cpu', cgroup, 'cpu.max', 'max');
  }
}
