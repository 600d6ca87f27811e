import { binarySize, humanSize } from './human-size.ts';
import type { ContainerStatsResponse, CpuStatsResponse } from '../../wire/index.ts';
import type { Row, TableSpec } from './table.ts';

/** The table of `stats`. */
export const STATS_TABLE: TableSpec = {
  typeName: '*container.statsContext',
  headers: {
    BlockIO: 'BLOCK I/O',
    CPUPerc: 'CPU %',
    Container: 'CONTAINER',
    ID: 'CONTAINER ID',
    MemPerc: 'MEM %',
    MemUsage: 'MEM USAGE / LIMIT',
    Name: 'NAME',
    NetIO: 'NET I/O',
    PIDs: 'PIDS',
  },
  table: 'table {{.ID}}\\t{{.Name}}\\t{{.CPUPerc}}\\t{{.MemUsage}}\\t{{.MemPerc}}\\t{{.NetIO}}\\t{{.BlockIO}}\\t{{.PIDs}}',
};

/** Sizes in this table have three digits. */
const DIGITS = 3;
const SHORT_ID = 12;

/**
 * One container's line.
 *
 * @param container As it was named on the command line.
 * @param stats `undefined` where nothing could be had: dashes are shown.
 */
export function statsRow(container: string, stats: ContainerStatsResponse | undefined, isTruncated: boolean): Row {
  if (stats === undefined) {
    const gone = { BlockIO: '--', CPUPerc: '--', MemPerc: '--', MemUsage: '-- / --', NetIO: '--', PIDs: '--' };
    return { fields: { ...gone, Container: container, ID: '', Name: '--' } };
  }
  const usedBytes = usedMemory(stats);
  const limitBytes = stats.memory_stats.limit ?? 0;
  return {
    fields: {
      BlockIO: blockIo(stats),
      CPUPerc: percentage(cpuPercent(stats.precpu_stats, stats.cpu_stats)),
      Container: container,
      ID: isTruncated ? stats.id.slice(0, SHORT_ID) : stats.id,
      MemPerc: percentage(limitBytes === 0 ? 0 : (usedBytes / limitBytes) * 100),
      MemUsage: `${binarySize(usedBytes)} / ${binarySize(limitBytes)}`,
      Name: stats.name.slice(1),
      NetIO: networkIo(stats),
      PIDs: String(stats.pids_stats.current ?? 0),
    },
  };
}

/** 100 for each CPU that it kept busy between the two moments. */
function cpuPercent(before: CpuStatsResponse, now: CpuStatsResponse): number {
  const used = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const passed = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  const cpus = now.online_cpus ?? now.cpu_usage.percpu_usage?.length ?? 0;
  return passed > 0 && used > 0 ? (used / passed) * cpus * 100 : 0;
}

/** Without what the kernel may take back at once: pages of files that nobody has used for a while. */
function usedMemory({ memory_stats: { usage = 0, stats = {} } }: ContainerStatsResponse): number {
  const total = stats['total_inactive_file'];
  if (total !== undefined && total < usage) return usage - total;
  const inactive = stats['inactive_file'] ?? 0;
  return inactive < usage ? usage - inactive : usage;
}

function blockIo({ blkio_stats: { io_service_bytes_recursive: entries } }: ContainerStatsResponse): string {
  let read = 0;
  let written = 0;
  for (const { op, value } of entries ?? []) {
    if (/^r/i.test(op)) read += value;
    else if (/^w/i.test(op)) written += value;
  }
  return `${humanSize(read, DIGITS)} / ${humanSize(written, DIGITS)}`;
}

function networkIo({ networks = {} }: ContainerStatsResponse): string {
  let received = 0;
  let sent = 0;
  for (const { rx_bytes: rx, tx_bytes: tx } of Object.values(networks)) {
    received += rx;
    sent += tx;
  }
  return `${humanSize(received, DIGITS)} / ${humanSize(sent, DIGITS)}`;
}

function percentage(value: number): string {
  return `${value.toFixed(2)}%`;
}
