/** What of an OCI config's resources is explained. Bytes, microseconds, counts. */
export interface RuntimeResources {
  readonly memory?: {
    readonly limit?: number;
    readonly swap?: number;
    readonly reservation?: number;
    readonly swappiness?: number;
    readonly disableOOMKiller?: boolean;
  };
  readonly cpu?: {
    readonly shares?: number;
    readonly quota?: number;
    readonly period?: number;
    readonly cpus?: string;
    readonly mems?: string;
    readonly realtimeRuntime?: number;
    readonly realtimePeriod?: number;
  };
  readonly pids?: { readonly limit?: number };
  readonly blockIO?: {
    readonly weight?: number;
    readonly throttleReadBpsDevice?: readonly Throttle[];
    readonly throttleWriteBpsDevice?: readonly Throttle[];
    readonly throttleReadIOPSDevice?: readonly Throttle[];
    readonly throttleWriteIOPSDevice?: readonly Throttle[];
  };
  readonly devices?: readonly {
    readonly allow: boolean;
    readonly type?: string;
    readonly major?: number;
    readonly minor?: number;
    readonly access?: string;
  }[];
}

interface Throttle {
  readonly major: number;
  readonly minor: number;
  readonly rate: number;
}

/** A file of a cgroup and what is written to it. */
interface CgroupWrite {
  readonly what: string;
  readonly why: string;
}

type Row = readonly [value: string | number | undefined, controller: string, v1: string, v2: string, why: string];

/**
 * The cgroup files that a runtime writes for limits.
 *
 * @param path Of the cgroup, below the hierarchies' mount points.
 * @param version Of the machine's cgroups: each has files of its own.
 */
export function cgroupFiles(path: string, resources: RuntimeResources, version: 1 | 2): readonly CgroupWrite[] {
  const root = '/sys/fs/cgroup';
  const first: CgroupWrite = {
    what: version === 2 ? `mkdir ${root}${path}` : `mkdir ${root}/{memory,cpu,pids,…}${path}`,
    why: 'its cgroup: everything that it starts is counted, limited and ended together',
  };
  const rows = [...memoryRows(resources), ...cpuRows(resources, version), ...otherRows(resources)];
  const writes = rows.flatMap(([value, controller, v1, v2, why]): CgroupWrite[] => {
    const file = version === 2 ? v2 : v1;
    if (value === undefined || file === '') return [];
    return [{ what: `${root}${version === 2 ? '' : `/${controller}`}${path}/${file} ← ${value}`, why }];
  });
  return [first, ...deviceRules(resources, version), ...writes];
}

function memoryRows({ memory = {} }: RuntimeResources): readonly Row[] {
  const { limit, swap, reservation, swappiness, disableOOMKiller } = memory;
  const swapAlone = swap === undefined || limit === undefined || swap < 0 ? swap : swap - limit;
  return [
    [
      limit,
      'memory',
      'memory.limit_in_bytes',
      'memory.max',
      'bytes; above it the kernel takes back pages, then kills a process of the container',
    ],
    [swap, 'memory', 'memory.memsw.limit_in_bytes', '', 'bytes of memory and swap together'],
    [swapAlone === -1 ? 'max' : swapAlone, 'memory', '', 'memory.swap.max', 'bytes of swap alone'],
    [reservation, 'memory', 'memory.soft_limit_in_bytes', 'memory.low', 'bytes that it keeps when the machine runs short'],
    [swappiness, 'memory', 'memory.swappiness', '', ''],
    [disableOOMKiller === true ? 1 : undefined, 'memory', 'memory.oom_control', '', 'at the limit processes wait instead of being killed'],
  ];
}

function cpuRows({ cpu = {} }: RuntimeResources, version: 1 | 2): readonly Row[] {
  const { shares, quota, period = 100_000, cpus, mems, realtimeRuntime, realtimePeriod } = cpu;
  const weight = shares === undefined ? undefined : Math.floor(1 + ((shares - 2) * 9999) / 262_142);
  const why = quota === undefined ? '' : `at most ${quota} of each ${period} microseconds: ${quota / period} CPUs`;
  return [
    [version === 2 ? weight : shares, 'cpu', 'cpu.shares', 'cpu.weight', 'its part when CPUs are short; nothing when they are not'],
    [quota === undefined ? undefined : period, 'cpu', 'cpu.cfs_period_us', '', ''],
    [version === 2 && quota !== undefined ? `${quota} ${period}` : quota, 'cpu', 'cpu.cfs_quota_us', 'cpu.max', why],
    [cpus || undefined, 'cpuset', 'cpuset.cpus', 'cpuset.cpus', 'it runs on these alone'],
    [mems || undefined, 'cpuset', 'cpuset.mems', 'cpuset.mems', 'its memory comes from these nodes alone'],
    [realtimePeriod, 'cpu', 'cpu.rt_period_us', '', ''],
    [realtimeRuntime, 'cpu', 'cpu.rt_runtime_us', '', ''],
  ];
}

function otherRows({ pids, blockIO = {} }: RuntimeResources): readonly Row[] {
  const throttles = (list: readonly Throttle[] | undefined, file: string, key: string, why: string): readonly Row[] =>
    (list ?? []).flatMap(({ major, minor, rate }): Row[] => [
      [`${major}:${minor} ${rate}`, 'blkio', file, '', why],
      [`${major}:${minor} ${key}=${rate}`, 'blkio', '', 'io.max', why],
    ]);
  return [
    [pids?.limit === -1 ? 'max' : pids?.limit, 'pids', 'pids.max', 'pids.max', 'processes and threads; a fork beyond fails'],
    [blockIO.weight, 'blkio', 'blkio.weight', 'io.bfq.weight', 'its part of a busy disk'],
    ...throttles(blockIO.throttleReadBpsDevice, 'blkio.throttle.read_bps_device', 'rbps', 'bytes a second'),
    ...throttles(blockIO.throttleWriteBpsDevice, 'blkio.throttle.write_bps_device', 'wbps', 'bytes a second'),
    ...throttles(blockIO.throttleReadIOPSDevice, 'blkio.throttle.read_iops_device', 'riops', 'operations a second'),
    ...throttles(blockIO.throttleWriteIOPSDevice, 'blkio.throttle.write_iops_device', 'wiops', 'operations a second'),
  ];
}

function deviceRules({ devices = [] }: RuntimeResources, version: 1 | 2): readonly CgroupWrite[] {
  if (devices.length === 0) return [];
  const rules = devices.map(({ allow, type = 'a', major, minor, access = 'rwm' }) => {
    const numbers = major === undefined && minor === undefined && type === 'a' ? '' : ` ${major ?? '*'}:${minor ?? '*'}`;
    return `${allow ? 'allow' : 'deny'} ${type}${numbers} ${access}`;
  });
  const how = version === 2 ? 'bpf(BPF_PROG_TYPE_CGROUP_DEVICE)' : 'devices.deny and devices.allow';
  return [{ what: `${how}: ${rules.join(', ')}`, why: 'the devices that it may use, whatever nodes it makes' }];
}
