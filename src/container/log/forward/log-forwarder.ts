import { closeSync, openSync, readSync, writeSync, constants } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { followLog } from '../log-follower.ts';
import type { Logger } from '../../../base/logger.ts';
import type { LogChunk } from '../../container-service.ts';
import type { ContainerLog, LogPosition } from '../container-log.ts';
import { unreachable } from './forward.ts';
import type { Forward, ForwardMessage } from './forward.ts';

/** Docker's: longer lines go in pieces. */
const PIECE_BYTES = 16 * 1024;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 30_000;
/** How long after the end of a container what is left of its log is tried to be sent. */
const DRAIN_LIMIT_MS = 10_000;
/** What the position takes in its file: always as much, so that a new one replaces the old in one write. */
const POSITION_BYTES = 40;
const LINE_FEED = 0x0a;

/** What a forwarder is told. */
export interface ForwarderOptions {
  readonly containerId: string;
  readonly log: ContainerLog;
  readonly forward: Forward;
  /** The run's. */
  readonly ended: AbortSignal;
  /** It begins when this has resolved: two at once would send the same. */
  readonly after: Promise<unknown>;
  readonly logger: Logger;
}

/**
 * Sends a container's log on while it runs. It reads the log as any client does: the container does not wait for it, and
 * the place up to which all is sent is kept in a file, so that the next engine goes on there. While nobody takes the log,
 * it is tried again and again; what the log's limits take away meanwhile is lost to the other side.
 */
export class LogForwarder {
  /** Resolves when all is sent, or given up. Never rejects. */
  readonly finished: Promise<void>;
  readonly #options: ForwarderOptions;
  readonly #abort = new AbortController();
  #endedAt: number | undefined;
  #hasFailed = false;
  /** Gives the message up that is being sent: whoever takes a log may be there and not read. */
  #giveUp: ((reason: unknown) => void) | undefined;
  #drainTimer: NodeJS.Timeout | undefined;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    options.ended.addEventListener('abort', () => this.#noteEnd(), { once: true });
    this.finished = this.#run().catch((error: unknown) => {
      if (!this.#abort.signal.aborted) options.logger.error('a log is not forwarded any more', { container: options.containerId, error });
    });
  }

  /** Gives up at once. */
  close(): void {
    this.#abort.abort();
    this.#giveUp?.(this.#abort.signal.reason);
  }

  #noteEnd(): void {
    this.#endedAt = performance.now();
    this.#limitDrain();
  }

  #limitDrain(): void {
    const late = (): void => this.#giveUp?.(unreachable('silent', {}));
    this.#drainTimer = setTimeout(late, DRAIN_LIMIT_MS).unref();
  }

  async #run(): Promise<void> {
    const { log, ended, forward, after } = this.#options;
    await after;
    using position = new PositionFile(`${log.path}.position`);
    using held = new DisposableStack();
    held.use(forward);
    const assembler = new LineAssembler();
    const { signal } = this.#abort;
    for await (const { chunks, next } of followLog({ log, from: position.read() ?? log.start(), ended, mayJoinLines: false, signal })) {
      for (const chunk of chunks) {
        for (const message of assembler.push(chunk)) await this.#send(message);
      }
      // A line that has only begun is read again by whoever comes after a crash.
      if (assembler.isEmpty) position.write(next);
    }
  }

  async #send(message: ForwardMessage): Promise<void> {
    const { logger, containerId } = this.#options;
    const { signal } = this.#abort;
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)) {
      try {
        signal.throwIfAborted();
        await this.#handOn(message);
        this.#hasFailed = false;
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (this.#endedAt !== undefined && performance.now() - this.#endedAt >= DRAIN_LIMIT_MS) throw error;
        if (!this.#hasFailed) logger.warn('a log cannot be forwarded for now', { container: containerId, error });
        this.#hasFailed = true;
      }
      await delay(retryMs, undefined, { signal, ref: false });
    }
  }

  /** Waits for as long as it takes while the container runs, and for each message so long after its end. */
  async #handOn(message: ForwardMessage): Promise<void> {
    if (this.#endedAt !== undefined) this.#limitDrain();
    try {
      await new Promise<void>((resolve, reject) => {
        this.#giveUp = reject;
        this.#options.forward.send(message).then(resolve, reject);
      });
    } finally {
      this.#giveUp = undefined;
      clearTimeout(this.#drainTimer);
    }
  }
}

/** Puts the pieces of lines together, up to a length, for each stream by itself. */
class LineAssembler {
  readonly #pieces = { stdout: [] as LogChunk[], stderr: [] as LogChunk[] };

  get isEmpty(): boolean {
    return this.#pieces.stdout.length === 0 && this.#pieces.stderr.length === 0;
  }

  *push(chunk: LogChunk): Generator<ForwardMessage> {
    const pieces = this.#pieces[chunk.stream];
    pieces.push(chunk);
    const [first = chunk] = pieces;
    const { stream } = chunk;
    const { timeNs } = first;
    let line = Buffer.concat(pieces.map(({ data }) => data));
    if (!chunk.isLineEnd && line.length < PIECE_BYTES) return;
    pieces.length = 0;
    if (chunk.isLineEnd && line.at(-1) === LINE_FEED) line = line.subarray(0, -1);
    for (; line.length > PIECE_BYTES; line = line.subarray(PIECE_BYTES)) {
      yield { stream, timeNs, line: line.subarray(0, PIECE_BYTES), isPartial: true };
    }
    // Nobody logs nothing.
    if (line.length === 0) return;
    // What is over waits for more: pieces are whole, however the process wrote them.
    if (!chunk.isLineEnd && line.length < PIECE_BYTES) pieces.push({ ...first, data: line });
    else yield { stream, timeNs, line, isPartial: !chunk.isLineEnd };
  }
}

/** Keeps a place in a log, in a file. */
class PositionFile implements Disposable {
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  read(): LogPosition | undefined {
    const buffer = Buffer.alloc(POSITION_BYTES);
    readSync(this.#fd, buffer, 0, POSITION_BYTES, 0);
    const match = /^(\d+) (\d+) *\n$/.exec(buffer.toString('latin1'));
    return match === null ? undefined : { sequence: Number(match[1]), offsetBytes: Number(match[2]) };
  }

  write({ sequence, offsetBytes }: LogPosition): void {
    writeSync(this.#fd, `${`${sequence} ${offsetBytes}`.padEnd(POSITION_BYTES - 1)}\n`, 0);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
