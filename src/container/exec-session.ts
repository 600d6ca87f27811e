import { once } from 'node:events';
import { DetachScanner, parseDetachKeys } from './detach-keys.ts';
import type { Readable } from 'node:stream';
import type { TerminalMaster } from '../linux/index.ts';
import type { ExecProcess } from '../oci/index.ts';
import type { OutputChunk, OutputStream, StreamSession } from './container-service.ts';

/** After a process has ended, what it left behind may hold its pipes open: they are waited for no longer than this. */
const DRAIN_LIMIT_MS = 2000;

/** A client's hold on an exec: its pipes or its terminal. See {@linkcode StreamSession}. */
export class ExecSession implements StreamSession {
  readonly tty: boolean;
  readonly output: AsyncIterable<OutputChunk>;
  readonly ended: Promise<'exited' | 'detached' | 'closed'>;
  /** Resolves when nobody will read its output any more. */
  readonly finished: Promise<void>;
  readonly #process: ExecProcess;
  readonly #terminal: TerminalMaster | undefined;
  readonly #scanner: DetachScanner;
  readonly #left = Promise.withResolvers<'detached' | 'closed'>();
  #resolveFinished: () => void = () => {};
  #hasLeft = false;

  constructor(process: ExecProcess, terminal: TerminalMaster | undefined, detachKeys: string | undefined) {
    this.tty = terminal !== undefined;
    this.#process = process;
    this.#terminal = terminal;
    this.#scanner = new DetachScanner(parseDetachKeys(this.tty ? detachKeys : ''));
    this.ended = Promise.race([this.#left.promise, process.exited.then((): 'exited' => 'exited')]);
    this.finished = new Promise((resolve) => (this.#resolveFinished = resolve));
    // The process may stop reading at any time; that is no error of ours.
    process.stdin?.on('error', () => {});
    this.output = this.#read();
  }

  async write(data: Buffer): Promise<void> {
    if (this.#hasLeft) return;
    const { passed, isDetach } = this.#scanner.scan(data);
    if (this.#terminal !== undefined) await this.#terminal.write(passed);
    else if (this.#process.stdin?.writable === true && !this.#process.stdin.write(passed)) {
      await Promise.race([
        once(this.#process.stdin, 'drain').catch(() => undefined),
        once(this.#process.stdin, 'close'),
        this.#process.exited,
      ]);
    }
    if (isDetach) this.#leave('detached');
  }

  end(): void {
    this.#process.stdin?.end();
  }

  close(): void {
    this.#leave('closed');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #leave(how: 'detached' | 'closed'): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#left.resolve(how);
    this.#resolveFinished();
    this.#process.stdin?.end();
  }

  async *#read(): AsyncGenerator<OutputChunk> {
    const queue = new ChunkQueue();
    const sources = [
      ...(this.#terminal === undefined ? [] : [pump(this.#terminal.output(), 'stdout', queue)]),
      ...(this.#process.stdout === undefined ? [] : [pump(keepOpen(this.#process.stdout), 'stdout', queue)]),
      ...(this.#process.stderr === undefined ? [] : [pump(keepOpen(this.#process.stderr), 'stderr', queue)]),
    ];
    void Promise.all(sources).then(() => queue.end());
    void this.#left.promise.then(() => queue.end());
    void this.#process.exited.then(() => queue.limitWaiting(DRAIN_LIMIT_MS));
    yield* queue.chunks();
    this.#resolveFinished();
    if (!this.#hasLeft) await this.#process.exited;
  }
}

/** Iterates over a stream without destroying it at the end of the iteration. */
function keepOpen(stream: Readable): AsyncIterable<Buffer> {
  return stream.iterator({ destroyOnReturn: false });
}

async function pump(source: AsyncIterable<Buffer>, stream: OutputStream, queue: ChunkQueue): Promise<void> {
  try {
    for await (const data of source) {
      // Once nobody listens, whatever comes is let go, so that the process is not held up.
      await queue.put({ stream, data });
    }
  } catch {
    // A broken pipe is an end.
  }
}

/** Merges several sources; each waits until its chunk was taken, so that nothing piles up. */
class ChunkQueue {
  readonly #waiting: { readonly chunk: OutputChunk; readonly taken: () => void }[] = [];
  #isEnded = false;
  #patienceMs: number | undefined;
  #wake: () => void = () => {};

  put(chunk: OutputChunk): Promise<void> {
    if (this.#isEnded) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ chunk, taken: resolve });
      this.#wake();
    });
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** From now on the sources are waited for no longer than this, all waits together. What the consumer takes does not count. */
  limitWaiting(ms: number): void {
    this.#patienceMs = ms;
    this.#wake();
  }

  async *chunks(): AsyncGenerator<OutputChunk> {
    try {
      for (;;) {
        const next = this.#waiting.shift();
        if (next !== undefined) {
          yield next.chunk;
          next.taken();
          continue;
        }
        if (this.#isEnded) return;
        await this.#next();
      }
    } finally {
      this.#isEnded = true;
      for (const { taken } of this.#waiting.splice(0)) taken();
    }
  }

  async #next(): Promise<void> {
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.#patienceMs === undefined) {
      await woken;
      return;
    }
    const since = performance.now();
    const timer = setTimeout(() => this.end(), this.#patienceMs);
    await woken;
    clearTimeout(timer);
    this.#patienceMs = Math.max(0, this.#patienceMs - (performance.now() - since));
  }
}
