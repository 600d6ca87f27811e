import type { HostConfig } from '../../wire/index.ts';
import { effectiveSwapBytes } from '../backend.ts';
import type { ResourceLimits } from '../backend.ts';

type LimitField =
  | 'Memory'
  | 'MemorySwap'
  | 'MemoryReservation'
  | 'MemorySwappiness'
  | 'OomKillDisable'
  | 'NanoCpus'
  | 'CpuShares'
  | 'CpuPeriod'
  | 'CpuQuota'
  | 'CpuRealtimePeriod'
  | 'CpuRealtimeRuntime'
  | 'CpusetCpus'
  | 'CpusetMems'
  | 'PidsLimit'
  | 'BlkioWeight'
  | 'BlkioWeightDevice'
  | 'BlkioDeviceReadBps'
  | 'BlkioDeviceWriteBps'
  | 'BlkioDeviceReadIOps'
  | 'BlkioDeviceWriteIOps';

/** Limits as inspect shows them. */
export function toLimits(limits: ResourceLimits, cgroupVersion: 1 | 2): Pick<HostConfig, LimitField> {
  return {
    Memory: limits.memoryBytes,
    MemorySwap: effectiveSwapBytes(limits),
    MemoryReservation: limits.memoryReservationBytes,
    MemorySwappiness: limits.memorySwappiness ?? null,
    // With version 2 there is no such setting.
    OomKillDisable: cgroupVersion === 2 ? null : limits.isOomKillDisabled,
    NanoCpus: limits.nanoCpus,
    CpuShares: limits.cpuShares,
    CpuPeriod: limits.cpuPeriodUs,
    CpuQuota: limits.cpuQuotaUs,
    CpuRealtimePeriod: limits.cpuRealtimePeriodUs,
    CpuRealtimeRuntime: limits.cpuRealtimeRuntimeUs,
    CpusetCpus: limits.cpusetCpus,
    CpusetMems: limits.cpusetMems,
    PidsLimit: limits.pidsLimit === 0 ? null : limits.pidsLimit,
    BlkioWeight: limits.blkioWeight,
    BlkioWeightDevice: limits.blkioWeightDevices.map(({ path, weight }) => ({ Path: path, Weight: weight })),
    BlkioDeviceReadBps: rates(limits.blkioReadBps),
    BlkioDeviceWriteBps: rates(limits.blkioWriteBps),
    BlkioDeviceReadIOps: rates(limits.blkioReadIops),
    BlkioDeviceWriteIOps: rates(limits.blkioWriteIops),
  };
}

function rates(list: ResourceLimits['blkioReadBps']): HostConfig['BlkioDeviceReadBps'] {
  return list.map(({ path, rate }) => ({ Path: path, Rate: rate }));
}
