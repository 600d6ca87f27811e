import { closeSync, lstatSync, openSync, readdirSync } from 'node:fs';
import { PierError, isErrno } from '../../base/errors.ts';
import { openDirectoryAt, pathAt } from '../../linux/index.ts';
import type { LayerUsage } from '../layer-store.ts';

/** `st_blocks` counts these, whatever the file system's own block size. stat(2). */
const STAT_BLOCK_BYTES = 512;
/** One descriptor a level is held; nothing sound is nested so deep. */
const DEPTH_LIMIT = 1000;

interface Count {
  contentBytes: number;
  allocatedBytes: number;
  inodeCount: number;
  readonly linked: Set<string>;
}

/**
 * Counts what a tree occupies, its root included. The tree may change meanwhile, and hold names of any bytes and depth.
 *
 * @throws {PierError} `ResourceExhausted` if it is nested deeper than a thousand levels.
 */
export function measureTree(directory: string): LayerUsage {
  const count: Count = { contentBytes: 0, allocatedBytes: 0, inodeCount: 0, linked: new Set() };
  const fd = openSync(directory, 'r');
  try {
    countEntry(fd, '.', count);
    countEntries(fd, 1, count);
  } finally {
    closeSync(fd);
  }
  return { contentBytes: count.contentBytes, allocatedBytes: count.allocatedBytes, inodeCount: count.inodeCount };
}

function countEntries(dir: number, depth: number, count: Count): void {
  if (depth > DEPTH_LIMIT) throw new PierError('ResourceExhausted', `Cannot measure tree: it is nested deeper than ${DEPTH_LIMIT} levels`);
  for (const name of readdirSync(pathAt(dir), 'latin1')) {
    try {
      if (countEntry(dir, name, count)) countDirectory(dir, name, depth, count);
    } catch (error) {
      // Gone or replaced since the directory was read.
      if (!isErrno(error, 'ENOENT') && !isErrno(error, 'ENOTDIR')) throw error;
    }
  }
}

function countDirectory(dir: number, name: string, depth: number, count: Count): void {
  const fd = openDirectoryAt(dir, name);
  try {
    countEntries(fd, depth + 1, count);
  } finally {
    closeSync(fd);
  }
}

/** @returns whether it is a directory. */
function countEntry(dir: number, name: string, count: Count): boolean {
  const stats = lstatSync(pathAt(dir, name));
  const isDirectory = stats.isDirectory();
  if (!isDirectory && stats.nlink > 1) {
    const key = `${stats.dev}:${stats.ino}`;
    if (count.linked.has(key)) return false;
    count.linked.add(key);
  }
  if (!isDirectory) count.contentBytes += stats.size;
  count.allocatedBytes += stats.blocks * STAT_BLOCK_BYTES;
  count.inodeCount++;
  return isDirectory;
}
