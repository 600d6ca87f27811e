import { statSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { failpoint } from '../../base/failpoint.ts';
import { reopenLog } from '../../oci/index.ts';
import { prepareSegment, removeTemporaries, retireSegments } from './rotate-log.ts';
import type { Logger } from '../../base/logger.ts';
import type { ContainerLog } from './container-log.ts';
import type { LogLimits } from './log-plan.ts';

/** How often a log that grows is looked at: the sooner, the faster it fills. In milliseconds. */
const MIN_LOOK_MS = 20;
const MAX_LOOK_MS = 1000;
/** The first look whether the monitor has gone on to the next segment. */
const FIRST_REPLY_MS = 2;
const RETRY_MS = 1000;

/** What a rotator is told of a log. */
export interface RotationOptions {
  readonly containerId: string;
  readonly log: ContainerLog;
  readonly limits: LogLimits & { readonly maxBytes: number };
  /** Where the monitor's control fifo is. */
  readonly bundleDir: string;
  readonly logger: Logger;
}

/**
 * Keeps the log of one run within its limits.
 *
 * A log that nobody writes to costs nothing: the kernel tells of the next write. One that grows is looked at now and then,
 * which costs one system call. So it may grow beyond its limit by what is written between two looks.
 */
export class LogRotator implements AsyncDisposable {
  readonly #options: RotationOptions;
  readonly #ending = new AbortController();
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The segment that the monitor was told to leave. */
  #leaving: bigint | undefined;
  #replyMs = FIRST_REPLY_MS;
  #seen = { sizeBytes: -1, atMs: 0 };
  #retiring: Promise<void> = Promise.resolve();
  #isRetirementOwed = false;
  readonly #onReaderGone = (): void => {
    if (this.#isRetirementOwed) this.#retire();
  };

  constructor(options: RotationOptions) {
    this.#options = options;
    options.log.onReaderGone = this.#onReaderGone;
    this.#retiring = removeTemporaries(options.log).catch((error: unknown) => this.#report(error));
    // What an engine that died had begun.
    this.#retire();
    this.#look();
  }

  /** Lets go of the log; a compression in progress is given up. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    this.#watcher?.close();
    clearTimeout(this.#timer);
    // The next run's rotator may be there already.
    if (this.#options.log.onReaderGone === this.#onReaderGone) this.#options.log.onReaderGone = undefined;
    await this.#retiring;
  }

  #look(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    if (this.#ending.signal.aborted) return;
    try {
      this.#wait(this.#lookOnce());
    } catch (error) {
      this.#report(error);
      this.#wait(RETRY_MS);
    }
  }

  /** @returns Milliseconds until the next look; `undefined`: when somebody writes. */
  #lookOnce(): number | undefined {
    const { log, limits } = this.#options;
    const found = statSync(log.path, { bigint: true });
    if (this.#leaving !== undefined) {
      if (this.#leaving === found.ino) return (this.#replyMs = Math.min(this.#replyMs * 2, MAX_LOOK_MS));
      this.#leaving = undefined;
      this.#retire();
    }
    const sizeBytes = Number(found.size);
    if (sizeBytes >= limits.maxBytes) {
      this.#rotate(found.ino);
      return this.#replyMs;
    }
    const before = this.#seen;
    this.#seen = { sizeBytes, atMs: performance.now() };
    if (sizeBytes === before.sizeBytes) return undefined;
    if (sizeBytes < before.sizeBytes || before.sizeBytes === -1) return MIN_LOOK_MS;
    const msPerByte = (this.#seen.atMs - before.atMs) / (sizeBytes - before.sizeBytes);
    return Math.min(MAX_LOOK_MS, Math.max(MIN_LOOK_MS, (limits.maxBytes - sizeBytes) * msPerByte));
  }

  #wait(ms: number | undefined): void {
    if (ms !== undefined) {
      this.#timer = setTimeout(() => this.#look(), ms).unref();
      return;
    }
    const { path } = this.#options.log;
    this.#watcher = watch(path, { persistent: false }, () => this.#look()).on('error', () => this.#look());
    // What was written before the watch.
    if (statSync(path).size !== this.#seen.sizeBytes) this.#look();
  }

  #rotate(inode: bigint): void {
    prepareSegment(this.#options.log);
    this.#leaving = inode;
    this.#replyMs = FIRST_REPLY_MS;
    this.#seen = { sizeBytes: -1, atMs: 0 };
    reopenLog(this.#options.bundleDir);
    failpoint('log.rotate.requested');
  }

  #retire(): void {
    this.#retiring = this.#retireAfter(this.#retiring);
  }

  async #retireAfter(earlier: Promise<void>): Promise<void> {
    const { log, limits } = this.#options;
    const { signal } = this.#ending;
    await earlier;
    if (signal.aborted) return;
    try {
      this.#isRetirementOwed = await retireSegments(log, limits, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#report(error);
      this.#isRetirementOwed = true;
    }
  }

  #report(error: unknown): void {
    const { containerId, logger } = this.#options;
    logger.error('a log could not be rotated', { container: containerId, error });
  }
}
