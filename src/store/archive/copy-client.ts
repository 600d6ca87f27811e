import type { Readable } from 'node:stream';
import { beginArchiveJob, runArchiveJob, streamArchiveJob } from './archive-client.ts';
import type { ArchiveJob } from './archive-client.ts';
import type { CopyInJob, ViewPathJob } from './copy-files.ts';
import type { PathStat } from './view-path.ts';

/** Small parts are joined: each costs a message. */
const PART_BYTES = 512 * 1024;
/** Parts on their way to the worker at a time. */
const PARTS_AHEAD = 8;

/** Looks a path up in a view. @throws {PierError} See `findPath`. */
export async function statPath(job: ViewPathJob): Promise<PathStat> {
  return runArchiveJob('stat', job);
}

/**
 * Packs what a path in a view leads to.
 *
 * @returns What was found, and its tar. The view stays open until the tar is read or destroyed.
 * @throws {PierError} See `copyOut`.
 */
export async function packPath(job: ViewPathJob): Promise<{ readonly stat: PathStat; readonly tar: Readable }> {
  const found = Promise.withResolvers<PathStat>();
  const tar = streamArchiveJob('copyOut', job, found.resolve);
  const fail = (error: Error): void => found.reject(error);
  tar.once('error', fail);
  tar.read(0);
  const stat = await found.promise;
  tar.off('error', fail);
  return { stat, tar };
}

/** How {@linkcode unpackInto} runs. */
export interface UnpackIntoOptions {
  readonly signal?: AbortSignal;
  /** Called once the view is open and its directory is known to be good. */
  readonly onReady?: () => void;
}

/**
 * Unpacks a tar into a directory of a view.
 *
 * @param content Read only once the directory is known to be good; left where it is on failure.
 * @throws {PierError} See `copyIn`; `signal.reason` when that aborts, and whatever `content` fails with.
 */
export async function unpackInto(
  job: CopyInJob,
  content: AsyncIterable<Uint8Array>,
  { signal, onReady }: UnpackIntoOptions = {},
): Promise<void> {
  signal?.throwIfAborted();
  const feed = new Feed();
  const ended = Promise.withResolvers<undefined>();
  const begun = beginArchiveJob('copyIn', job, {
    done: () => ended.resolve(undefined),
    failed: (error) => {
      feed.close();
      ended.reject(error);
    },
    ready: () => {
      feed.open();
      onReady?.();
    },
    taken: () => feed.taken(),
  });
  const cancel = (): void => begun.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  let failure: unknown;
  const fed = feed.pump(content, begun).catch((error: unknown) => {
    failure = error;
    begun.cancel();
  });
  try {
    await ended.promise;
  } catch (error) {
    signal?.throwIfAborted();
    throw failure ?? error;
  } finally {
    signal?.removeEventListener('abort', cancel);
    feed.close();
    // Whoever does not send on is not waited for.
    void fed;
  }
}

/** Hands content to a job at the job's pace. */
class Feed {
  #isOpen = false;
  #isClosed = false;
  #ahead = 0;
  #wake: () => void = () => {};

  open(): void {
    this.#isOpen = true;
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  taken(): void {
    this.#ahead--;
    this.#wake();
  }

  async pump(content: AsyncIterable<Uint8Array>, job: ArchiveJob): Promise<void> {
    await this.#until(() => this.#isOpen);
    let parts: Uint8Array[] = [];
    let size = 0;
    if (!this.#isClosed) {
      for await (const part of content) {
        parts.push(part);
        size += part.length;
        if (size < PART_BYTES) continue;
        await this.#push(parts, job);
        parts = [];
        size = 0;
        if (this.#isClosed) return;
      }
    }
    if (this.#isClosed) return;
    if (size > 0) await this.#push(parts, job);
    job.push(undefined);
  }

  async #push(parts: readonly Uint8Array[], job: ArchiveJob): Promise<void> {
    await this.#until(() => this.#ahead < PARTS_AHEAD);
    if (this.#isClosed) return;
    this.#ahead++;
    // Memory of its own, which can be given away: a connection's buffers are shared.
    job.push(joined(parts));
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition() && !this.#isClosed) {
      // oxlint-disable-next-line no-await-in-loop -- waiting is the point
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
