import { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { PierError } from '../../base/errors.ts';
import { traceStep } from '../../base/trace.ts';
import { returnFreeMemory } from '../../linux/index.ts';
import { fromPlainError } from './archive-protocol.ts';
import type { ArchiveOperation, ArchiveOperations, ArchiveRequest, ArchiveResponse } from './archive-protocol.ts';
import type { PathStat } from './view-path.ts';

/** How long the worker is kept for the next job: starting one takes about 100 ms and 14 MB. */
const IDLE_MS = 5000;
/** Chunks on their way to a reader at a time. */
const CHUNKS_AHEAD = 2;

/** How a job is run. */
export interface ArchiveCallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((readBytes: number) => void) | undefined;
}

/** Who hears of a job. Exactly one of `done` and `failed` comes, last. */
export interface PendingJob {
  done(result: unknown): void;
  failed(error: unknown): void;
  progress?(readBytes: number): void;
  chunk?(bytes: Uint8Array): void;
  found?(stat: PathStat): void;
  ready?(): void;
  taken?(): void;
}

/** A job that goes on. */
export interface ArchiveJob {
  /** Asks for a chunk. */
  pull(): void;
  /** Hands over a part of what the job reads, memory included; `undefined` for the end. */
  push(bytes: Uint8Array<ArrayBuffer> | undefined): void;
  /** It fails with `Cancelled` then, unless it has ended. */
  cancel(): void;
}

/** One worker for the whole process, started by the first job. It does not keep the process alive, its jobs do. */
let worker: Worker | undefined;
let idleTimer: NodeJS.Timeout | undefined;
let lastId = 0;
const pending = new Map<number, PendingJob>();

/**
 * Runs a job in the archive worker.
 *
 * @throws {PierError} as the operation says; `signal.reason` once the worker has stopped, when that aborts.
 */
export async function runArchiveJob<O extends ArchiveOperation>(
  operation: O,
  job: ArchiveOperations[O]['job'],
  { signal, onProgress }: ArchiveCallOptions = {},
): Promise<ArchiveOperations[O]['result']> {
  signal?.throwIfAborted();
  let begun: ArchiveJob | undefined;
  const cancel = (): void => begun?.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await new Promise<ArchiveOperations[O]['result']>((resolve, reject) => {
      // The worker answers an operation with its own result.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
      const done = (result: unknown): void => resolve(result as ArchiveOperations[O]['result']);
      begun = beginArchiveJob(operation, job, { done, failed: reject, ...(onProgress && { progress: onProgress }) });
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

/**
 * Packs a directory as `docker export` does, in the archive worker. It may be a mounted tree in use.
 *
 * @param directory The tree's root.
 * @returns The tar. Reading it drives the packing; destroying it ends the packing. It fails with {@linkcode PierError}.
 */
export function packTree(directory: string): Readable {
  return streamArchiveJob('pack', { directory, form: 'tree' });
}

/** Ends the worker now instead of in a few seconds, unless it has work. */
export async function releaseArchiveWorker(): Promise<void> {
  if (pending.size > 0 || worker === undefined) return;
  const ended = worker;
  worker = undefined;
  clearTimeout(idleTimer);
  await ended.terminate();
  // Its buffers and its heap were most of what the process had grown by.
  returnFreeMemory();
}

/**
 * Runs a job that gives chunks. Reading the stream drives it; destroying the stream ends it.
 *
 * @param onFound See {@linkcode PendingJob}. A job that is to be heard of before it is read must be begun by `read(0)`.
 */
export function streamArchiveJob<O extends 'copyOut' | 'pack' | 'packLayer'>(
  operation: O,
  job: ArchiveOperations[O]['job'],
  onFound?: (stat: PathStat) => void,
): Readable {
  let begun: ArchiveJob | undefined;
  const stream = new Readable({
    highWaterMark: 1024 * 1024,
    read() {
      if (begun !== undefined) {
        begun.pull();
        return;
      }
      begun = beginArchiveJob(operation, job, {
        done: () => stream.push(null),
        failed: (error) => stream.destroy(error instanceof Error ? error : new PierError('Internal', String(error))),
        chunk: (bytes) => stream.push(bytes),
        ...(onFound && { found: onFound }),
      });
      for (let i = 0; i < CHUNKS_AHEAD; i++) begun.pull();
    },
    destroy(error, callback) {
      begun?.cancel();
      callback(error);
    },
  });
  return stream;
}

/** Begins a job in the archive worker. */
export function beginArchiveJob<O extends ArchiveOperation>(
  operation: O,
  job: ArchiveOperations[O]['job'],
  handlers: PendingJob,
): ArchiveJob {
  const id = ++lastId;
  clearTimeout(idleTimer);
  worker ??= startWorker();
  worker.ref();
  pending.set(id, handlers);
  traceStep('archive', () => ({ operation, ...placesOf(job) }));
  // A union over operations cannot be built from a generic one.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  post({ kind: 'start', id, operation, job } as ArchiveRequest);
  return {
    pull: () => post({ kind: 'pull', id }),
    push: (bytes) => post({ kind: 'push', id, bytes }, bytes === undefined ? [] : [bytes.buffer]),
    cancel: () => {
      if (pending.has(id)) post({ kind: 'cancel', id });
    },
  };
}

/** What of a job says where it works. */
function placesOf(job: ArchiveOperations[ArchiveOperation]['job']): Readonly<Record<string, unknown>> {
  if ('view' in job) return { path: job.path, pid: job.view.process?.pid };
  return { directory: 'upperDirectory' in job ? job.upperDirectory : job.directory };
}

function post(request: ArchiveRequest, transfer: readonly ArrayBuffer[] = []): void {
  worker?.postMessage(request, [...transfer]);
}

function startWorker(): Worker {
  // Run from source the files end in .ts, from dist/ in .js; the compiler rewrites imports but no URLs.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const started = new Worker(new URL(`./archive-worker.${extension}`, import.meta.url), {
    name: 'pier-archive',
    // The process's own may be for its main script only, such as --input-type.
    execArgv: [],
    // Most of its descriptors are opened by system calls that Node knows nothing of.
    trackUnmanagedFds: false,
  });
  started.on('message', receive);
  started.on('error', (error) => failAll(started, error));
  started.on('exit', (code) => failAll(started, new PierError('Internal', `Cannot finish archive: its thread ended with code ${code}`)));
  return started;
}

function receive(response: ArchiveResponse): void {
  const job = pending.get(response.id);
  if (job === undefined) return;
  if (response.kind === 'progress') job.progress?.(response.readBytes);
  else if (response.kind === 'chunk') job.chunk?.(response.bytes);
  else if (response.kind === 'found') job.found?.(response.stat);
  else if (response.kind === 'ready') job.ready?.();
  else if (response.kind === 'taken') job.taken?.();
  else {
    pending.delete(response.id);
    if (pending.size === 0) restWorker();
    if (response.kind === 'done') job.done(response.result);
    else job.failed(fromPlainError(response.error));
  }
}

function restWorker(): void {
  worker?.unref();
  idleTimer = setTimeout(() => void releaseArchiveWorker(), IDLE_MS).unref();
}

function failAll(ended: Worker, error: Error): void {
  if (worker !== ended) return;
  worker = undefined;
  const jobs = [...pending.values()];
  pending.clear();
  for (const job of jobs) job.failed(error);
}
