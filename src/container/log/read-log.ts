import { existsSync } from 'node:fs';
import { followLog } from './log-follower.ts';
import { offsetOfLastLines } from './log-tail.ts';
import type { LogChunk, LogOptions } from '../container-service.ts';

/**
 * Reads a container's log as `docker logs` asks for it.
 *
 * @param path The log; absent means empty.
 * @param ended Aborted when the process that writes it has ended; already aborted if none runs.
 * @yields Chunks in order.
 */
export async function* readLog(path: string, ended: AbortSignal, options: LogOptions): AsyncGenerator<LogChunk> {
  if (!existsSync(path) || (!options.stdout && !options.stderr)) return;
  const onlyStream = options.stdout === options.stderr ? undefined : options.stdout ? 'stdout' : 'stderr';
  const from = options.tail === undefined ? 0 : await offsetOfLastLines(path, options.tail, onlyStream);
  const follow = {
    path,
    from,
    ended: options.follow === true ? ended : AbortSignal.abort(),
    mayJoinLines: options.mayJoinLines === true && options.sinceNs === undefined && options.untilNs === undefined,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  const sinceNs = options.sinceNs ?? 0n;
  for await (const batch of followLog(follow)) {
    for (const chunk of batch) {
      if (options.untilNs !== undefined && chunk.timeNs > options.untilNs) return;
      if (chunk.timeNs < sinceNs || (onlyStream !== undefined && chunk.stream !== onlyStream)) continue;
      yield chunk;
    }
  }
}
