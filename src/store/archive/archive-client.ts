import { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { PierError } from '../../base/errors.ts';
import { returnFreeMemory } from '../../linux/index.ts';
import { fromPlainError } from './archive-protocol.ts';
import type { ArchiveOperation, ArchiveOperations, ArchiveRequest, ArchiveResponse } from './archive-protocol.ts';
import type { PackJob } from '../../tar/index.ts';

/** How long the worker is kept for the next job: starting one takes about 100 ms and 14 MB. */
const IDLE_MS = 5000;
/** Chunks on their way to a reader at a time. */
const CHUNKS_AHEAD = 2;

/** How a job is run. */
export interface ArchiveCallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((readBytes: number) => void) | undefined;
}

interface PendingJob {
  done(result: unknown): void;
  failed(error: unknown): void;
  progress?(readBytes: number): void;
  chunk?(bytes: Uint8Array): void;
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
  const id = ++lastId;
  const cancel = (): void => post({ kind: 'cancel', id });
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await new Promise<ArchiveOperations[O]['result']>((resolve, reject) => {
      // The worker answers an operation with its own result.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
      const done = (result: unknown): void => resolve(result as ArchiveOperations[O]['result']);
      begin(id, operation, job, { done, failed: reject, ...(onProgress && { progress: onProgress }) });
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
  return packStream({ directory, form: 'tree' });
}

/**
 * Packs a writable layer's upper directory as an OCI layer: what overlayfs marks as hidden becomes whiteout files.
 *
 * @param upperDirectory See {@linkcode WritableLayer.upperDir}.
 * @returns See {@linkcode packTree}.
 */
export function packDiff(upperDirectory: string): Readable {
  return packStream({ directory: upperDirectory, form: 'diff' });
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

function packStream(job: PackJob): Readable {
  const id = ++lastId;
  let isStarted = false;
  const stream = new Readable({
    highWaterMark: 1024 * 1024,
    read() {
      if (isStarted) {
        post({ kind: 'pull', id });
        return;
      }
      isStarted = true;
      begin(id, 'pack', job, {
        done: () => stream.push(null),
        failed: (error) => stream.destroy(error instanceof Error ? error : new PierError('Internal', String(error))),
        chunk: (bytes) => stream.push(bytes),
      });
      for (let i = 0; i < CHUNKS_AHEAD; i++) post({ kind: 'pull', id });
    },
    destroy(error, callback) {
      if (pending.has(id)) post({ kind: 'cancel', id });
      callback(error);
    },
  });
  return stream;
}

function begin<O extends ArchiveOperation>(id: number, operation: O, job: ArchiveOperations[O]['job'], handlers: PendingJob): void {
  clearTimeout(idleTimer);
  worker ??= startWorker();
  worker.ref();
  pending.set(id, handlers);
  // A union over operations cannot be built from a generic one.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  post({ kind: 'start', id, operation, job } as ArchiveRequest);
}

function post(request: ArchiveRequest): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread is no window
  worker?.postMessage(request);
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
