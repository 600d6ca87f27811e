import { followLog } from './log/log-follower.ts';
import { DetachScanner, parseDetachKeys } from './detach-keys.ts';
import type { AttachOptions, OutputChunk, StreamSession } from './container-service.ts';
import type { ContainerLog, LogPosition } from './log/container-log.ts';
import type { Run } from './run-table.ts';

/** What a session joins: one run of a container, going on or about to begin. */
export interface AttachTarget {
  readonly tty: boolean;
  readonly log: ContainerLog;
  readonly run: Run;
  /** Whether a client that leaves takes the process's input with it. */
  readonly stdinOnce: boolean;
}

/** A client's hold on a container's streams. See {@linkcode StreamSession}. */
export class AttachSession implements StreamSession {
  readonly tty: boolean;
  readonly output: AsyncIterable<OutputChunk>;
  readonly ended: Promise<'exited' | 'detached' | 'closed'>;
  readonly #target: AttachTarget;
  readonly #options: AttachOptions;
  readonly #scanner: DetachScanner;
  readonly #abort = new AbortController();
  #resolveEnded: (how: 'exited' | 'detached' | 'closed') => void = () => {};
  #hasEndedInput = false;

  constructor(target: AttachTarget, options: AttachOptions) {
    this.tty = target.tty;
    this.#target = target;
    this.#options = options;
    const detachKeys = parseDetachKeys(options.detachKeys);
    this.#scanner = new DetachScanner(target.tty ? detachKeys : Buffer.alloc(0));
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    // All there is, of earlier runs too, as Docker has it.
    this.output = this.#read(options.logs === true ? target.log.start() : target.log.end());
    // Held from the beginning: should the engine die before the client has said anything, that is the end of the input, too.
    if (options.stdin) void target.run.begun.then((input) => input?.open());
    const { signal } = this.#abort;
    options.signal?.addEventListener('abort', () => this.close(), { once: true, signal });
    target.run.ended.addEventListener('abort', () => this.#resolveEnded(target.run.result === undefined ? 'closed' : 'exited'), {
      once: true,
      signal,
    });
  }

  async write(data: Buffer): Promise<void> {
    if (!this.#options.stdin || this.#hasEndedInput || this.#abort.signal.aborted) return;
    const { passed, isDetach } = this.#scanner.scan(data);
    const input = await this.#target.run.begun;
    await input?.write(passed);
    if (isDetach) this.#leave('detached');
  }

  end(): void {
    if (!this.#options.stdin || this.#hasEndedInput) return;
    this.#hasEndedInput = true;
    void this.#target.run.begun.then((input) => input?.end());
  }

  close(): void {
    // A client that had the input and goes takes it along, as when its connection to Docker breaks.
    if (this.#target.stdinOnce) this.end();
    this.#leave('closed');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #leave(how: 'detached' | 'closed'): void {
    this.#resolveEnded(how);
    this.#abort.abort();
  }

  async *#read(from: LogPosition): AsyncGenerator<OutputChunk> {
    const { stdout, stderr, stream } = this.#options;
    if (!stdout && !stderr) {
      if (stream !== false) await this.ended;
      return;
    }
    const ended = stream === false ? AbortSignal.abort() : this.#target.run.ended;
    for await (const { chunks } of followLog({ log: this.#target.log, from, ended, mayJoinLines: true, signal: this.#abort.signal })) {
      for (const chunk of chunks) {
        if (chunk.stream === 'stdout' ? stdout : stderr) yield chunk;
      }
    }
  }
}
