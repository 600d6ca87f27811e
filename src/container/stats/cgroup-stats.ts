import { totalmem } from 'node:os';
import type { BlockIoEntry, ContainerStats, CpuStats, MemoryStats } from './container-stats.ts';

/** A cgroup's file: its text, empty if there is none. The controller tells where it is with version 1. */
export type ReadCgroupFile = (controller: string, file: string) => string;

/** The part of {@linkcode ContainerStats} that the cgroup tells. */
export type CgroupStats = Pick<ContainerStats, 'memory' | 'pids' | 'blockIo' | 'blockIoOperations'> & {
  readonly cpu: Omit<CpuStats, 'systemNs' | 'onlineCpus'>;
};

const NS_PER_TICK = 10_000_000;
const NS_PER_US = 1000;

/** Reads what a cgroup of version 1 tells. Kernel document cgroup-v1. */
export function readCgroupStatsV1(read: ReadCgroupFile): CgroupStats {
  const times = parsePairs(read('cpuacct', 'cpuacct.stat'));
  const throttling = parsePairs(read('cpu', 'cpu.stat'));
  return {
    cpu: {
      totalNs: Number(read('cpuacct', 'cpuacct.usage')),
      perCpuNs: read('cpuacct', 'cpuacct.usage_percpu').trim().split(/\s+/).map(Number),
      kernelNs: (times['system'] ?? 0) * NS_PER_TICK,
      userNs: (times['user'] ?? 0) * NS_PER_TICK,
      periods: throttling['nr_periods'] ?? 0,
      throttledPeriods: throttling['nr_throttled'] ?? 0,
      throttledNs: throttling['throttled_time'] ?? 0,
    },
    memory: memoryStats(
      Number(read('memory', 'memory.usage_in_bytes')),
      Number(read('memory', 'memory.limit_in_bytes')),
      parsePairs(read('memory', 'memory.stat')),
      { maxUsageBytes: Number(read('memory', 'memory.max_usage_in_bytes')), failCount: Number(read('memory', 'memory.failcnt')) },
    ),
    pids: parsePids(read('pids', 'pids.current'), read('pids', 'pids.max')),
    blockIo: parseBlkio(read('blkio', 'blkio.throttle.io_service_bytes_recursive')),
    blockIoOperations: parseBlkio(read('blkio', 'blkio.throttle.io_serviced_recursive')),
  };
}

/** Reads what a cgroup of version 2 tells. Kernel document cgroup-v2. */
export function readCgroupStatsV2(read: ReadCgroupFile): CgroupStats {
  const cpu = parsePairs(read('', 'cpu.stat'));
  const limit = read('', 'memory.max').trim();
  return {
    cpu: {
      totalNs: (cpu['usage_usec'] ?? 0) * NS_PER_US,
      perCpuNs: [],
      kernelNs: (cpu['system_usec'] ?? 0) * NS_PER_US,
      userNs: (cpu['user_usec'] ?? 0) * NS_PER_US,
      periods: cpu['nr_periods'] ?? 0,
      throttledPeriods: cpu['nr_throttled'] ?? 0,
      throttledNs: (cpu['throttled_usec'] ?? 0) * NS_PER_US,
    },
    memory: memoryStats(
      Number(read('', 'memory.current')),
      limit === 'max' || limit === '' ? Number.POSITIVE_INFINITY : Number(limit),
      parsePairs(read('', 'memory.stat')),
      { maxUsageBytes: undefined, failCount: undefined },
    ),
    pids: parsePids(read('', 'pids.current'), read('', 'pids.max')),
    blockIo: parseIoStat(read('', 'io.stat')),
    blockIoOperations: [],
  };
}

function memoryStats(
  usageBytes: number,
  limitBytes: number,
  details: Readonly<Record<string, number>>,
  more: Pick<MemoryStats, 'maxUsageBytes' | 'failCount'>,
): MemoryStats {
  // No limit is a number larger than any machine's memory.
  return { usageBytes, limitBytes: Math.min(limitBytes, totalmem()), details, ...more };
}

function parsePids(current: string, limit: string): ContainerStats['pids'] {
  const text = limit.trim();
  return { current: Number(current), limit: text === 'max' || text === '' ? undefined : Number(text) };
}

/** Lines of a name and a number. */
function parsePairs(text: string): Record<string, number> {
  const pairs: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const split = line.indexOf(' ');
    if (split > 0) pairs[line.slice(0, split)] = Number(line.slice(split + 1));
  }
  return pairs;
}

/** `8:0 Read 4096`; a last line sums up. */
function parseBlkio(text: string): readonly BlockIoEntry[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(\d+):(\d+) (\w+) (\d+)$/.exec(line);
    return match === null ? [] : [{ major: Number(match[1]), minor: Number(match[2]), operation: match[3] ?? '', value: Number(match[4]) }];
  });
}

/** `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6`. */
function parseIoStat(text: string): readonly BlockIoEntry[] {
  return text.split('\n').flatMap((line) => {
    const [device = '', ...pairs] = line.split(' ');
    const numbers = /^(\d+):(\d+)$/.exec(device);
    if (numbers === null) return [];
    const values = new Map(pairs.map((pair): [string, number] => [pair.split('=', 1)[0] ?? '', Number(pair.split('=')[1])]));
    const entry = (operation: string, name: string): BlockIoEntry => ({
      major: Number(numbers[1]),
      minor: Number(numbers[2]),
      operation,
      value: values.get(name) ?? 0,
    });
    return [entry('read', 'rbytes'), entry('write', 'wbytes')];
  });
}
