import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { PierError } from '../base/errors.ts';
import { FRAME_HEADER_BYTES, frameHeader } from '../wire/index.ts';

const FLUSH_BYTES = 64 * 1024;

/**
 * Writes output to a client, as frames or raw. Small pieces are gathered until the event loop comes round, so that a
 * log of short lines does not cost a system call each; a client that does not read holds up the caller, not the memory.
 */
export class StreamWriter {
  readonly #target: Writable;
  readonly #isMultiplexed: boolean;
  #pieces: Uint8Array[] = [];
  #queuedBytes = 0;
  #scheduled: NodeJS.Immediate | undefined;

  constructor(target: Writable, isMultiplexed: boolean) {
    this.#target = target;
    this.#isMultiplexed = isMultiplexed;
  }

  /**
   * Queues a piece; resolves at once while there is room, else when the client has taken some.
   *
   * @throws {PierError} `Cancelled` if the client is gone.
   */
  async write(stream: 'stdout' | 'stderr', data: Uint8Array): Promise<void> {
    if (this.#isMultiplexed) this.#pieces.push(frameHeader(stream, data.length));
    this.#pieces.push(data);
    this.#queuedBytes += data.length + (this.#isMultiplexed ? FRAME_HEADER_BYTES : 0);
    if (this.#queuedBytes >= FLUSH_BYTES) {
      await this.flush();
      return;
    }
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#take();
    });
  }

  /** Hands everything that is queued to the connection. @throws {PierError} `Cancelled` if the client is gone. */
  async flush(): Promise<void> {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    this.#take();
    await drained(this.#target);
  }

  #take(): void {
    if (this.#queuedBytes === 0 || this.#target.destroyed) return;
    const [first] = this.#pieces;
    this.#target.write(this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces, this.#queuedBytes));
    this.#pieces = [];
    this.#queuedBytes = 0;
  }
}

/**
 * Writes and waits until the connection can take more.
 *
 * @throws {PierError} `Cancelled` if the client is gone.
 */
export async function send(target: Writable, data: Uint8Array | string): Promise<void> {
  if (target.destroyed) throw clientGone();
  if (!target.write(data)) await drained(target);
}

async function drained(target: Writable): Promise<void> {
  if (target.destroyed) throw clientGone();
  if (!target.writableNeedDrain) return;
  const controller = new AbortController();
  const { signal } = controller;
  try {
    await Promise.race([once(target, 'drain', { signal }), once(target, 'close', { signal })]);
  } finally {
    controller.abort();
  }
  if (target.destroyed) throw clientGone();
}

function clientGone(): PierError {
  return new PierError('Cancelled', 'Cannot write to client: connection is closed');
}
