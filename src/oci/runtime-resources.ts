import { statSync } from 'node:fs';
import { PierError, isErrno } from '../base/errors.ts';
import { deviceNumbers } from './host-facts.ts';
import type { DeviceRate, ResourceLimits } from './resource-limits.ts';
import type { RuntimeResources, RuntimeThrottle } from './runtime-spec.ts';

/** The scheduler's period that CPU limits are counted in: 100 ms, the kernel's default. */
const CPU_PERIOD_US = 100_000;

/** What of the machine decides how limits are written. */
export interface LimitsHost {
  readonly cgroupVersion: 1 | 2;
  /** The kernel can limit swap; without it a memory limit does not cover swap. */
  readonly hasSwapAccounting: boolean;
}

/**
 * Limits as a runtime takes them, in config.json and for `update`; the runtime writes them to the files of either version of
 * cgroups.
 *
 * @throws {PierError} `InvalidArgument`, reason `container.no-device`, facts `{ path }`, for a rate of a device that is not there.
 */
export function runtimeLimits(limits: ResourceLimits, host: LimitsHost): Omit<RuntimeResources, 'devices'> {
  return {
    ...orNothing('memory', memoryLimits(limits, host)),
    ...orNothing('cpu', cpuLimits(limits)),
    ...(limits.pidsLimit > 0 ? { pids: { limit: limits.pidsLimit } } : {}),
    ...orNothing('blockIO', blockIoLimits(limits)),
  };
}

/** What memory and swap together are limited to, in bytes; -1 for unlimited swap, 0 for no limit. */
export function effectiveSwapBytes({ memoryBytes, memorySwapBytes }: ResourceLimits): number {
  return memorySwapBytes === 0 ? memoryBytes * 2 : memorySwapBytes;
}

function memoryLimits(limits: ResourceLimits, { cgroupVersion, hasSwapAccounting }: LimitsHost): NonNullable<RuntimeResources['memory']> {
  const { memoryBytes, memoryReservationBytes, memorySwappiness, isOomKillDisabled } = limits;
  const swap = effectiveSwapBytes(limits);
  return {
    ...(memoryBytes > 0 ? { limit: memoryBytes } : {}),
    ...(memoryBytes > 0 && hasSwapAccounting && swap !== 0 ? { swap } : {}),
    ...(memoryReservationBytes > 0 ? { reservation: memoryReservationBytes } : {}),
    ...(memorySwappiness !== undefined && cgroupVersion === 1 ? { swappiness: memorySwappiness } : {}),
    ...(isOomKillDisabled && cgroupVersion === 1 ? { disableOOMKiller: true } : {}),
  };
}

function cpuLimits(limits: ResourceLimits): NonNullable<RuntimeResources['cpu']> {
  const { nanoCpus, cpuShares, cpuQuotaUs, cpuPeriodUs, cpuRealtimeRuntimeUs, cpuRealtimePeriodUs, cpusetCpus, cpusetMems } = limits;
  return {
    ...(nanoCpus > 0 ? { period: CPU_PERIOD_US, quota: Math.round((nanoCpus * CPU_PERIOD_US) / 1e9) } : {}),
    ...(cpuShares > 0 ? { shares: cpuShares } : {}),
    ...(cpuPeriodUs > 0 ? { period: cpuPeriodUs } : {}),
    // Less than nothing is no quota, which crun 1.8 cannot say to version 1 of cgroups.
    ...(cpuQuotaUs > 0 ? { quota: cpuQuotaUs } : {}),
    ...(cpuRealtimePeriodUs > 0 ? { realtimePeriod: cpuRealtimePeriodUs } : {}),
    ...(cpuRealtimeRuntimeUs > 0 ? { realtimeRuntime: cpuRealtimeRuntimeUs } : {}),
    ...(cpusetCpus === '' ? {} : { cpus: cpusetCpus }),
    ...(cpusetMems === '' ? {} : { mems: cpusetMems }),
  };
}

function blockIoLimits(limits: ResourceLimits): NonNullable<RuntimeResources['blockIO']> {
  return {
    ...(limits.blkioWeight > 0 ? { weight: limits.blkioWeight } : {}),
    ...(limits.blkioWeightDevices.length > 0
      ? { weightDevice: limits.blkioWeightDevices.map(({ path, weight }) => ({ ...deviceAt(path), weight })) }
      : {}),
    ...(limits.blkioReadBps.length > 0 ? { throttleReadBpsDevice: rates(limits.blkioReadBps) } : {}),
    ...(limits.blkioWriteBps.length > 0 ? { throttleWriteBpsDevice: rates(limits.blkioWriteBps) } : {}),
    ...(limits.blkioReadIops.length > 0 ? { throttleReadIOPSDevice: rates(limits.blkioReadIops) } : {}),
    ...(limits.blkioWriteIops.length > 0 ? { throttleWriteIOPSDevice: rates(limits.blkioWriteIops) } : {}),
  };
}

function rates(list: readonly DeviceRate[]): readonly RuntimeThrottle[] {
  return list.map(({ path, rate }) => ({ ...deviceAt(path), rate }));
}

function deviceAt(path: string): { readonly major: number; readonly minor: number } {
  try {
    return deviceNumbers(statSync(path).rdev);
  } catch (error) {
    if (!isErrno(error, 'ENOENT') && !isErrno(error, 'ENOTDIR')) throw error;
    throw new PierError('InvalidArgument', `Cannot limit device "${path}": there is no such file`, {
      cause: error,
      reason: 'container.no-device',
      facts: { path },
    });
  }
}

function orNothing<K extends string, T extends object>(key: K, value: T): Partial<Record<K, T>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a computed key loses its type
  return Object.keys(value).length === 0 ? {} : ({ [key]: value } as Record<K, T>);
}
