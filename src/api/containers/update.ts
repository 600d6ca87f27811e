import type { HostConfig, Loose } from '../../wire/index.ts';
import { effectiveSwapBytes } from '../backend.ts';
import type { Container, ResourceLimits } from '../backend.ts';
import { dockerError, messageOf } from '../errors.ts';
import { findPierError } from '../../base/errors.ts';
import { checkFields } from '../field-kinds.ts';
import { readJson } from '../json-body.ts';
import { sendJson } from '../respond.ts';
import type { HttpExchange } from '../route.ts';
import { HOST_CONFIG_KINDS, checkItems } from './create-kinds.ts';
import { checkLimits, dropMissingLimits } from './limit-checks.ts';
import { limitsOf, translateRestartPolicy } from './translate-limits.ts';
import { refuseUnsupportedHostConfig } from './unsupported-fields.ts';

/** Fields of a request's that Docker changes; others, such as rates of devices, it takes and leaves as they are. */
const CHANGEABLE = [
  ['BlkioWeight', 'blkioWeight'],
  ['CpuShares', 'cpuShares'],
  ['NanoCpus', 'nanoCpus'],
  ['CpuPeriod', 'cpuPeriodUs'],
  ['CpuQuota', 'cpuQuotaUs'],
  ['CpusetCpus', 'cpusetCpus'],
  ['CpusetMems', 'cpusetMems'],
  ['Memory', 'memoryBytes'],
  ['MemorySwap', 'memorySwapBytes'],
  ['MemoryReservation', 'memoryReservationBytes'],
  ['CpuRealtimePeriod', 'cpuRealtimePeriodUs'],
  ['CpuRealtimeRuntime', 'cpuRealtimeRuntimeUs'],
] as const satisfies readonly (readonly [keyof HostConfig, keyof ResourceLimits])[];

/** `POST /containers/{id}/update`. */
export async function updateContainer({ backend, host: facts, request, response }: HttpExchange): Promise<void> {
  const ref = request.param('id');
  const body = await readJson(request.message);
  const asked: Loose<HostConfig> = checkFields(body, HOST_CONFIG_KINDS, 'HostConfig');
  checkItems(body);
  refuseUnsupportedHostConfig(body);
  const { host, warnings } = dropMissingLimits(asked, facts);
  checkLimits(host, facts, true);
  const container = backend.containers.get(ref);
  const restartPolicy = host.RestartPolicy?.Name ? { restartPolicy: translateRestartPolicy(host) } : {};
  try {
    await backend.containers.update(container.id, {
      resources: changedLimits(host, container),
      ...restartPolicy,
    });
  } catch (error) {
    const known = findPierError(error);
    throw dockerError(known?.code ?? 'Internal', `Cannot update container ${container.id}: ${messageOf(error)}`);
  }
  sendJson(response, 200, { Warnings: warnings.length === 0 ? null : warnings });
}

function changedLimits(host: Loose<HostConfig>, { spec }: Container): Partial<ResourceLimits> {
  const limits = limitsOf(host);
  refuseConflicts(limits, spec.resources);
  const changed = CHANGEABLE.filter(([field]) => Boolean(host[field])).map(([, name]) => [name, limits[name]]);
  // 0 and -1 take the limit away.
  const pids = host.PidsLimit === undefined || host.PidsLimit === null ? {} : { pidsLimit: limits.pidsLimit };
  return { ...Object.fromEntries(changed), ...pids };
}

/** What of the new limits does not go with the old ones. @throws {PierError} `Conflict` in Docker's words. */
function refuseConflicts(wanted: ResourceLimits, present: ResourceLimits): void {
  if (wanted.nanoCpus > 0 && present.cpuPeriodUs > 0) throw conflict('Nano CPUs', 'CPU Period');
  if (wanted.nanoCpus > 0 && present.cpuQuotaUs > 0) throw conflict('Nano CPUs', 'CPU Quota');
  if (wanted.cpuPeriodUs > 0 && present.nanoCpus > 0) throw conflict('CPU Period', 'NanoCPUs');
  if (wanted.cpuQuotaUs > 0 && present.nanoCpus > 0) throw conflict('CPU Quota', 'NanoCPUs');
  const swapBytes = effectiveSwapBytes(present);
  if (wanted.memoryBytes > swapBytes && swapBytes > 0 && wanted.memorySwapBytes === 0) {
    const advice = 'update the memoryswap at the same time';
    throw dockerError('Conflict', `Memory limit should be smaller than already set memoryswap limit, ${advice}`);
  }
}

function conflict(what: string, by: string): Error {
  return dockerError('Conflict', `Conflicting options: ${what} cannot be updated as ${by} has already been set`);
}
