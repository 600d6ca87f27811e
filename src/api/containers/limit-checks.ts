import type { HostConfig, Loose } from '../../wire/index.ts';
import { dockerError } from '../errors.ts';
import type { HostFacts } from '../route.ts';

const MINIMUM_MEMORY_BYTES = 6 * 1024 * 1024;
const UNMOUNTED = 'or the cgroup is not mounted.';

/** A limit that this machine's kernel does not have: it is dropped, and the client is told. */
interface Missing {
  readonly isAsked: boolean;
  readonly fields: readonly (keyof HostConfig)[];
  readonly warning: string;
}

/**
 * Limits without those that this machine cannot hold.
 *
 * @returns The rest, and Docker's warnings for what was dropped.
 */
export function dropMissingLimits(
  host: Loose<HostConfig>,
  { cgroupFeatures: features }: HostFacts,
): { readonly host: Loose<HostConfig>; readonly warnings: readonly string[] } {
  const memory = host.Memory ?? 0;
  const missing: readonly Missing[] = [
    {
      isAsked: memory > 0 && !features.memory,
      fields: ['Memory', 'MemorySwap'],
      warning: `Your kernel does not support memory limit capabilities ${UNMOUNTED} Limitation discarded.`,
    },
    {
      isAsked: memory > 0 && features.memory && host.MemorySwap !== -1 && !features.swap,
      fields: ['MemorySwap'],
      warning: `Your kernel does not support swap limit capabilities ${UNMOUNTED} Memory limited without swap.`,
    },
    {
      isAsked: swappinessOf(host) !== undefined && !features.memorySwappiness,
      fields: ['MemorySwappiness'],
      warning: `Your kernel does not support memory swappiness capabilities ${UNMOUNTED} Memory swappiness discarded.`,
    },
    {
      isAsked: (host.MemoryReservation ?? 0) > 0 && !features.memoryReservation,
      fields: ['MemoryReservation'],
      warning: `Your kernel does not support memory soft limit capabilities ${UNMOUNTED} Limitation discarded.`,
    },
    {
      isAsked: host.OomKillDisable === true && !features.oomKillDisable,
      fields: ['OomKillDisable'],
      warning: 'Your kernel does not support OomKillDisable. OomKillDisable discarded.',
    },
    {
      isAsked: (host.PidsLimit ?? 0) > 0 && !features.pids,
      fields: ['PidsLimit'],
      warning: `Your kernel does not support PIDs limit capabilities ${UNMOUNTED} PIDs limit discarded.`,
    },
    {
      isAsked: (host.CpuShares ?? 0) > 0 && !features.cpuShares,
      fields: ['CpuShares'],
      warning: `Your kernel does not support CPU shares ${UNMOUNTED} Shares discarded.`,
    },
    {
      isAsked: ((host.CpuPeriod ?? 0) !== 0 || (host.CpuQuota ?? 0) !== 0) && !features.cpuQuota,
      fields: ['CpuPeriod', 'CpuQuota'],
      warning: `Your kernel does not support CPU CFS scheduler ${UNMOUNTED} CPU period and quota discarded.`,
    },
    {
      isAsked: (host.CpusetCpus ?? '') + (host.CpusetMems ?? '') !== '' && features.cpusetCpus === '',
      fields: ['CpusetCpus', 'CpusetMems'],
      warning: `Your kernel does not support cpuset ${UNMOUNTED} Cpuset discarded.`,
    },
    {
      isAsked: (host.BlkioWeight ?? 0) > 0 && !features.blkioWeight,
      fields: ['BlkioWeight'],
      warning: `Your kernel does not support Block I/O weight ${UNMOUNTED} Weight discarded.`,
    },
    {
      isAsked: (host.BlkioWeightDevice ?? []).length > 0 && !features.blkioWeightDevice,
      fields: ['BlkioWeightDevice'],
      warning: `Your kernel does not support Block I/O weight_device ${UNMOUNTED} Weight-device discarded.`,
    },
    ...missingRates(host, features.blkioThrottle),
  ];
  const dropped = missing.filter(({ isAsked }) => isAsked);
  const rest = Object.fromEntries(dropped.flatMap(({ fields }) => fields.map((field) => [field, undefined])));
  const unwatched =
    host.OomKillDisable === true && features.oomKillDisable && memory === 0
      ? [
          'OOM killer is disabled for the container, but no memory limit is set, ' +
            'this can result in the system running out of resources.',
        ]
      : [];
  return { host: { ...host, ...rest }, warnings: [...dropped.map(({ warning }) => warning), ...unwatched] };
}

function missingRates(host: Loose<HostConfig>, isThere: boolean): Missing[] {
  const rates = [
    ['BlkioDeviceReadBps', 'BPS Block I/O read', 'BPS read'],
    ['BlkioDeviceWriteBps', 'BPS Block I/O write', 'BPS write'],
    ['BlkioDeviceReadIOps', 'IOPS Block read', 'IOPS read'],
    ['BlkioDeviceWriteIOps', 'IOPS Block write', 'IOPS write'],
  ] as const;
  return rates.map(([field, what, short]) => ({
    isAsked: (host[field] ?? []).length > 0 && !isThere,
    fields: [field],
    warning: `Your kernel does not support ${what} limit ${UNMOUNTED} Block I/O ${short} limit discarded.`,
  }));
}

