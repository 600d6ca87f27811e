/**
 * The thread that packs and unpacks, so that the engine's own thread goes on answering.
 *
 * Jobs take turns between chunks of about half a MiB. Loaded as a worker by `archive-client.ts`, never imported.
 *
 * @module
 */
import { parentPort } from 'node:worker_threads';
import { PierError } from '../../base/errors.ts';
import { emptyDirectory } from './remove-tree.ts';
import { measureTree } from './measure-tree.ts';
import { packTree } from '../../tar/index.ts';
import { toPlainError } from './archive-protocol.ts';
import { copyIn, copyOut, statInView } from './copy-files.ts';
import { findChanges, unusedPlaceholders } from './layer-changes.ts';
import { unpackLayer } from './unpack-layer.ts';
import type { ArchiveRequest, ArchiveResponse } from './archive-protocol.ts';

/** What is removed at a time: some ten milliseconds of work. */
const ENTRIES_A_TURN = 1000;
/** The same while somebody waits for another job, which a disk that is busy would hold up for seconds. */
const ENTRIES_BETWEEN_OTHERS = 32;

/** How to reach a job that is running. */
interface RunningJob {
  readonly abort: AbortController;
  /** Chunks that may be sent. */
  credit: number;
  /** What was pushed and not yet read; `undefined` for the end. */
  readonly pushed: (Uint8Array<ArrayBuffer> | undefined)[];
  /** Called when a message for the job has come. */
  wake: () => void;
}

const running = new Map<number, RunningJob>();

parentPort?.on('message', (request: ArchiveRequest) => {
  const job = running.get(request.id);
  if (request.kind === 'start') void start(request);
  else if (job !== undefined) {
    if (request.kind === 'pull') job.credit++;
    else if (request.kind === 'push') job.pushed.push(request.bytes);
    else job.abort.abort(new PierError('Cancelled', 'Cannot finish archive: cancelled'));
    job.wake();
  }
});

async function start(request: ArchiveRequest & { kind: 'start' }): Promise<void> {
  const { id } = request;
  const job: RunningJob = { abort: new AbortController(), credit: 0, pushed: [], wake: () => {} };
  running.set(id, job);
  try {
    send({ kind: 'done', id, result: await run(request, job) });
  } catch (error) {
    send({ kind: 'failed', id, error: toPlainError(error) });
  } finally {
    running.delete(id);
  }
}

async function run(request: ArchiveRequest & { kind: 'start' }, job: RunningJob): Promise<unknown> {
  const { id } = request;
  switch (request.operation) {
    case 'unpack': {
      const onProgress = (readBytes: number): void => send({ kind: 'progress', id, readBytes });
      return unpackLayer(request.job, { signal: job.abort.signal, onProgress });
    }
    case 'measure':
      return measureTree(request.job.directory);
    case 'empty':
      while (!emptyDirectory(request.job.directory, running.size > 1 ? ENTRIES_BETWEEN_OTHERS : ENTRIES_A_TURN)) await othersTurn();
      break;
    case 'pack':
      await sendAll(id, packTree(request.job), job);
      break;
    case 'packLayer':
      await sendAll(id, packTree({ directory: request.job.upperDirectory, form: 'diff', skips: unusedPlaceholders(request.job) }), job);
      break;
    case 'changes':
      return findChanges(request.job);
    case 'stat':
      return statInView(request.job);
    case 'copyOut':
      await sendAll(
        id,
        copyOut(request.job, (stat) => send({ kind: 'found', id, stat })),
        job,
      );
      break;
    case 'copyIn':
      await copyIn(request.job, pushedTo(id, job), () => send({ kind: 'ready', id }));
      break;
  }
  return undefined;
}

/** Sends a chunk for each that was asked for, so that a slow reader holds nothing but its own job up. */
async function sendAll(id: number, chunks: Generator<Buffer<ArrayBuffer>>, job: RunningJob): Promise<void> {
  for (const bytes of chunks) {
    // oxlint-disable-next-line no-await-in-loop -- waiting is the point
    while (job.credit === 0 && !job.abort.signal.aborted) await awoken(job);
    job.abort.signal.throwIfAborted();
    job.credit--;
    send({ kind: 'chunk', id, bytes }, [bytes.buffer]);
    // oxlint-disable-next-line no-await-in-loop -- see above
    await othersTurn();
  }
}

// What was pushed to a job, each part acknowledged once the next is wanted.
async function* pushedTo(id: number, job: RunningJob): AsyncGenerator<Buffer> {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- waiting is the point
    while (job.pushed.length === 0 && !job.abort.signal.aborted) await awoken(job);
    job.abort.signal.throwIfAborted();
    const bytes = job.pushed.shift();
    if (bytes === undefined) return;
    yield Buffer.from(bytes.buffer);
    send({ kind: 'taken', id });
  }
}

async function awoken(job: RunningJob): Promise<void> {
  await new Promise<void>((resolve) => {
    job.wake = resolve;
  });
}

async function othersTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function send(response: ArchiveResponse, transfer: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(response, [...transfer]);
}
