import type { HostConfig } from '../../wire/index.ts';

/** Docker's fields in Docker's order, which people and programs that compare outputs see. */
const ORDER = new Map(
  (
    'Binds ContainerIDFile LogConfig NetworkMode PortBindings RestartPolicy AutoRemove VolumeDriver VolumesFrom ConsoleSize Annotations ' +
    'CapAdd CapDrop CgroupnsMode Dns DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links OomScoreAdj PidMode Privileged ' +
    'PublishAllPorts ReadonlyRootfs SecurityOpt StorageOpt Tmpfs UTSMode UsernsMode ShmSize Sysctls Runtime Isolation CpuShares Memory ' +
    'NanoCpus CgroupParent BlkioWeight BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps ' +
    'BlkioDeviceWriteIOps CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime CpusetCpus CpusetMems Devices DeviceCgroupRules ' +
    'DeviceRequests MemoryReservation MemorySwap MemorySwappiness OomKillDisable PidsLimit Ulimits CpuCount CpuPercent IOMaximumIOps ' +
    'IOMaximumBandwidth Mounts MaskedPaths ReadonlyPaths Init'
  )
    .split(' ')
    .map((field, index): [string, number] => [field, index]),
);

/** The same fields, in the order in which Docker writes them. */
export function inDockersOrder(config: HostConfig): HostConfig {
  const fields = Object.entries(config).toSorted(([a], [b]) => rank(a) - rank(b));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same entries
  return Object.fromEntries(fields) as unknown as HostConfig;
}

function rank(field: string): number {
  return ORDER.get(field) ?? ORDER.size;
}