/** The CLI sends -1 for "not set"; 0 is a setting. */
export function swappinessOf({ MemorySwappiness: value }: Loose<HostConfig>): number | undefined {
  return value === undefined || value === null || value === -1 ? undefined : value;
}

/**
 * Refuses limits that make no sense.
 *
 * @param isUpdate Of a container that has limits already.
 * @throws {PierError} `InvalidArgument` in Docker's words.
 */
export function checkLimits(host: Loose<HostConfig>, facts: HostFacts, isUpdate: boolean): void {
  checkMemory(host, isUpdate);
  checkCpus(host, facts);
  checkCpuset('CPUs', 'cpus', host.CpusetCpus ?? '', facts.cgroupFeatures.cpusetCpus);
  checkCpuset('memory nodes', 'mems', host.CpusetMems ?? '', facts.cgroupFeatures.cpusetMems);
  const weight = host.BlkioWeight ?? 0;
  if (weight > 0 && (weight < 10 || weight > 1000)) throw bad('Range of blkio weight is from 10 to 1000');
  if ((host.IOMaximumBandwidth ?? 0) !== 0 || (host.IOMaximumIOps ?? 0) !== 0) {
    throw bad('Invalid QoS settings: linux does not support Maximum IO Bandwidth or Maximum IO IOps');
  }
  const score = host.OomScoreAdj ?? 0;
  if (score < -1000 || score > 1000) throw bad(`Invalid value ${score}, range for oom score adj is [-1000, 1000]`);
}

function checkMemory(host: Loose<HostConfig>, isUpdate: boolean): void {
  const memory = host.Memory ?? 0;
  const swap = host.MemorySwap ?? 0;
  const reservation = host.MemoryReservation ?? 0;
  const swappiness = swappinessOf(host);
  if (memory !== 0 && memory < MINIMUM_MEMORY_BYTES) throw bad('Minimum memory limit allowed is 6MB');
  if (memory > 0 && swap > 0 && swap < memory) throw bad('Minimum memoryswap limit should be larger than memory limit, see usage');
  if (memory === 0 && swap > 0 && !isUpdate) {
    throw bad('You should always set the Memory limit when using Memoryswap limit, see usage');
  }
  if (swappiness !== undefined && (swappiness < 0 || swappiness > 100)) {
    throw bad(`Invalid value: ${swappiness}. Valid memory swappiness range is 0-100`);
  }
  if (reservation > 0 && reservation < MINIMUM_MEMORY_BYTES) throw bad('Minimum memory reservation allowed is 6MB');
  if (memory > 0 && reservation > memory) throw bad('Minimum memory limit can not be less than memory reservation limit, see usage');
}

function checkCpus(host: Loose<HostConfig>, { cpuCount, cgroupFeatures }: HostFacts): void {
  const nanoCpus = host.NanoCpus ?? 0;
  const period = host.CpuPeriod ?? 0;
  const quota = host.CpuQuota ?? 0;
  if (nanoCpus > 0 && period > 0) throw bad('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  if (nanoCpus > 0 && quota > 0) throw bad('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  if (nanoCpus > 0 && !cgroupFeatures.cpuQuota) {
    throw bad('NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted');
  }
  if (nanoCpus < 0 || nanoCpus > cpuCount * 1e9) {
    throw bad(`range of CPUs is from 0.01 to ${cpuCount}.00, as there are only ${cpuCount} CPUs available`);
  }
  if (period !== 0 && (period < 1000 || period > 1_000_000)) {
    throw bad('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  }
  if (quota > 0 && quota < 1000) throw bad('CPU cfs quota can not be less than 1ms (i.e. 1000)');
  const realtimePeriod = host.CpuRealtimePeriod ?? 0;
  const realtimeRuntime = host.CpuRealtimeRuntime ?? 0;
  if ((realtimePeriod !== 0 || realtimeRuntime !== 0) && !cgroupFeatures.cpuRealtime) {
    throw bad('Your kernel does not support CPU real-time scheduler');
  }
  if (realtimePeriod !== 0 && realtimeRuntime > realtimePeriod)
    throw bad('cpu real-time runtime cannot be higher than cpu real-time period');
}

function checkCpuset(noun: string, file: string, wanted: string, available: string): void {
  if (wanted === '') return;
  const asked = parseCpuset(wanted);
  if (asked === undefined) throw bad(`Invalid value ${wanted} for cpuset ${file}: invalid format: ${wanted}`);
  const there = parseCpuset(available) ?? new Set();
  if ([...asked].some((cpu) => !there.has(cpu))) {
    throw bad(`Requested ${noun} are not available - requested ${wanted}, available: ${available}`);
  }
}

/** More than any machine has; a range is walked through. */
const MAX_CPU = 8192;

/** `0-2,7`; `undefined` if it is nothing of the kind. */
function parseCpuset(text: string): Set<number> | undefined {
  const found = new Set<number>();
  for (const part of text.split(',')) {
    if (part === '') continue;
    const [, from = '', to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part) ?? [];
    if (from === '' || Number(from) > Number(to) || Number(to) > MAX_CPU) return undefined;
    for (let cpu = Number(from); cpu <= Number(to); cpu++) found.add(cpu);
  }
  return found;
}

function bad(text: string): Error {
  return dockerError('InvalidArgument', text);
}
