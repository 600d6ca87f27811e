/**
 * The steps of a rotation. The monitor, told to reopen its log at `ctr.log`, opens `ctr.log.tmp` and renames it to
 * `ctr.log`, in place of what is there: so both the segment that it leaves and the one that it goes on with get names of
 * their own first.
 *
 * ```
 * 1. ctr.log.N    linked to what it writes to       2. ctr.log.N+1  made, and linked to ctr.log.tmp
 * 3. "reopen" sent; the monitor renames             4. older segments retired and compressed
 * ```
 *
 * A crash between any two leaves a log that can be read in order, and every step can be done again. Only the message
 * cannot be unsent: should it go out twice, the monitor makes a segment of its own the second time, and the one before
 * keeps its name.
 *
 * @module
 */
import { closeSync, createReadStream, createWriteStream, linkSync, openSync, rmSync, statSync } from 'node:fs';
import { readdir, rename, rm, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { failpoint } from '../../base/failpoint.ts';
import type { ContainerLog, LogSegment } from './container-log.ts';
import type { LogLimits } from './log-plan.ts';

/** More than a log may keep stays, up to this, while somebody has not read it yet. */
const UNREAD_BYTES = 64 * 1024 * 1024;
const FILE_MODE = 0o640;

/** Steps 1 and 2. */
export function prepareSegment(log: ContainerLog): void {
  const segments = log.segments();
  const current = segments.find(({ isCurrent }) => isCurrent);
  if (current === undefined) return;
  if (current.path === log.path) linkSync(log.path, nameOf(log, current.sequence));
  failpoint('log.rotate.named');
  const next = nameOf(log, Math.max(...segments.map(({ sequence }) => sequence)) + 1);
  const prepared = statSync(temporaryOf(log), { bigint: true, throwIfNoEntry: false });
  if (prepared !== undefined) {
    // Of an attempt before this one.
    if (segments.some(({ inode, sequence }) => inode === prepared.ino && sequence > current.sequence)) return;
    rmSync(temporaryOf(log));
  }
  closeSync(openSync(next, 'a', FILE_MODE));
  linkSync(next, temporaryOf(log));
  failpoint('log.rotate.prepared');
}

/**
 * Step 4: takes away the oldest segments, and compresses those that stay.
 *
 * @returns Whether some stay only because they are being read.
 */
export async function retireSegments(log: ContainerLog, limits: LogLimits, signal: AbortSignal): Promise<boolean> {
  const segments = log.segments();
  const current = segments.find(({ isCurrent }) => isCurrent);
  const older = segments.filter(({ sequence }) => sequence < (current?.sequence ?? 0));
  const surplus = older.splice(0, Math.max(0, older.length - limits.maxFiles + 1));
  const isOwed = await removeRead(log, surplus);
  if (!limits.compress) return isOwed;
  for (const segment of older) {
    if (signal.aborted) return isOwed;
    if (!segment.isCompressed) await compress(segment, signal);
  }
  return isOwed;
}

async function removeRead(log: ContainerLog, surplus: readonly LogSegment[]): Promise<boolean> {
  const oldestRead = log.oldestRead();
  let unreadBytes = 0;
  for (const { sequence, path, sizeBytes } of surplus.toReversed()) {
    if (sequence >= oldestRead) unreadBytes += sizeBytes;
    if (sequence >= oldestRead && unreadBytes <= UNREAD_BYTES) continue;
    // Both forms, where a crash left both.
    await rm(path, { force: true });
    await rm(`${path}.gz`, { force: true });
  }
  failpoint('log.retire.removed');
  return unreadBytes > 0;
}

async function compress({ path, modifiedMs }: LogSegment, signal: AbortSignal): Promise<void> {
  const temporary = `${path}.gz.tmp`;
  const target = createWriteStream(temporary, { mode: FILE_MODE, flush: true });
  await pipeline(createReadStream(path), createGzip(), target, { signal });
  // Whether something was written since a time is told by it.
  await utimes(temporary, modifiedMs / 1000, modifiedMs / 1000);
  failpoint('log.compress.written');
  await rename(temporary, `${path}.gz`);
  failpoint('log.compress.renamed');
  await rm(path);
}

/** Removes what an engine that died was writing; not what it had made for the monitor. */
export async function removeTemporaries(log: ContainerLog): Promise<void> {
  const directory = dirname(log.path);
  const prefix = `${basename(log.path)}.`;
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (name.startsWith(prefix) && name.endsWith('.tmp') && path !== temporaryOf(log)) await rm(path, { force: true });
  }
}

function nameOf(log: ContainerLog, sequence: number): string {
  return `${log.path}.${sequence}`;
}

function temporaryOf(log: ContainerLog): string {
  return `${log.path}.tmp`;
}
