import { followLog } from './log-follower.ts';
import { positionOfLastLines } from './log-tail.ts';
import type { ContainerLog, LogPosition } from './container-log.ts';
import type { LogChunk, LogOptions } from '../container-service.ts';

/**
 * Reads a container's log as `docker logs` asks for it.
 *
 * @param log One that is not there is empty.
 * @param ended Aborted when the process that writes it has ended; already aborted if none runs.
 * @yields Chunks in order.
 */
export async function* readLog(log: ContainerLog, ended: AbortSignal, options: LogOptions): AsyncGenerator<LogChunk> {
  if (!options.stdout && !options.stderr) return;
  const onlyStream = options.stdout === options.stderr ? undefined : options.stdout ? 'stdout' : 'stderr';
  const sinceNs = options.sinceNs ?? 0n;
  const from = options.tail === undefined ? startSince(log, sinceNs) : await positionOfLastLines(log, options.tail, onlyStream);
  const follow = {
    log,
    from,
    ended: options.follow === true ? ended : AbortSignal.abort(),
    mayJoinLines: options.mayJoinLines === true && options.sinceNs === undefined && options.untilNs === undefined,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  for await (const { chunks } of followLog(follow)) {
    for (const chunk of chunks) {
      if (options.untilNs !== undefined && chunk.timeNs > options.untilNs) return;
      if (chunk.timeNs < sinceNs || (onlyStream !== undefined && chunk.stream !== onlyStream)) continue;
      yield chunk;
    }
  }
}

/** The kernel dates files by a clock that ticks a hundred times a second, the monitor its lines by one that does not. */
const FILE_TIME_SLACK_MS = 1000;

/** Segments that were last written to before a time need not be read, or unpacked, for what came after it. */
function startSince(log: ContainerLog, sinceNs: bigint): LogPosition {
  const sinceMs = Number(sinceNs / 1_000_000n) - FILE_TIME_SLACK_MS;
  const first = log.segments().find(({ modifiedMs, isCurrent }) => isCurrent || modifiedMs >= sinceMs);
  return first === undefined ? log.start() : { sequence: first.sequence, offsetBytes: 0 };
}
