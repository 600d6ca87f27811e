import { watch } from 'node:fs';
import { open } from 'node:fs/promises';
import { joinCriLines, parseCriLines } from './cri-log.ts';
import type { OpenLines } from './cri-log.ts';
import type { LogChunk } from '../container-service.ts';

/** Less would cost more reads; more would keep the event loop longer at a time. */
const BLOCK_BYTES = 256 * 1024;

/** From where and until when a log is read. */
export interface FollowOptions {
  readonly path: string;
  /** Offset in bytes, at the beginning of a log line. */
  readonly from: number;
  /** Ends the reading once all is delivered that was written before it was aborted. Already aborted: only what is there. */
  readonly ended: AbortSignal;
  /** One chunk may hold many lines. */
  readonly mayJoinLines: boolean;
  /** Ends the reading at once. */
  readonly signal?: AbortSignal;
}

/**
 * Reads a log from an offset and then what is added, until its process has ended.
 *
 * A reader that is slow stays behind in the file and holds up nobody; memory is bounded by one block.
 *
 * @yields Batches of chunks, in order.
 */
export async function* followLog(options: FollowOptions): AsyncGenerator<readonly LogChunk[]> {
  const doorbell = new Doorbell();
  const ring = (): void => doorbell.ring();
  const watcher = watch(options.path, ring);
  watcher.on('error', ring);
  options.ended.addEventListener('abort', ring);
  options.signal?.addEventListener('abort', ring);
  try {
    await using file = await open(options.path, 'r');
    let offset = options.from;
    const openLines: OpenLines = { stdout: false, stderr: false };
    while (options.signal?.aborted !== true) {
      const rings = doorbell.rings;
      // Whoever ended before this read has written all: what is read now is the last.
      const isLast = options.ended.aborted;
      const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
      const { bytesRead } = await file.read(buffer, 0, BLOCK_BYTES, offset);
      const { chunks, consumedBytes } = (options.mayJoinLines ? joinCriLines : parseCriLines)(buffer.subarray(0, bytesRead), openLines);
      offset += consumedBytes;
      if (chunks.length > 0) yield chunks;
      if (consumedBytes > 0) continue;
      if (isLast) return;
      await doorbell.nextAfter(rings);
    }
  } finally {
    watcher.close();
    options.ended.removeEventListener('abort', ring);
    options.signal?.removeEventListener('abort', ring);
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
