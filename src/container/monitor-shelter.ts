/**
 * Where monitors live: in a cgroup of the engine's own, not in that of whatever started the engine. A service manager that
 * ends all of a service's processes, or a login session that ends with all of its, would take the monitors and with them
 * output, input and exit codes of containers that run on.
 *
 * @module
 */
import { processStartTicks } from '../linux/index.ts';
import type { Container } from './container.ts';
import type { ContainerContext } from './container-context.ts';
import type { ContainerHost } from './container-host.ts';

/** Name of the monitors' cgroup beside those of containers, whose names are ids. */
const MONITORS = 'monitors';

/** Makes the place. */
export function openMonitorShelter({ cgroups, cgroupParent }: ContainerHost): void {
  cgroups.makeShelter(`${cgroupParent}/${MONITORS}`);
}

/** Brings a running container's monitor there. Nobody waits for it; recovery makes up for what a crash prevented. */
export function shelterMonitor({ host, logger }: ContainerContext, { id, state }: Container): void {
  const { monitorPid, monitorStartTicks } = state;
  if (monitorPid === 0 || processStartTicks(monitorPid) !== monitorStartTicks) return;
  host.cgroups.shelter(`${host.cgroupParent}/${MONITORS}`, monitorPid).catch((error: unknown) => {
    logger.warn('a monitor stays in the cgroup that the engine was started in, and ends with it', { id, error });
  });
}

/** Removes the place if no monitor needs it. */
export async function closeMonitorShelter({ cgroups, cgroupParent }: Pick<ContainerHost, 'cgroups' | 'cgroupParent'>): Promise<void> {
  if (cgroups.list(cgroupParent).every((name) => name === MONITORS)) await cgroups.remove(`${cgroupParent}/${MONITORS}`);
}
