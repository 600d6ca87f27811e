import type { BlockIoStat, ContainerStatsResponse, CpuStatsResponse, NetworkStats } from '../../wire/index.ts';
import type { BlockIoEntry, Container, ContainerStats, InterfaceStats, StatsSample } from '../backend.ts';
import { dockerError } from '../errors.ts';
import { sendJson, signalOf } from '../respond.ts';
import type { HttpExchange } from '../route.ts';
import { send } from '../stream-writer.ts';

const NEVER = '0001-01-01T00:00:00Z';
/** How Go writes a counter of 64 bits that means "no limit". */
const NO_LIMIT = '18446744073709551615';
const NO_CPU: CpuStatsResponse = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
};

/** `GET /containers/{id}/stats`: a line of JSON each second, or one alone. */
export async function streamStats({ backend, request, response }: HttpExchange): Promise<void> {
  const isStream = request.query.get('stream') === null || request.flag('stream');
  const isOneShot = request.flag('one-shot');
  if (isStream && isOneShot) throw dockerError('InvalidArgument', 'cannot have stream=true and one-shot=true');
  const container = backend.containers.get(request.param('id'));
  const samples = backend.containers.stats(container.id, { signal: signalOf(response) });
  if (!isStream) {
    sendJson(response, 200, await oneOf(container, samples, isOneShot));
    return;
  }
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.flushHeaders();
  try {
    for await (const sample of samples) await send(response, `${JSON.stringify(toStats(container, sample))}\n`);
  } catch (error) {
    if (!response.destroyed) throw error;
  }
  response.end();
}

/** One sample, with the one before it to tell rates by unless it is wanted at once. */
async function oneOf(container: Container, samples: AsyncIterable<StatsSample>, isAtOnce: boolean): Promise<ContainerStatsResponse> {
  let last: StatsSample = { stats: undefined, previous: undefined };
  for await (const sample of samples) {
    last = sample;
    if (isAtOnce || sample.stats === undefined || sample.previous !== undefined) break;
  }
  return toStats(container, last);
}

function toStats({ id, name }: Container, { stats, previous }: StatsSample): ContainerStatsResponse {
  const memory = stats?.memory;
  return {
    name: `/${name}`,
    id,
    read: stats?.readAt ?? NEVER,
    preread: previous?.readAt ?? NEVER,
    pids_stats: stats === undefined ? {} : toPids(stats),
    blkio_stats: toBlockIo(stats),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: stats === undefined ? NO_CPU : toCpu(stats),
    precpu_stats: previous === undefined ? NO_CPU : toCpu(previous),
    memory_stats:
      memory === undefined
        ? {}
        : {
            usage: memory.usageBytes,
            ...(memory.maxUsageBytes === undefined ? {} : { max_usage: memory.maxUsageBytes }),
            stats: memory.details,
            ...(memory.failCount === undefined || memory.failCount === 0 ? {} : { failcnt: memory.failCount }),
            limit: memory.limitBytes,
          },
    ...(stats?.networks === undefined
      ? {}
      : { networks: Object.fromEntries(Object.entries(stats.networks).map(([key, value]) => [key, toNetwork(value)])) }),
  };
}

function toPids({ pids, cgroupVersion }: ContainerStats): ContainerStatsResponse['pids_stats'] {
  if (pids.limit !== undefined) return { current: pids.current, limit: pids.limit };
  return cgroupVersion === 1 ? { current: pids.current } : { current: pids.current, limit: JSON.rawJSON(NO_LIMIT) };
}

function toCpu({ cpu }: ContainerStats): CpuStatsResponse {
  return {
    cpu_usage: {
      total_usage: cpu.totalNs,
      ...(cpu.perCpuNs.length === 0 ? {} : { percpu_usage: cpu.perCpuNs }),
      usage_in_kernelmode: cpu.kernelNs,
      usage_in_usermode: cpu.userNs,
    },
    system_cpu_usage: cpu.systemNs,
    online_cpus: cpu.onlineCpus,
    throttling_data: { periods: cpu.periods, throttled_periods: cpu.throttledPeriods, throttled_time: cpu.throttledNs },
  };
}

function toBlockIo(stats: ContainerStats | undefined): ContainerStatsResponse['blkio_stats'] {
  // Lists of what kernels count no more: empty with version 1, absent with version 2.
  const none = stats?.cgroupVersion === 1 ? [] : null;
  return {
    io_service_bytes_recursive: stats === undefined ? null : stats.blockIo.map(toEntry),
    io_serviced_recursive: stats?.cgroupVersion === 1 ? stats.blockIoOperations.map(toEntry) : null,
    io_queue_recursive: none,
    io_service_time_recursive: none,
    io_wait_time_recursive: none,
    io_merged_recursive: none,
    io_time_recursive: none,
    sectors_recursive: none,
  };
}

function toEntry({ major, minor, operation, value }: BlockIoEntry): BlockIoStat {
  return { major, minor, op: operation, value };
}

function toNetwork(stats: InterfaceStats): NetworkStats {
  return {
    rx_bytes: stats.rxBytes,
    rx_packets: stats.rxPackets,
    rx_errors: stats.rxErrors,
    rx_dropped: stats.rxDropped,
    tx_bytes: stats.txBytes,
    tx_packets: stats.txPackets,
    tx_errors: stats.txErrors,
    tx_dropped: stats.txDropped,
  };
}
