import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { joinCriLines, parseCriLines } from './cri-log.ts';
import { openSegmentFrom } from './open-segment.ts';
import type { ContainerLog, LogPosition } from './container-log.ts';
import type { OpenLines } from './cri-log.ts';
import type { LogChunk } from '../container-service.ts';

/** Less would cost more reads; more would keep the event loop longer at a time. */
const BLOCK_BYTES = 256 * 1024;

/** From where and until when a log is read. */
export interface FollowOptions {
  readonly log: ContainerLog;
  /** Where that is gone, what comes after it. */
  readonly from: LogPosition;
  /** Ends the reading once all is delivered that was written before it was aborted. Already aborted: only what is there. */
  readonly ended: AbortSignal;
  /** One chunk may hold many lines. */
  readonly mayJoinLines: boolean;
  /** Ends the reading at once. */
  readonly signal?: AbortSignal;
}

/** What one read of a log gave. */
export interface LogBatch {
  readonly chunks: readonly LogChunk[];
  /** Where the log goes on after it. */
  readonly next: LogPosition;
}

/**
 * Reads a log from a place and then what is added, until its process has ended: through all its segments in turn, each
 * to its very end.
 *
 * A reader that is slow stays behind in the files and holds up nobody; memory is bounded by one block.
 *
 * @yields Batches of chunks, in order.
 */
export async function* followLog(options: FollowOptions): AsyncGenerator<LogBatch> {
  const { log, ended, signal } = options;
  const doorbell = new Doorbell();
  const ring = (): void => doorbell.ring();
  ended.addEventListener('abort', ring);
  signal?.addEventListener('abort', ring);
  using reader = log.join(options.from.sequence);
  let opened = await openSegmentFrom(log, options.from.sequence);
  let watcher: FSWatcher | undefined;
  try {
    reader.sequence = opened?.segment.sequence ?? reader.sequence;
    let offset = opened?.segment.sequence === options.from.sequence ? options.from.offsetBytes : 0;
    let isComplete = opened?.segment.isCompressed === true;
    const openLines: OpenLines = { stdout: false, stderr: false };
    while (opened !== undefined) {
      if (signal?.aborted === true) return;
      const rings = doorbell.rings;
      // Whoever ended before this read has written all: what is read now is the last.
      const isLast = ended.aborted;
      const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
      const { bytesRead } = await opened.file.read(buffer, 0, BLOCK_BYTES, offset);
      const { chunks, consumedBytes } = (options.mayJoinLines ? joinCriLines : parseCriLines)(buffer.subarray(0, bytesRead), openLines);
      offset += consumedBytes;
      if (chunks.length > 0) yield { chunks, next: { sequence: reader.sequence, offsetBytes: offset } };
      if (consumedBytes > 0) continue;
      if (isComplete) {
        const { file } = opened;
        opened = undefined;
        await file.close();
        opened = await openSegmentFrom(log, reader.sequence + 1);
        reader.sequence = opened?.segment.sequence ?? reader.sequence;
        isComplete = opened?.segment.isCompressed === true;
        offset = 0;
        watcher?.close();
        watcher = undefined;
      } else if (!log.isCurrent(opened.segment.inode)) {
        // The monitor has gone on to another: what is read from this one now is its last.
        isComplete = true;
      } else if (isLast) return;
      // Watched before it is read once more, so that nothing is missed in between. The monitor's going on takes a name
      // from the file, which counts as a change.
      else if (watcher === undefined) watcher = watch(opened.segment.path, ring).on('error', ring);
      else await doorbell.nextAfter(rings);
    }
  } finally {
    watcher?.close();
    await opened?.file.close();
    ended.removeEventListener('abort', ring);
    signal?.removeEventListener('abort', ring);
  }
}

/** Remembers that it was rung, so that a ring between looking and waiting is not lost. */
class Doorbell {
  rings = 0;
  #wake: (() => void) | undefined;

  ring(): void {
    this.rings += 1;
    this.#wake?.();
    this.#wake = undefined;
  }

  async nextAfter(rings: number): Promise<void> {
    if (this.rings !== rings) return;
    await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}
