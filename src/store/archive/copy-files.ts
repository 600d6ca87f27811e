import { readFileSync } from 'node:fs';
import { PierError, codeOfErrno, errnoOf } from '../../base/errors.ts';
import { isReadOnly, textOf } from '../../linux/index.ts';
import { TarReader, TreeWriter, packEntry } from '../../tar/index.ts';
import { decompress } from './decompress.ts';
import { openFileView } from './file-view.ts';
import { describePath, findPath, followPath, lastPart } from './view-path.ts';
import type { FileView } from './file-view.ts';
import type { FoundPath, PathStat } from './view-path.ts';

/** A path in a view. */
export interface ViewPathJob {
  readonly view: FileView;
  readonly path: string;
}

/** What to unpack where. */
export interface CopyInJob extends ViewPathJob {
  /** See `TreeWriterConfig`. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  readonly mayReplaceTypes: boolean;
}

/** Looks a path up. @throws {PierError} See {@linkcode findPath}. */
export function statInView({ view, path }: ViewPathJob): PathStat {
  using mounts = openFileView(view);
  using found = findPath(mounts.root, path);
  return describePath(mounts.root, found);
}

/**
 * Packs what a path leads to, by the path's last name.
 *
 * @param onFound Called before the first chunk.
 * @yields Chunks of the tar, each in memory of its own.
 * @throws {PierError} See {@linkcode findPath}.
 */
export function* copyOut({ view, path }: ViewPathJob, onFound: (stat: PathStat) => void): Generator<Buffer<ArrayBuffer>> {
  using mounts = openFileView(view);
  using found = findPath(mounts.root, path);
  const as = lastPart(found.path);
  if (found.stats.isDirectory()) {
    onFound(describePath(mounts.root, found));
    yield* packEntry({ dir: found.fd, name: '.', as });
    return;
  }
  using parent = followPath(mounts.root, textOf(found.path.slice(0, found.path.lastIndexOf('/') + 1)));
  onFound(describePath(mounts.root, found));
  yield* packEntry({ dir: parent.fd, name: as, as });
}

/**
 * Unpacks a tar, possibly compressed, into a directory.
 *
 * @param onReady Called once it is known that the directory is there and can be written to.
 * @throws {PierError} `NotFound`, reason `files.not-found`; `InvalidArgument`, reasons `files.unreachable`,
 * `files.not-a-directory`, `files.read-only-root`, `files.read-only-volume`, `archive.malformed`, and those of `TreeWriter`;
 * reason `files.write-failed`, facts `{ errno }`, for what the file system refuses.
 */
export async function copyIn(job: CopyInJob, content: AsyncIterable<Buffer>, onReady: () => void): Promise<void> {
  using mounts = openFileView(job.view);
  using found = followPath(mounts.root, job.path);
  requireWritable(mounts.root, found);
  onReady();
  using writer = new TreeWriter({ root: found.fd, owner: job.owner, mayReplaceTypes: job.mayReplaceTypes });
  const reader = new TarReader(writer);
  try {
    for await (const chunk of decompress(content)) reader.push(chunk);
    reader.finish();
    writer.finish();
  } catch (error) {
    throw asWriteError(error);
  }
}

function requireWritable(root: number, { fd, path, stats }: FoundPath): void {
  if (!stats.isDirectory()) {
    throw new PierError('InvalidArgument', `Cannot copy to "${path}": it is not a directory`, { reason: 'files.not-a-directory' });
  }
  if (!isReadOnly(`/proc/self/fd/${fd}`)) return;
  const isRoot = mountOf(fd) === mountOf(root);
  throw new PierError('InvalidArgument', `Cannot copy to "${path}": the ${isRoot ? 'root file system' : 'volume'} is read-only`, {
    reason: isRoot ? 'files.read-only-root' : 'files.read-only-volume',
  });
}

/** proc_pid_fdinfo(5). */
function mountOf(fd: number): string | undefined {
  return /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
}

function asWriteError(error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  return new PierError(codeOfErrno(errno), `Cannot write files: ${errno}`, {
    cause: error,
    reason: 'files.write-failed',
    facts: { errno },
  });
}
